"""The probe list: where every Pop answers, what edges prove, and a few zones to ask for.

The writer signs one every few seconds and it is replicated like all else, so a prober finds it in
the replica of its own Pop. It is the inside view at one moment, and a prober brings the outside
view to it. It may be old by then, and that makes no prober wrong. Edges never go back: a Pop that
once proved that it answers a zone up to a position answers that, or something newer, from then on.

    Pop fra   answers 812, but for bad.example.      what its edges prove, all of them
    zone one.example. at 790, serial 7               so fra is current in it: 790 <= 812

A list names some zones and not all, others each time, so it has the same size for ten zones and for
ten thousand. With each comes a **probe record**: an RRset of the zone, to be compared as a whole.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from dnsfleet.replication import formats, manifests
from dnsfleet.replication.manifests import MAX_HEAD_SIZE, Manifest, ManifestError
from dnsfleet.replication.revisions import Revision
from dnsfleet.zones.questions import Question

LIST_SECONDS = 15.0
"""Between lists, whatever changes. One of 3 Pops has 3 kB, one of 60 Pops 10 kB."""
OLD_SECONDS = 60.0
"""A list that is older comes from a writer that stands still, or by a replica that is cut off. What
edges prove may be otherwise by now, and Pops may be drained."""
MAX_ZONES = 10
"""Zones of one list: 10,000 zones are asked for within five hours, and an address gets 40 queries
from each prober in LIST_SECONDS, and more where zones were wrong; far below every rate limit."""
MAX_RECORD_OCTETS = 1024
"""Of rdata in a probe record, so that MAX_ZONES of them take a third of a list."""
MAX_ADDRESSES = 4
"""Addresses of a Pop: two for each family."""

_CONTEXT = b"dnsfleet probe list\0"


class ProbedPop(NamedTuple):
    """Where a Pop answers, and what its edges prove."""

    name: str
    addresses: tuple[tuple[str, int], ...]
    """Hosts, each an IP address or a name, and ports."""
    drained: bool = False
    """Out of service, so that nobody is to expect an answer."""
    answers: int = -1
    """Every Ready edge proves that it answers all up to this position, but for `exceptions`; -1
    where there is no such edge, or one that proves nothing."""
    exceptions: tuple[str, ...] = ()
    """Of the zones of the list those that some edge of it names as an exception."""


class ProbedZone(NamedTuple):
    """A zone to ask for."""

    zone: str
    lsn: int
    """The position at which it was published last."""
    serial: int
    pops: tuple[str, ...] | None = None
    """Those that serve it; None is all."""
    record: Question | None = None
    """The probe record; None where no RRset of it is small enough."""

    def is_in(self, pop: ProbedPop) -> bool:
        """Whether a Pop is to answer it."""
        return not pop.drained and (self.pops is None or pop.name in self.pops)

    def is_current_in(self, pop: ProbedPop) -> bool:
        """Whether all edges of a Pop prove that they answer it."""
        return pop.answers >= self.lsn and self.zone not in pop.exceptions

    def is_still(self, manifest: Manifest | None) -> bool:
        """Whether it was not published again, or removed, since."""
        return manifest is not None and not manifest.tombstone and manifest.lsn == self.lsn


@dataclass(frozen=True, slots=True)
class ProbeList:
    """What there is to ask, at one moment."""

    revision: Revision
    """The epoch is the fence of the writer; each list is above the one before it."""
    time_ms: int
    """When it was signed, Unix time in milliseconds."""
    pops: tuple[ProbedPop, ...]
    """All, those that are drained as well; each has a prober."""
    zones: tuple[ProbedZone, ...]
    format: int = formats.READS[0]

    def is_old(self, now_ms: int) -> bool:
        """Whether it says nothing of the inside of the fleet any more; `now_ms` is Unix time."""
        return now_ms - self.time_ms > OLD_SECONDS * 1000


def sign(given: ProbeList, key: Ed25519PrivateKey) -> bytes:
    """The wire form; ValueError where it is longer than a reader takes."""
    said = {
        "format": given.format,
        "revision": str(given.revision),
        "time": given.time_ms,
        "pops": [pop._asdict() for pop in given.pops],
        "zones": [_zone_to_json(zone) for zone in given.zones],
    }
    signed = manifests.seal(said, _CONTEXT, key)
    if len(signed) > MAX_HEAD_SIZE:
        raise ValueError(f"the list has {len(signed)} octets, {MAX_HEAD_SIZE} at most are taken")
    return signed


def verify(data: bytes, public: Iterable[Ed25519PublicKey]) -> ProbeList:
    """The list in wire form; ManifestError where it is not signed, or not to be read."""
    said = manifests.unseal(data, _CONTEXT, public)
    try:
        return ProbeList(
            Revision.parse(said["revision"]),
            int(said["time"]),
            tuple(_pop(each) for each in said["pops"]),
            tuple(_zone(each) for each in said["zones"]),
            int(said["format"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ManifestError(f"the probe list has an unreadable field: {error!r}") from error


def _zone_to_json(zone: ProbedZone) -> dict[str, Any]:
    said = {"zone": zone.zone, "lsn": zone.lsn, "serial": zone.serial}
    record = zone.record
    if record is not None:
        rdata = sorted(each.hex() for each in record.rdata)
        said["record"] = {**record._asdict(), "rdata": rdata}
    return said if zone.pops is None else {**said, "pops": zone.pops}


def _pop(said: Mapping[str, Any]) -> ProbedPop:
    return ProbedPop(
        str(said["name"]),
        tuple((str(host), int(port)) for host, port in said["addresses"]),
        said["drained"] is True,
        int(said["answers"]),
        tuple(map(str, said["exceptions"])),
    )


def _zone(said: Mapping[str, Any]) -> ProbedZone:
    pops, record = said.get("pops"), said.get("record")
    return ProbedZone(
        str(said["zone"]),
        int(said["lsn"]),
        int(said["serial"]),
        None if pops is None else tuple(map(str, pops)),
        None if record is None else _record(record),
    )


def _record(said: Mapping[str, Any]) -> Question:
    return Question(
        str(said["name"]),
        str(said["rtype"]),
        str(said["owner"]),
        str(said["kind"]),
        int(said["ttl"]),
        frozenset(bytes.fromhex(each) for each in said["rdata"]),
        said["referral"] is True,
    )
