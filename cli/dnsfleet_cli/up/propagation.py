"""Which change is live at which Pop, as the acks of the edges say.

A publication is live at a Pop when the ack of the edge that runs there proves it (see
`dnsfleet.replication.acks`). That the core has it, or the replica, proves nothing about answers.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from dnsfleet.replication.acks import Ack, answered, exceptions, shows
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.sums import Positions

from dnsfleet_cli.up import events


@dataclass(frozen=True)
class _Pending:
    manifest: Manifest
    since: float


class Propagation:
    """Follows publications to every Pop; times are monotonic seconds."""

    def __init__(self, began_ms: int) -> None:
        """Nothing that was said before `began_ms` counts (Unix time in milliseconds)."""
        self._began_ms = began_ms
        self.pops: set[str] = set()
        """The Pops that run."""
        self.started_ms: dict[str, int] = {}
        """When the edge of each Pop was started last, Unix time in milliseconds."""
        self._pending: dict[str, _Pending] = {}
        self._failing: dict[tuple[str, str], str] = {}
        self._compared: tuple[Mapping[str, Ack], set[str], dict[str, int]] | None = None
        """Acks, Pops and starts that all of `_pending` was compared with; None where some of it was
        not."""

    @property
    def pending(self) -> bool:
        """Whether a publication is on its way."""
        return bool(self._pending)

    def published(self, manifest: Manifest, since: float) -> None:
        """Follow a publication of a change noticed at `since`; an older one is forgotten."""
        self._pending[manifest.zone] = _Pending(manifest, since)
        self._compared = None

    def hear(self, acks: Mapping[str, Ack], positions: Positions, now: float) -> list[events.Event]:
        """Take the acks by Pop; what has arrived everywhere, and what a Pop cannot load."""
        if self._compared == (acks, self.pops, self.started_ms):
            return []
        self._compared = (acks, set(self.pops), dict(self.started_ms))
        told: list[events.Event] = []
        for pop in sorted(self.pops & acks.keys()):
            if self.is_current(pop, acks[pop]):
                told += self._failures(pop, acks[pop].failing)
        for zone, pending in list(self._pending.items()):
            manifest = pending.manifest
            pops = [pop for pop in self.pops if manifest.tombstone or manifest.assigned(pop)]
            if all(self._has(acks.get(pop), pop, positions, manifest) for pop in pops):
                del self._pending[zone]
                seconds = now - pending.since
                told.append(_arrived(manifest, len(pops), seconds))
        return told

    def late(
        self, acks: Mapping[str, Ack], positions: Positions, published: Container[str], newest: int
    ) -> list[str]:
        """The Pops that do not prove that they answer all of these zones as published.

        `newest` is the position of the one that was published last.
        """
        return [
            pop
            for pop in sorted(self.pops)
            if (ack := acks.get(pop)) is None
            or not self.is_current(pop, ack)
            or answered(ack, positions) < newest
            or any(zone in published for zone in exceptions(ack))
        ]

    def current(self, acks: Mapping[str, Ack]) -> dict[str, Ack]:
        """Those of the acks that come from the processes that run."""
        return {pop: ack for pop, ack in acks.items() if self.is_current(pop, ack)}

    def is_current(self, pop: str, ack: Ack) -> bool:
        """Whether the process that said this is the one that runs."""
        return ack.started_ms >= self.started_ms.get(pop, self._began_ms)

    def _has(self, ack: Ack | None, pop: str, positions: Positions, manifest: Manifest) -> bool:
        return (
            ack is not None
            and self.is_current(pop, ack)
            and shows(ack, positions, manifest.zone, manifest.lsn)
        )

    def _failures(self, pop: str, failing: Mapping[str, str]) -> Iterable[events.Event]:
        for key in [key for key in self._failing if key[0] == pop and key[1] not in failing]:
            del self._failing[key]
        for zone, reason in failing.items():
            if self._failing.get((pop, zone)) != reason:
                self._failing[pop, zone] = reason
                yield events.Warned(f"Pop {pop}", f"cannot load {zone}: {reason}", "LoadFailed")


def _arrived(manifest: Manifest, pops: int, seconds: float) -> events.Event:
    if manifest.tombstone:
        return events.Removed(manifest.zone, pops, seconds)
    return events.Propagated(manifest.zone, manifest.serial, str(manifest.revision), pops, seconds)
