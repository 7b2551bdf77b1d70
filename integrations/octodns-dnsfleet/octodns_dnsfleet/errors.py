"""What this provider raises, beside octoDNS's own SupportsException."""

from octodns.provider import ProviderException  # type: ignore[import-untyped]


class DnsfleetError(ProviderException):  # type: ignore[misc]
    """The cluster cannot be asked, refuses, or has what this provider does not understand."""


class ChangedSincePlanError(DnsfleetError):
    """What a plan was made of is there no more; a new run makes a new plan."""
