"""The writer's clock, compared with others before a fence is taken from it. Pure.

A fence is a time in seconds, so that a writer that finds an empty core is above all that edges may
have. A clock that is years ahead makes a fence that no right clock passes for years; edges that are
heard prove it and the writer goes above, but it is better not to begin. One wrong clock must not
stop a writer either: it is the writer's own that is refused, and only where two others agree.
"""

from collections.abc import Sequence

from dnsfleet_publisher.store_errors import StoreError

MOST_SECONDS = 300.0
"""As Kerberos allows (RFC 4120): more than any clock that somebody sets drifts."""
WITNESSES = 2
"""Other clocks that must disagree with ours."""


class ClockError(StoreError):
    """Our clock is wrong as far as others can tell; no fence is taken from it."""


def check(own: float, others: Sequence[float]) -> None:
    """ClockError where all of `others`, Unix times in seconds, are far from ours.

    With fewer than WITNESSES nobody can tell who is wrong.
    """
    apart = [own - other for other in others]
    if len(apart) < WITNESSES or any(abs(each) <= MOST_SECONDS for each in apart):
        return
    least = min(apart, key=abs)
    raise ClockError(
        f"the clock of this machine is {abs(least):.0f} s {'ahead' if least > 0 else 'behind'}: "
        "set it right, or start with DNSFLEET_TRUST_CLOCK=true if the others are wrong"
    )
