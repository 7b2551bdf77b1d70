"""How the fleet stands with the primaries of one zone. Pure.

    Pending      nothing came yet, and nothing failed
    Current      a primary said not long ago that this is its newest version
    Retrying     none says so now; what came before is served
    Expired      none has said so for the expire of the SOA; it is served all the same

A secondary that is asked for an expired zone answers SERVFAIL (RFC 1035 section 4.3.5). Edges go
on with it: an old answer is better than none, and whoever runs the fleet is told.
"""

from dataclasses import dataclass
from typing import Literal

Reason = Literal["Pending", "Current", "Retrying", "Expired"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one zone; times are Unix times in seconds."""

    reason: Reason = "Pending"
    message: str = ""
    """Which primaries fail, and why; it can be there beside Current as well."""
    serial: int | None = None
    """Of the primary that answered last."""
    primary: str = ""
    """That one: ADDRESS:PORT."""
    refreshed: float | None = None
    """When it answered."""
    due: float | None = None
    """When one is asked again."""
    expires: float | None = None
    """When the zone expires, unless a primary answers before; it stays where it did."""

    @property
    def differs_by(self) -> tuple[object, ...]:
        """What somebody should hear of at once; times change with each refresh."""
        return self.reason, self.message, self.serial, self.primary
