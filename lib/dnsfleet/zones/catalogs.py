"""The records of a catalog zone (RFC 9432): one list of zones, for secondaries that read it.

    @                     SOA, NS invalid.
    version               TXT "2"
    LABEL.zones           PTR the origin of a member
    group.LABEL.zones     TXT its group, where it has one

The label of a member is its identity to a consumer, which gives up what it has of a zone when
another label lists it (section 5.4). So it is made once, when the zone comes into the catalog, and
is kept as long as the zone is published.

A catalog is changed in time for what changes. The engine shares what is equal between two versions
of a zone, so two small zones that have only the members in question give the delta for the large
one.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from dnsfleet_engine import Zone, ZoneBuilder

from dnsfleet import names, resources

VERSION = "2"
"""Of the schema (RFC 9432 section 4.2.1)."""
TTL = 0
"""Seconds; nothing caches these records (RFC 9432 section 4)."""
APEX_RRSETS = 3
"""SOA, NS and version: a catalog with only these lists nothing."""
LABEL_DIGITS = 32
"""Hexadecimal digits of a member's label: 128 bits, so that two members never share one."""
_NOBODY = "invalid."


class Member(NamedTuple):
    """How a catalog lists one zone."""

    label: str
    """Unique in the catalog, and the same as long as the zone is the same."""
    group: str = ""
    """Empty for none."""


Members = Mapping[str, Member]
"""By origin."""


def label(origin: str, birth: str) -> str:
    """The label of a zone; `birth` differs for a zone that was removed and made anew."""
    return hashlib.sha256(f"{origin}\0{birth}".encode()).hexdigest()[:LABEL_DIGITS]


def build(catalog: resources.Zone, members: Members) -> Zone:
    """The catalog that a Zone asks for, with these members. The serial is 0: publishing sets it.

    ValueError where the origin is too long for the names of members, or `invalid.` is below it.
    """
    builder, where = ZoneBuilder(catalog.origin), f"{catalog.reference}: spec.source.catalog"
    soa = catalog.spec.soa or resources.Soa()
    rname = _NOBODY if soa.rname is None else names.normalise(soa.rname)
    timers = f"{soa.refresh} {soa.retry} {soa.expire} {soa.minimum}"
    builder.add_record("@", "SOA", TTL, f"{_NOBODY} {rname} 0 {timers}", where)
    builder.add_record("@", "NS", TTL, _NOBODY, where)
    builder.add_record("version", "TXT", TTL, f'"{VERSION}"', where)
    for origin, member in members.items():
        builder.add_record(f"{member.label}.zones", "PTR", TTL, origin, where)
        if member.group:
            builder.add_record(
                f"group.{member.label}.zones", "TXT", TTL, f'"{member.group}"', where
            )
    zone, found = builder.finish()
    if zone is None:
        raise ValueError("; ".join(message for _, message, _, _ in found))
    return zone


def changed(zone: Zone, catalog: resources.Zone, gone: Members, new: Members) -> Zone:
    """`zone`, the catalog, without the members `gone` and with `new`; those of both have `new`.

    It takes time for these members alone.
    """
    return zone.apply(build(catalog, gone).diff(build(catalog, new)).payload)


def members(zone: Zone) -> dict[str, Member]:
    """What a catalog lists; it goes through the whole zone."""
    listed: dict[str, str] = {}
    groups: dict[str, str] = {}
    for line in zone.to_text().splitlines():
        owner, _, rtype, data = line.split(" ", 3)
        own = owner.removesuffix(f".zones.{zone.origin}")
        if own == owner:
            continue
        if rtype == "PTR":
            listed[own] = data
        elif rtype == "TXT" and own.startswith("group."):
            groups[own.removeprefix("group.")] = data.strip('"')
    return {origin: Member(own, groups.get(own, "")) for own, origin in listed.items()}


def is_catalog(zone: Zone) -> bool:
    """Whether this may be the content of a catalog, made here or by others."""
    servers = zone.get(zone.origin, "NS")
    version = zone.get(f"version.{zone.origin}", "TXT")
    return servers is not None and servers[1] == [_NOBODY] and version is not None


def removed(lines: Iterable[str]) -> dict[str, int]:
    """The origins that a change of a catalog lists no more, and how many RRsets go with each.

    `lines` are those of its delta.
    """
    gone = [line.split(" ", 4)[1:] for line in lines if line.startswith("- ")]
    groups = {owner for owner, _, rtype, _ in gone if rtype == "TXT"}
    return {
        data: 1 + (f"group.{owner}" in groups) for owner, _, rtype, data in gone if rtype == "PTR"
    }
