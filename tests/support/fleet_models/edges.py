"""An edge of the model: the real follower and engine between a replica and the core in memory."""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from dnsfleet.replication import acks, commands, events, formats, keys, manifests, public_keys
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.follower import Follower
from dnsfleet.replication.manifests import Manifest, SignatureError
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet.replication.revisions import Revision
from dnsfleet_engine import Engine, Zone
from dnsfleet_following import verification
from dnsfleet_operator.observed.edge_pods import EdgePod

from support.fleet_models.memory_redis import Server

KEPT = 4
"""Acks and answers that are kept to come late, or twice."""


@dataclass
class Disk:
    """The state folder of an edge."""

    zones: dict[str, tuple[bytes, Zone | None]] = field(default_factory=dict)
    index: frozenset[str] = frozenset()
    """The zones of a complete set, empty where there never was one."""

    def copy(self) -> "Disk":
        return Disk(dict(self.zones), self.index)


class Edge:
    """One edge pod, which starts with an empty disk."""

    def __init__(
        self,
        pop: str,
        name: str,
        replica: Server,
        core: Server,
        now_ms: Callable[[], int],
        told: PublicKeys,
    ) -> None:
        self.pop = pop
        self.name = name
        self.old = False
        """Whether it is of the version before, whose acks prove nothing."""
        self.refuses = False
        """Whether the engine cannot load anything."""
        self._replica = replica
        self._core = core
        self._now_ms = now_ms
        self._told = told
        self.disk = Disk()
        self.start()

    def start(self) -> None:
        """A new process, with what the disk has."""
        self.started_ms = self._now_ms()
        self.engine = Engine()
        # The version before reads one key, when it starts.
        self._trusted = self._told[:1] if self.old else self._told
        self.follower = Follower(self.pop, self._trusted)
        self.open: list[commands.Command] = []
        self.ready = False
        self.ack = Ack(0, {}, 0)
        self.sent: deque[bytes] = deque(maxlen=KEPT)
        self.answers: deque[events.Answer] = deque(maxlen=KEPT)
        self.held: dict[str, tuple[Revision, bytes]] = {}
        """The newest of each zone, with its signed manifest."""
        self._feed(events.Restored(self._restore()))
        self._feed(events.Connected())

    @property
    def pod(self) -> EdgePod:
        return EdgePod(self.pop, self.name, self.ready, self.started_ms)

    def zone(self, origin: str) -> Zone | None:
        """What clients are answered from."""
        return self.engine.zone(origin)

    def _restore(self) -> list[tuple[Manifest, bytes]]:
        """Load what is good on the disk; it is ready by that where the set is complete."""
        found, kept = [], {}
        self.ready = bool(self.disk.index)
        for origin in sorted(self.disk.index):
            if origin not in self.disk.zones:
                self.ready = False
                continue
            signed, zone = self.disk.zones[origin]
            try:
                manifest = manifests.verify(signed, self._trusted)
            except SignatureError:
                self.ready = self.ready and zone is None
                continue
            found.append((manifest, signed))
            kept[origin] = (signed, zone)
            self.held[origin] = (manifest.revision, signed)
            if zone is not None:
                self.engine.load(zone)
        self.disk.zones = kept  # nothing else is in the next index, until it is written again
        return found

    def tell(self, told: PublicKeys) -> None:
        """The file of public keys has these from now on."""
        before, self._told = self._told, told
        if told != before and not self.old:
            self._trusted = told
            self._feed(events.KeysChanged(told))

    # The link

    def reconnect(self, done: bool) -> None:
        """The open command is never answered; the engine may have executed it all the same."""
        if done and self.open:
            self._execute(self.open[0])
        self.open = []
        self._feed(events.Disconnected())
        self._feed(events.Connected())

    def resync(self) -> None:
        self._feed(events.Resync())

    def read(self, count: int) -> None:
        """Execute so many commands."""
        for _ in range(count):
            answer = self._execute(self.open.pop(0))
            self.answers.append(answer)
            self._feed(answer)

    def read_early(self) -> None:
        """Read now what the open command asks for; the answer is on its way (`answer`)."""
        if not isinstance(self.open[0], commands.Load | commands.Apply):
            self.answers.append(self._execute(self.open[0]))

    def answer(self, answer: events.Answer) -> None:
        """An answer comes, late or for the second time."""
        if self.open == [answer.command]:
            self.open = []
        self._feed(answer)

    def settle(self, steps: int) -> None:
        """Read until the log has nothing new; AssertionError where that takes too long."""
        for _ in range(steps):
            before = list(self.open)
            self.read(1)
            if isinstance(before[0], commands.ReadLog) and self.open == before:
                return
        raise AssertionError(f"{self.pod.field} is still busy after {steps} steps: {self.open}")

    def _feed(self, event: events.Event) -> None:
        for command in self.follower.feed(event):
            match command:
                case Ack():
                    self.ack = command
                case commands.Drop():
                    self.engine.remove(command.manifest.zone)
                    self._keep(command.manifest, command.signed, None)
                case commands.Withhold():
                    assert self.engine.zone(command.origin) is None
                    self.engine.withhold(command.origin)
                case _:
                    self.open.append(command)
        if self.follower.complete:
            self.ready = True
            self.disk.index = frozenset(self.disk.zones)

    def _execute(self, command: commands.Command) -> events.Answer:
        data = self._replica.data
        match command:
            case commands.ReadIndex():
                index = dict(data.hashes.get(keys.ZONES, {}))
                return events.IndexRead(command, index, data.position)
            case commands.ReadFleet():
                return events.FleetRead(command, data.values.get(keys.FLEET))
            case commands.ReadLog():
                new = [each for each in data.log if int(each[0][:-2]) > command.after]
                return events.LogRead(command, new, data.position)
            case commands.ReadManifests():
                names = [keys.manifest(origin) for origin in command.origins]
                return events.ManifestsRead(command, [data.values.get(name) for name in names])
            case commands.ReadChunks():
                return events.ChunksRead(command, [data.values.get(name) for name in command.keys])
            case commands.Load() | commands.Apply():
                return events.Applied(command, self._load(command))
        raise AssertionError(f"nobody answers {command}")

    def _load(self, command: commands.Load | commands.Apply) -> str | None:
        if self.refuses:
            return "no memory"
        manifest = command.manifest
        try:
            if isinstance(command, commands.Load):
                zone = Zone.decode(command.snapshot)
            else:
                served = self.engine.zone(manifest.zone)
                if served is None:
                    return "there is no zone to apply the change to"
                zone = served
            for delta in command.deltas:
                zone = zone.apply(delta)
            verification.check(manifest, zone)
        except ValueError as error:
            return str(error)
        self.engine.load(zone)
        self._keep(manifest, command.signed, zone)
        return None

    def _keep(self, manifest: Manifest, signed: bytes, zone: Zone | None) -> None:
        before = self.held.get(manifest.zone)
        if before is not None and before[0] > manifest.revision:
            assert not self.has(manifest.zone, self._trusted), "a zone went back"
        self.held[manifest.zone] = (manifest.revision, signed)
        self.disk.zones[manifest.zone] = (signed, zone)

    def trusts(self, key: Ed25519PublicKey) -> bool:
        """Whether it verifies by this key."""
        return key in self._trusted

    def has(self, origin: str, signed_by: PublicKeys) -> bool:
        """Whether one of these keys signed what it has of a zone."""
        try:
            manifests.verify(self.held[origin][1], signed_by)
        except SignatureError:
            return False
        return True

    # Acks

    def speak(self) -> None:
        """Make an ack of what is true now; `deliver` brings it to the core."""
        ack = self.ack._replace(
            time_ms=self._now_ms(),
            reads=formats.READS[-1],
            started_ms=self.started_ms,
            keys=tuple(map(public_keys.identify, self._trusted)),
        )
        if not self.ready:
            ack = ack._replace(lsn=0)
        said = acks.encode(ack)
        if self.old:
            known = ("lsn", "failing", "failingCount", "time", "reads")
            fields = json.loads(said)
            said = json.dumps({name: fields[name] for name in known}).encode()
        self.sent.append(said)

    def deliver(self, said: bytes) -> None:
        """An ack comes to the core, now or late or for the second time."""
        field = self.pod.field.encode()
        self._core.data.hashes.setdefault(keys.ACKS, {})[field] = said
