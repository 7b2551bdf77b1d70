"""A core, a replica and an engine as plain dicts, for the tests of the follower.

The content of a zone is any bytes; a delta is `OLD>NEW` and fits only where the content is OLD.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import acks, commands, encoding, events, keys, manifests
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.announcements import Announcement
from dnsfleet.replication.manifests import FleetHead, Manifest, Run, SignatureError
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet.replication.revisions import Revision
from dnsfleet.replication.sums import AnnouncementSum, NameSum, Positions

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
FORGER = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
NEXT = Ed25519PrivateKey.from_private_bytes(bytes([2]) * 32)
"""Comes after KEY."""
POP = "ams"


@dataclass
class Database:
    """What a Redis holds: values, the hash of zones, the log and its position."""

    values: dict[str, bytes] = field(default_factory=dict)
    zones: dict[bytes, bytes] = field(default_factory=dict)
    log: list[tuple[bytes, Mapping[bytes, bytes]]] = field(default_factory=list)
    position: int = 0

    def copy(self) -> "Database":
        return Database(dict(self.values), dict(self.zones), list(self.log), self.position)


class Core:
    """A publisher and the data that it writes."""

    def __init__(self) -> None:
        self.data = Database()
        self.key = KEY
        """Signs what is published."""
        self.epoch = 1
        self.lsn = 0
        self.positions = Positions()
        self.sum = AnnouncementSum()
        self.clock = 100
        self.manifests: dict[str, Manifest] = {}
        self.contents: dict[str, bytes] = {}

    def publish(
        self,
        zone: str,
        content: bytes,
        pops: tuple[str, ...] | None = None,
        new_snapshot: bool = False,
    ) -> Manifest:
        """A new revision: with a delta where there is one before it, or with a new snapshot."""
        before, old = self.manifests.get(zone), self.contents.get(zone)
        at = Revision(self.epoch, before.revision.seq + 1 if before else 1)
        runs: tuple[Run, ...] = ()
        if before is None or before.snapshot is None or old is None or new_snapshot:
            snapshot = encoding.describe(at, content)
            self._write(keys.snapshot(zone, at, snapshot.chunks), content)
            chain_hash, size = snapshot.sha256, 0
        else:
            delta = old + b">" + content
            chunks = len(encoding.split(delta))
            self._write(keys.delta(zone, at, chunks), delta)
            snapshot, size = before.snapshot, before.delta_size + len(delta)
            runs = (*before.deltas, Run(at.epoch, at.seq, 1, chunks))
            chain_hash = encoding.chain_hash(before.chain_hash, [delta])
        return self._commit(
            Manifest(
                zone=zone,
                revision=at,
                previous=before.revision if before else None,
                lsn=self._next_lsn(),
                serial=at.seq,
                digest=hashlib.sha256(content).digest(),
                rrsets=1,
                records=1,
                time_ms=self.clock,
                snapshot=snapshot,
                deltas=runs,
                delta_size=size,
                chain_hash=chain_hash,
                pops=pops,
            ),
            content,
        )

    def remove(self, zone: str) -> Manifest:
        """A tombstone."""
        before = self.manifests[zone]
        at = Revision(self.epoch, before.revision.seq + 1)
        tombstone = Manifest(
            zone=zone,
            revision=at,
            previous=before.revision,
            lsn=self._next_lsn(),
            serial=at.seq,
            digest=b"",
            rrsets=0,
            records=0,
            time_ms=self.clock,
            tombstone=True,
        )
        return self._commit(tombstone, None)

    def end(self, zone: str) -> None:
        """Take an entry out of the index; the log tells nothing of it."""
        self.data.zones.pop(zone.encode(), None)
        self.data.values.pop(keys.manifest(zone), None)
        self.epoch += 1  # what comes in its place must be newer
        del self.manifests[zone]
        self.contents.pop(zone, None)
        self.sum.drop(zone)
        self._move(self._next_lsn())

    def head(self) -> None:
        """Publish the fleet head: these are all zones."""
        lsn = self._next_lsn()
        self._write_head(lsn)
        self._log(b"", b"", lsn)

    def lose_everything(self) -> None:
        """Start empty under a new epoch, and publish again what there was."""
        known = [(self.manifests[zone], content) for zone, content in self.contents.items()]
        self.data, self.sum = Database(), AnnouncementSum()
        self.manifests, self.contents = {}, {}
        self.epoch += 1
        for manifest, content in known:
            self.publish(manifest.zone, content, manifest.pops)
        self.head()

    def _write_head(self, lsn: int) -> None:
        names = NameSum(self.contents)
        head = FleetHead(self.epoch, lsn, names.count, 1, names.total, self.sum.total)
        self.data.values[keys.FLEET] = manifests.sign_fleet(head, self.key)

    def _next_lsn(self) -> int:
        self.clock += 1
        self.lsn = self.clock
        return self.lsn

    def _write(self, names: list[str], data: bytes) -> None:
        self.data.values.update(zip(names, encoding.split(data), strict=True))

    def _commit(self, manifest: Manifest, content: bytes | None) -> Manifest:
        zone = manifest.zone.encode()
        self.data.values[keys.manifest(manifest.zone)] = manifests.sign(manifest, self.key)
        self.data.zones[zone] = f"{manifest.lsn} {manifest.revision}".encode()
        self.sum.put(Announcement(manifest.lsn, manifest.zone, manifest.revision))
        self._log(zone, str(manifest.revision).encode(), manifest.lsn)
        self.manifests[manifest.zone] = manifest
        other = (content is not None) != (manifest.zone in self.contents)
        if content is None:
            self.contents.pop(manifest.zone, None)
        else:
            self.contents[manifest.zone] = content
        if other and keys.FLEET in self.data.values:
            self._write_head(manifest.lsn)
        return manifest

    def _log(self, zone: bytes, revision: bytes, lsn: int) -> None:
        fields = {b"zone": zone, b"revision": revision, b"after": b"%d" % self.data.position}
        self.data.log.append((b"%d-0" % lsn, fields))
        self._move(lsn)

    def _move(self, lsn: int) -> None:
        self.data.position = lsn
        self.positions.note(lsn, self.sum.total)


class Edge:
    """Executes a follower's commands on a database and on an engine made of a dict."""

    def __init__(self, data: Database, pop: str | None = POP) -> None:
        self.data = data
        self.pop = pop
        self.served: dict[str, bytes] = {}
        self.withheld: set[str] = set()
        self.held: dict[str, Manifest] = {}
        self.signed: dict[str, bytes] = {}
        """The wire form of what is held."""
        self.trusted: PublicKeys = (KEY.public_key(),)
        self.acks: list[Ack] = []

    def restored(self) -> events.Restored:
        """What the edge tells its follower after a restart with its disk."""
        held = self.held.values()
        return events.Restored([(each, manifests.sign(each, KEY)) for each in held])

    def execute(self, command: commands.Command) -> events.Answer | None:
        values = self.data.values
        match command:
            case commands.ReadIndex():
                return events.IndexRead(command, dict(self.data.zones), self.data.position)
            case commands.ReadFleet():
                return events.FleetRead(command, values.get(keys.FLEET))
            case commands.ReadLog():
                return events.LogRead(
                    command,
                    [e for e in self.data.log if int(e[0].split(b"-")[0]) > command.after],
                    self.data.position,
                )
            case commands.ReadManifests():
                names = [keys.manifest(origin) for origin in command.origins]
                return events.ManifestsRead(command, [values.get(name) for name in names])
            case commands.ReadChunks():
                return events.ChunksRead(command, [values.get(name) for name in command.keys])
            case commands.Load() | commands.Apply():
                return events.Applied(command, self._load(command))
            case commands.Drop():
                zone = command.manifest.zone
                assert zone in self.served or zone in self.withheld
                self.served.pop(zone, None)
                self.withheld.discard(zone)
                self._hold(command.manifest, command.signed)
            case commands.Withhold():
                assert command.origin not in self.served
                self.withheld.add(command.origin)
            case Ack():
                self.acks.append(command)
        return None

    def check_claim(self, core: Core, ack: Ack) -> None:
        """What an ack proves must be true of what is served."""
        for zone, manifest in core.manifests.items():
            if not acks.shows(ack, core.positions, zone, manifest.lsn):
                continue
            if manifest.assigned(self.pop):
                assert self.held[zone].revision >= manifest.revision, f"{zone} in {ack}"
            else:
                assert zone not in self.served, f"{zone} in {ack}"

    def _load(self, command: commands.Load | commands.Apply) -> str | None:
        zone = command.manifest.zone
        content = (
            command.snapshot if isinstance(command, commands.Load) else self.served.get(zone, b"")
        )
        for delta in command.deltas:
            old, _, new = delta.partition(b">")
            if old != content:
                return "the delta does not fit"
            content = new
        if hashlib.sha256(content).digest() != command.manifest.digest:
            return "the digest is not the one that was signed"
        self.served[zone] = content
        self.withheld.discard(zone)
        self._hold(command.manifest, command.signed)
        return None

    def _hold(self, manifest: Manifest, signed: bytes) -> None:
        assert manifests.verify(signed, self.trusted) == manifest
        before = self.held.get(manifest.zone)
        if before is not None and before.revision > manifest.revision:
            with pytest.raises(SignatureError):  # a zone goes back from a former key's alone
                manifests.verify(self.signed[manifest.zone], self.trusted)
        self.held[manifest.zone], self.signed[manifest.zone] = manifest, signed
