"""What the status of a Zone says of its secondaries."""

from typing import Annotated

from pydantic import Field

from dnsfleet.resources.base import Tolerant

MAX_SECONDARIES = 16
"""Named in a status: its size must not grow with the TsigKeys."""


class SecondaryStatus(Tolerant):
    """How one secondary stands with the zone."""

    address: str
    port: int
    state: str
    """Current, Behind, Ahead, Failing, Silent or Unknown."""
    serial: int | None = None
    """That it showed last; it may be a minute old."""
    since: str | None = None
    """Since when it is in this state, RFC 3339."""
    message: str = ""
    """What it answers where that is no serial."""


class SecondariesStatus(Tolerant):
    """How the secondaries stand that TsigKeys name for it; Propagated does not wait for them."""

    count: int
    """All of them."""
    current: int
    """Those that have the newest serial, or had it less than a minute ago."""
    text: str
    """`current/count`, for the table of kubectl."""
    servers: Annotated[
        tuple[SecondaryStatus, ...], Field(strict=False, max_length=MAX_SECONDARIES)
    ] = ()
    """At most sixteen, those that are not Current first."""
