"""What an answer from a zone says of a name: it is there, an alias, missing, or not for this zone.

It follows RFC 1034 section 4.3.2: zone cuts and DNAMEs above a name decide before what is at it. A
wildcard stands for what does not exist below the closest encloser (RFC 4592 section 3.3.1).
"""

from enum import Enum, auto

from dnsfleet_engine import Zone

from dnsfleet import names


class Standing(Enum):
    """What a zone says of a name."""

    THERE = auto()
    ALIAS = auto()
    """A CNAME is the answer, or a DNAME makes one."""
    MISSING = auto()
    ELSEWHERE = auto()
    """Outside the zone, or at or below a zone cut."""


def standing(zone: Zone, name: str) -> Standing:
    """What the answers of `zone` say of `name`, which is absolute and lower case."""
    if not is_inside(name, zone.origin):
        return Standing.ELSEWHERE
    if zone.has_name(name):
        return Standing.ALIAS if _has(zone, name, "CNAME") else Standing.THERE
    above = [each for each in names.ancestors(name) if is_inside(each, zone.origin)]
    for ancestor in reversed(above):
        if ancestor != zone.origin and _has(zone, ancestor, "NS"):
            return Standing.ELSEWHERE
        if _has(zone, ancestor, "DNAME"):
            return Standing.ALIAS
    closest = next(each for each in above if zone.has_name(each))
    wildcard = f"*.{closest}" if closest != names.ROOT else "*."
    if not zone.has_name(wildcard):
        return Standing.MISSING
    return Standing.ALIAS if _has(zone, wildcard, "CNAME") else Standing.THERE


def is_inside(name: str, origin: str) -> bool:
    """Whether a name is the origin or below it; both absolute and lower case."""
    if "\\" in name:  # a dot may be part of a label
        return names.is_at_or_below(name, origin)
    return name == origin or origin == names.ROOT or name.endswith(f".{origin}")


def _has(zone: Zone, owner: str, rtype: str) -> bool:
    return zone.rdata_size(owner, rtype) > 0
