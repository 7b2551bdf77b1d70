"""Drafts: what a publication is to consist of. Pure: nothing is written here.

Normally it is one delta, so that a change costs what it changes. When the deltas since the
snapshot have grown to a quarter of it, the snapshot is written anew *at the revision before the
change*: edges that are up to date still read the one delta, and whoever comes later starts from a
snapshot that is near. A change of half the zone is a snapshot alone.

Each publication of other content gets a serial that is newer than what clients may have seen. A
signed zone keeps its own, also where the same content is written again above something newer.
"""

from dataclasses import dataclass, replace
from typing import Self

from dnsfleet.replication import encoding, keys
from dnsfleet.replication.encoding import Payload
from dnsfleet.replication.kept_zones import Keeping
from dnsfleet.replication.manifests import Manifest, Run
from dnsfleet.replication.revisions import Revision
from dnsfleet.violations import Violation
from dnsfleet.zones import plans, serials
from dnsfleet_engine import Delta, Zone

MIN_DELTA_SIZE = 256 * 1024
"""Octets of deltas that any zone may gather: for small zones a new snapshot at every quarter
would be most of the traffic."""
MAX_DELTA_SHARE = 4
"""A large zone may gather a quarter of its snapshot: a restart reads at most 1.25 zones."""
MAX_DELTAS = 1000
"""Deltas between snapshots: each is a value of its own that a restart has to fetch."""
MAX_RUNS = 16
"""Runs that a manifest names, about 20 octets each: every change repeats them."""
WHOLE_SHARE = 2
"""A delta of more than half the snapshot saves too little to be kept beside one."""


@dataclass(frozen=True, slots=True)
class Published:
    """What is known of one zone in the core."""

    manifest: Manifest | None = None
    """The newest one; None where there is none that can be trusted."""
    zone: Zone | None = None
    """Its content; None for a tombstone, and where it is `unreadable`."""
    stored: str = ""
    """The revision that the index in the core has, which the next one must follow."""
    seq: int = 0
    """The highest that was ever tried, published or not."""
    in_core: bool = True
    """False where the core lost it and all of it must be written again."""
    overtaken: Manifest | None = None
    """What an edge has newer, so that a higher revision must be written."""
    fingerprint: bytes = b""
    """Of the signed manifest (see `manifests.fingerprint`)."""
    newer: bool = False
    """True where a valid key signed something that this version cannot read."""
    key: str = ""
    """Which key signed the manifest (`public_keys.identify`)."""
    leftover: tuple[str, ...] = ()
    """Keys of chunks that the core may still have of what it lost in part."""

    @property
    def again(self) -> bool:
        """Whether it must be written once more, because an edge has something newer."""
        return self.overtaken is not None

    @property
    def serial(self) -> int | None:
        """The newest that clients may have seen; None for none."""
        own = None if self.manifest is None else self.manifest.serial
        other = None if self.overtaken is None else self.overtaken.serial
        if own is None or other is None:
            return other if own is None else own
        return other if serials.compare(other, own) == 1 else own

    @property
    def lacks_content(self) -> bool:
        """Whether the core has a manifest without its content: edges count it as a live zone."""
        return self.zone is None and self.manifest is not None and not self.manifest.tombstone

    @property
    def readable(self) -> bool:
        """Whether it is known what the zone was at some revision, or that it was removed."""
        return self.manifest is not None and not self.lacks_content

    @property
    def lost(self) -> bool:
        """Whether the core lost what is known, so that it can be written again."""
        return self.readable and not self.in_core

    @property
    def live(self) -> bool:
        """Whether edges are told to serve it."""
        return self.manifest is not None and not self.manifest.tombstone and not self.lost


@dataclass(frozen=True, slots=True)
class Draft:
    """A publication before it has a position, a format and a signature."""

    manifest: Manifest
    """With neither lsn nor time_ms."""
    zone: Zone | None
    chunks: dict[str, bytes]
    """What to write first, by key."""
    superseded: list[str]
    """Keys of chunks that no manifest will name any more."""
    follows: str
    """The revision that the index must have; empty for none."""
    keeping: Keeping | None = None
    """What stays of a zone that is removed."""

    def at(self, lsn: int, time_ms: int, format_: int) -> Self:
        """With position, time and format filled in."""
        manifest = replace(self.manifest, lsn=lsn, time_ms=time_ms, format=format_)
        return replace(self, manifest=manifest)


def change(
    before: Published,
    epoch: int,
    new: Zone,
    pops: tuple[str, ...] | None,
    now: int,
    delta: Delta | None = None,
    floor: int = 0,
    *,
    keeps_serial: bool = False,
) -> Draft | None:
    """The publication of `new`; None where neither records nor Pops differ.

    `now` is Unix time in seconds, for the serial; the serial of `new` is taken where it is newer,
    and with `keeps_serial` always.
    `delta` is `plans.change` from the zone before to `new`, where it is known already. A zone with
    an epoch up to `floor` is written anew as a whole, whether it differs or not. ValueError where
    there is a `refusal`.
    """
    if (fault := refusal(before, new, keeps_serial=keeps_serial)) is not None:
        raise ValueError(fault.message)
    at = Revision(epoch, before.seq + 1)

    def number(zone: Zone, proposed: int | None) -> Zone:
        return zone if keeps_serial else _numbered(zone, before.serial, now, proposed)

    old, manifest = before.zone, before.manifest
    if old is None or manifest is None or manifest.snapshot is None or not before.in_core:
        zone = number(new, new.serial or None)
        return _whole(before, at, zone, pops)
    if delta is None:
        delta = plans.change(old, new)
    asked = manifest.revision.epoch <= floor
    zone, payload = old, delta.payload
    if delta.added + delta.removed + delta.changed:
        zone = number(new, new.serial or None)
        # Equal to old.diff(zone), in time that depends on the change alone.
        payload = old.diff(old.apply(payload).with_serial(zone.serial)).payload
    elif pops == manifest.pops and not asked:
        return None
    elif asked and before.serial != manifest.serial:  # an edge has a newer one
        zone = number(old, None)
    most = min(_limit(manifest.snapshot), manifest.snapshot.size // WHOLE_SHARE)
    if asked or len(payload) > most:
        return _whole(before, at, zone, pops)
    return _step(before, manifest, old, at, zone, payload, pops)


def refusal(before: Published, new: Zone, *, keeps_serial: bool = False) -> Violation | None:
    """Why `new` cannot follow what clients may have seen, or None.

    It is about serials that publishing does not set (see `plans.stale`). What clients have seen
    with this content is no reason, nor is what was removed: then there is nothing that could stay.
    """
    if not (new.signed or keeps_serial):
        return None
    seen = [each for each in (before.manifest, before.overtaken) if each and not each.tombstone]
    if any(each.digest == new.digest for each in seen):
        return None
    found = (plans.stale(each.serial, new, keeps_serial=keeps_serial) for each in seen)
    return next(filter(None, found), None)


def again(
    before: Published,
    epoch: int,
    format_: int,
    key: str,
    now: int,
    floor: int = 0,
    *,
    keeps_serial: bool = False,
) -> Draft | None:
    """The same content once more: the core lost it, or it must be newer, or in another format, or
    signed by another key, or its epoch is not above `floor`: then as a whole.

    None where there is no reason for that, or where the content is not known. `now` is Unix time in
    seconds, for a serial that must be above one that clients have seen; with `keeps_serial` it
    stays.
    """
    zone, manifest = before.zone, before.manifest
    asked = manifest is not None and manifest.revision.epoch <= floor
    kept = before.in_core and not before.again and not asked
    current = manifest is not None and (manifest.format, before.key) == (format_, key)
    if manifest is None or before.lacks_content or (kept and current):
        return None
    at = Revision(epoch, before.seq + 1)
    if zone is None:
        return _tombstone(before, manifest, at)
    new = zone
    if before.serial != manifest.serial and not keeps_serial:
        new = _numbered(zone, before.serial, now, None)
    if asked or not before.in_core:
        return _whole(before, at, new, manifest.pops)
    return _step(before, manifest, zone, at, new, zone.diff(new).payload, manifest.pops)


def removal(before: Published, epoch: int, keeping: Keeping | None = None) -> Draft | None:
    """The tombstone of a zone; None where it is removed already.

    It keeps what `keeping` says, if that is what the core has of the zone.
    """
    manifest = before.manifest
    if manifest is None or (manifest.tombstone and before.in_core and not before.again):
        return None
    draft = _tombstone(before, manifest, Revision(epoch, before.seq + 1))
    if keeping is None or not before.in_core or keeping.zone.manifest != manifest:
        return draft
    return replace(draft, keeping=keeping)


def _numbered(zone: Zone, previous: int | None, now: int, proposed: int | None) -> Zone:
    """The zone with the serial to publish (`serials.next_serial`); a signed one as it is."""
    if zone.signed:
        return zone
    return zone.with_serial(serials.next_serial(previous, now, proposed))


def _tombstone(before: Published, manifest: Manifest, at: Revision) -> Draft:
    tombstone = replace(
        manifest,
        revision=at,
        previous=_previous(before),
        digest=b"",
        rrsets=0,
        records=0,
        snapshot=None,
        deltas=(),
        delta_size=0,
        chain_hash=b"",
        pops=None,
        tombstone=True,
    )
    return Draft(tombstone, None, {}, _superseded(before, tombstone), before.stored)


def _whole(before: Published, at: Revision, zone: Zone, pops: tuple[str, ...] | None) -> Draft:
    data = zone.encode()
    snapshot = encoding.describe(at, data)
    manifest = _manifest(before, at, zone, pops, snapshot, (), 0, snapshot.sha256)
    chunks = dict(zip(manifest.snapshot_keys(), encoding.split(data), strict=True))
    return Draft(manifest, zone, chunks, _superseded(before, manifest), before.stored)


def _step(
    before: Published,
    manifest: Manifest,
    old: Zone,
    at: Revision,
    zone: Zone,
    payload: bytes,
    pops: tuple[str, ...] | None,
) -> Draft:
    parts = encoding.split(payload)
    chunks = dict(zip(keys.delta(manifest.zone, at, len(parts)), parts, strict=True))
    snapshot, runs = manifest.snapshot, _extend(manifest.deltas, at, len(parts))
    size, chain_hash = manifest.delta_size + len(payload), manifest.chain_hash
    limit = 0 if snapshot is None else _limit(snapshot)
    if size > limit or sum(run.length for run in runs) > MAX_DELTAS or len(runs) > MAX_RUNS:
        data = old.encode()
        snapshot = encoding.describe(manifest.revision, data)
        names = keys.snapshot(manifest.zone, snapshot.revision, snapshot.chunks)
        chunks.update(zip(names, encoding.split(data), strict=True))
        runs, size, chain_hash = _extend((), at, len(parts)), len(payload), snapshot.sha256
    chain_hash = encoding.chain_hash(chain_hash, [payload])
    made = _manifest(before, at, zone, pops, snapshot, runs, size, chain_hash)
    return Draft(made, zone, chunks, _superseded(before, made), before.stored)


def _limit(snapshot: Payload) -> int:
    """Octets of deltas that may follow a snapshot."""
    return max(MIN_DELTA_SIZE, snapshot.size // MAX_DELTA_SHARE)


def _extend(runs: tuple[Run, ...], at: Revision, chunks: int) -> tuple[Run, ...]:
    if runs:
        last = runs[-1]
        if (last.epoch, last.first + last.length, last.chunks) == (at.epoch, at.seq, chunks):
            return (*runs[:-1], last._replace(length=last.length + 1))
    return (*runs, Run(at.epoch, at.seq, 1, chunks))


def _previous(before: Published) -> Revision | None:
    return before.manifest.revision if before.manifest is not None and before.in_core else None


def _superseded(before: Published, manifest: Manifest) -> list[str]:
    named = set(manifest.chunk_keys())
    there = before.leftover
    if before.manifest is not None and before.in_core:
        there = tuple(before.manifest.chunk_keys())
    return [key for key in there if key not in named]


def _manifest(
    before: Published,
    at: Revision,
    zone: Zone,
    pops: tuple[str, ...] | None,
    snapshot: Payload | None,
    runs: tuple[Run, ...],
    delta_size: int,
    chain_hash: bytes,
) -> Manifest:
    return Manifest(
        zone=zone.origin,
        revision=at,
        previous=_previous(before),
        lsn=0,
        serial=zone.serial,
        digest=zone.digest,
        rrsets=zone.rrsets,
        records=zone.records,
        time_ms=0,
        snapshot=snapshot,
        deltas=runs,
        delta_size=delta_size,
        chain_hash=chain_hash,
        pops=pops,
    )
