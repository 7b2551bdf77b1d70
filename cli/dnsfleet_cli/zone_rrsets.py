"""The RRsets of a zone as lines of text have them, and as records of an object."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from dnsfleet import names
from dnsfleet_engine import Zone


class RRset(NamedTuple):
    """One RRset; owner and names in its data are absolute."""

    owner: str
    ttl: int
    rtype: str
    data: list[str]

    @property
    def text(self) -> str:
        """Its lines in a master file."""
        return "".join(f"{self.owner} {self.ttl} {self.rtype} {each}\n" for each in self.data)


def of(zone: Zone) -> Iterator[RRset]:
    """The RRsets in canonical order, from the one text form that the engine gives."""
    current: RRset | None = None
    for line in zone.to_text().splitlines():
        owner, ttl, rtype, data = line.split(" ", 3)
        if current is not None and (current.owner, current.rtype) == (owner, rtype):
            current.data.append(data)
            continue
        if current is not None:
            yield current
        current = RRset(owner, int(ttl), rtype, [data])
    if current is not None:
        yield current


def record(rrset: RRset, origin: str, default_ttl: int | None) -> dict[str, Any]:
    """The entry of `spec.records`; without a TTL where it is the default one."""
    return {
        "name": names.relative(rrset.owner, origin),
        "type": rrset.rtype,
        **({} if rrset.ttl == default_ttl else {"ttl": rrset.ttl}),
        "data": rrset.data,
    }
