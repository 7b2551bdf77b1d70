"""Zones from their sources: master files, Zone objects and the RecordSets that were admitted.

All sources end in the engine's `ZoneBuilder`, so that one parser and one set of checks decide for
`dnsfleet up`, `serve`, `zone lint` and the operator. `master_files` reads master files; here the
records of Zone objects and RecordSets are added.

RecordSets must not harm each other or the zone: first all are added at once, which is the usual
case and costs the least. When that zone breaks a rule, the older half is added, then the other one,
and a half that breaks it is halved again, until what breaks it stands alone and is left out with
its violations. All rules are such that what breaks none breaks none in parts. So it comes to what
adding one by one in order of age would, for some builds by what is bad and not one for each that is
good, and never depends on which of two records a check happens to name. The RRsets of a dynamic
RecordSet take part one by one (see `claimants`).

What is well-formed and mostly a mistake is looked for at the end, in the zone that came of it all
(see `checking`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from dnsfleet_engine import Zone, ZoneBuilder

from dnsfleet import names, resources, rrtypes
from dnsfleet.resources import Record, RecordSet
from dnsfleet.violations import Violation
from dnsfleet.zones import claimants, sharing
from dnsfleet.zones.checking import checks, ignoring, written
from dnsfleet.zones.checking.written import TARGET_FIELDS, Written
from dnsfleet.zones.claimants import Claimant
from dnsfleet.zones.master_files import Built, Include, Progress, add_file, finish
from dnsfleet.zones.sharing import RRsetKey

NONE_SHARED: Mapping[RRsetKey, int] = MappingProxyType({})
"""TTLs where no RRset has several owners."""


class FromFile(NamedTuple):
    """What a zone file gave."""

    zone: Zone | None
    """None after an error."""
    violations: list[Violation]
    doubtful: tuple[Written, ...] = ()
    """Its records that `from_resources` is to look at again, with those of RecordSets."""


def from_zone_file(
    zone: resources.Zone,
    text: bytes,
    name: str,
    include: Include | None = None,
    progress: Progress | None = None,
    count: Callable[[ZoneBuilder], None] | None = None,
) -> FromFile:
    """The zone of a Zone's `zoneFile`, with the SOA and NS of its spec where the file has none.

    Places are `NAME:LINE`. For a text inside the object take `REFERENCE: spec.zoneFile.inline`
    as name: `documents.place` turns that into the line of its document. `count` is called when the
    builder has the records of the file, and no others.
    """
    builder = ZoneBuilder(zone.origin)
    found = add_file(builder, text, name, include, progress)
    if count is not None:
        count(builder)
    _add_apex(builder, zone)
    records = written.of(builder)
    built, found = finish(builder, found)
    found = [_explain_second_soa(violation, zone) for violation in found]
    if built is None:
        return FromFile(None, found)
    keeps_serial = built.signed or zone.spec.transfer is not None
    if not keeps_serial and built.get(built.origin, "ZONEMD") is not None:
        found.append(_lost_digest(built, name))
    conflict = _other_name_servers(built, zone) or _soa_beside_signatures(built, zone)
    if conflict is not None:
        return FromFile(None, [*found, conflict])
    return FromFile(built, found, checks.doubtful(built, records))


class Joined(NamedTuple):
    """A zone, and what claimants made of it."""

    zone: Zone | None
    """None after an error in the Zone."""
    violations: list[Violation]
    claimants: tuple[Claimant, ...] = ()
    """Those that are in the zone."""


def from_resources(
    zone: resources.Zone,
    record_sets: Sequence[RecordSet],
    base: Zone | None,
    doubtful: Iterable[Written] = (),
) -> Built:
    """The zone of a Zone object and the RecordSets that may add to it.

    `base` is the zone of its `zoneFile`, or None where it has none, and `doubtful` what came with
    it. Places are `REFERENCE: FIELD`. An error in a RecordSet leaves that RecordSet out; only one
    in the Zone gives no zone. The serial is that of the file or 0: publishing sets it.
    """
    found = from_claimants(zone, claimants.of(record_sets), base, doubtful)
    return found.zone, found.violations


def from_claimants(
    zone: resources.Zone,
    admitted: Sequence[Claimant],
    base: Zone | None,
    doubtful: Iterable[Written] = (),
) -> Joined:
    """The same of what may add to it, the oldest first."""
    found: list[Violation] = []
    records = [*doubtful]
    if base is None:
        base, found = _own_records(zone, records)
    if base is None:
        return Joined(None, found)
    built, more, fit = _with_claimants(zone, base, admitted, records)
    off, unknown = ignoring.ignored(zone, claimants.joined(admitted))
    checked = checks.check(built, records, off)
    return Joined(built, [*found, *more, *unknown, *checked], tuple(fit))


def _with_claimants(
    zone: resources.Zone, base: Zone, admitted: Sequence[Claimant], records: list[Written]
) -> tuple[Zone, list[Violation], list[Claimant]]:
    """`base` with what fits, what is wrong, and what fits; `records` get what is added."""
    ttls = sharing.lowest_ttls(zone, claimants.joined(admitted))
    extended, found, fit = base, list[Violation](), list[Claimant]()
    waiting = [admitted] if admitted else []
    while waiting:
        group = waiting.pop()
        longer, more = _add_claimants(zone, extended, group, ttls, records)
        if longer is not None:
            extended = longer
            fit += group
            found += more
        elif len(group) == 1:
            found += claimants.told(group[0], [_about(group[0], each) for each in more])
        else:
            half = len(group) // 2
            waiting += [group[half:], group[:half]]
    if ttls and len(fit) < len(admitted):  # a TTL may be that of one that was left out
        ttls = sharing.lowest_ttls(zone, claimants.joined(fit))
        again, _ = _add_claimants(zone, base, fit, ttls, [])
        extended = again or extended
    return extended, found, fit


def _own_records(zone: resources.Zone, written_here: list[Written]) -> Built:
    if zone.spec.name_servers is None:
        message = (
            "name the servers of the zone, or give a zoneFile with them; no ZoneClass of this name "
            "has a default"
        )
        return None, [Violation("NoNameServers", message, f"{zone.reference}: spec.nameServers")]
    builder = ZoneBuilder(zone.origin)
    _add_apex(builder, zone)
    records = zone.spec.records or ()
    found = _apex_records(zone, records)
    found += _add_records(builder, zone, f"{zone.reference}: spec.records", enumerate(records))
    where = f"{zone.reference}: spec.records"
    return _unsigned(_finish(builder, found, written_here), where)


def _add_claimants(
    zone: resources.Zone,
    base: Zone,
    group: Iterable[Claimant],
    ttls: Mapping[RRsetKey, int],
    written_here: list[Written],
) -> Built:
    """The zone with these; `ttls` are those of RRsets that several RecordSets share."""
    builder = ZoneBuilder(zone.origin)
    builder.add_zone(base)
    found: list[Violation] = []
    for claimant in group:
        field = claimant.record_set.rrsets_place
        found += _add_records(builder, zone, field, claimant.records, ttls)
    return _unsigned(_finish(builder, found, written_here), zone.origin)


def _unsigned(built: Built, where: str) -> Built:
    """What was built of single records, or an error where it would count as a signed zone.

    Publishing never sets the serial of one, and nobody else sets that of records.
    """
    zone, found = built
    if zone is None or not zone.signed:
        return built
    message = (
        "with DNSKEY records and a signature of the SOA the zone would be a signed one, whose "
        "serial publishing may not set; give a signed zone as spec.zoneFile"
    )
    return None, [*found, Violation("SignedZone", message, where)]


def _finish(builder: ZoneBuilder, found: Iterable[Violation], written_here: list[Written]) -> Built:
    """The builder's zone, whose records are appended to `written_here` where it is good."""
    records = written.of(builder)
    zone, violations = finish(builder, found)
    if zone is not None:
        written_here += records
    return zone, violations


def _add_apex(builder: ZoneBuilder, zone: resources.Zone) -> None:
    """The SOA and NS that the spec describes; a Zone without zone file always has both."""
    spec, where = zone.spec, f"{zone.reference}: spec"
    servers = [names.normalise(server) for server in spec.name_servers or ()]
    for index, server in enumerate(servers):
        builder.add_record("@", "NS", spec.ttl, server, f"{where}.nameServers[{index}]")
    if spec.soa is None and spec.has_file:
        return
    soa = spec.soa or resources.Soa()
    rname = names.normalise(soa.rname or "hostmaster", zone.origin if soa.rname is None else None)
    timers = f"{soa.refresh} {soa.retry} {soa.expire} {soa.minimum}"
    builder.add_record("@", "SOA", spec.ttl, f"{servers[0]} {rname} 0 {timers}", f"{where}.soa")


def _add_records(
    builder: ZoneBuilder,
    zone: resources.Zone,
    field: str,
    records: Iterable[tuple[int, Record]],
    ttls: Mapping[RRsetKey, int] = NONE_SHARED,
) -> list[Violation]:
    """Add RRsets; returns what is wrong with names, and warnings about what they may not mean.

    Each comes with its index in `field`. A name that has no normal spelling is not given to the
    engine, which takes some of them: such an RRset would have no key, so nobody could own it.
    """
    found = []
    origin, default_ttl = zone.origin, zone.spec.ttl
    entries: dict[tuple[str, int | str], int] = {}
    for index, record in records:
        where = f"{field}[{index}]"
        try:
            name = names.to_a_labels(record.name)
            owner = names.normalise(name, origin)
        except ValueError as error:
            found.append(Violation("BadName", str(error), f"{where}.name"))
            continue
        number = rrtypes.number(record.type)
        first = entries.setdefault((owner, record.type if number is None else number), index)
        if first != index:
            message = (
                f"{record.name} {record.type} is another spelling of records[{first}], so the data "
                "of both is one RRset; write all of it there"
            )
            found.append(Violation("MergedRecords", message, where, "warning"))
        ttl = default_ttl if record.ttl is None else record.ttl
        if number is not None:
            ttl = ttls.get((owner, rrtypes.to_text(number)), ttl)
        for place, text in enumerate(record.data):
            at = f"{where}.data[{place}]"
            try:
                builder.add_record(name, record.type, ttl, _with_a_labels(record.type, text), at)
            except ValueError as error:
                found.append(Violation("BadName", str(error), at))
        if _looks_absolute(name, owner, origin):
            message = (
                f"{record.name} has no dot at its end and becomes {record.name}.{origin}; "
                "add the dot if you mean it as it stands"
            )
            found.append(Violation("RelativeName", message, f"{where}.name", "warning"))
    return found


def _with_a_labels(rtype: str, data: str) -> str:
    """Rdata whose target, where it has one, is in A-labels; ValueError on a bad U-label."""
    if data.isascii() or rtype not in TARGET_FIELDS:
        return data
    field = TARGET_FIELDS[rtype]
    words = data.split(maxsplit=field + 1)
    if len(words) <= field:
        return data  # the engine says what is missing
    words[field] = names.to_a_labels(words[field])
    return " ".join(words)


def _looks_absolute(name: str, owner: str, origin: str) -> bool:
    """Whether a name that is relative, and so is `owner`, would be in the zone as it stands."""
    if "\\" not in name and not f"{name}.".lower().endswith(origin):
        return False  # as most do; what follows takes longer
    stands = names.normalise(name)
    if stands == owner or origin == names.ROOT:
        return False
    return stands.endswith(origin) and names.is_at_or_below(stands, origin)


def _apex_records(zone: resources.Zone, records: Iterable[Record]) -> list[Violation]:
    """SOA and apex NS among the records, however they are spelled."""
    found, origin = [], zone.origin
    for index, record in enumerate(records):
        try:
            owner, rtype = record.key(origin)
        except ValueError:
            continue  # adding it tells what is wrong
        if rtype == "SOA" or (owner, rtype) == (origin, "NS"):
            source = "spec.soa" if rtype == "SOA" else "spec.nameServers"
            where = f"{zone.reference}: spec.records[{index}]"
            message = f"the {rtype} of the zone is no record here; write it in {source}"
            found.append(Violation("ApexOwnedByZone", message, where))
    return found


def _explain_second_soa(violation: Violation, zone: resources.Zone) -> Violation:
    if violation.reason != "MultipleSOA" or zone.spec.soa is None:
        return violation
    message = "the zone file has a SOA already; remove spec.soa, or the SOA from the file"
    return Violation("MultipleSOA", message, f"{zone.reference}: spec.soa")


def _lost_digest(built: Zone, name: str) -> Violation:
    """A warning that the digest of an unsigned zone is not that of what is published."""
    message = (
        f"{built.origin} ZONEMD is right in the file, and no more when the zone is published with "
        "a serial of its own; sign the zone, or remove the ZONEMD"
    )
    return Violation("ZoneDigestNotKept", message, name, "warning")


def _other_name_servers(built: Zone, zone: resources.Zone) -> Violation | None:
    """A violation where the file names servers that the spec does not."""
    if zone.spec.name_servers is None:
        return None
    _, servers = built.get(built.origin, "NS") or (0, [])
    wanted = {names.normalise(server) for server in zone.spec.name_servers}
    if {_spelling(server) for server in servers} == wanted:
        return None
    message = (
        "the zone file names other servers; remove spec.nameServers, or the NS records at the apex "
        "of the file"
    )
    return Violation("ConflictingNameServers", message, f"{zone.reference}: spec.nameServers")


def _soa_beside_signatures(built: Zone, zone: resources.Zone) -> Violation | None:
    """A violation where a signed file has a signature of a SOA and no SOA, as the spec has it."""
    if not built.signed or zone.spec.soa is None:
        return None
    message = "the zone file is signed; remove spec.soa, and add the SOA where it is signed"
    return Violation("SignedZone", message, f"{zone.reference}: spec.soa")


def _spelling(name: str) -> str:
    """The normal spelling of a name in a file, which may be one that an object may not have."""
    try:
        return names.normalise(name)
    except ValueError:
        return name


def _about(claimant: Claimant, violation: Violation) -> Violation:
    """A violation that a claimant caused, told as its own where the check names another place."""
    own, place = f"{claimant.record_set.reference}: ", claimant.record_set.rrsets_place
    if claimant.position is not None:
        own = place = f"{place}[{claimant.position}]"
    if violation.where.startswith(own) or violation.severity == "warning":
        return violation
    return violation._replace(where=place)
