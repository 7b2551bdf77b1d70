"""Which change is live at which Pop, as the acks of the edges say.

A publication is live at a Pop when the Pop's ack is at or beyond its position in the log and does
not name the zone as failing. That the core has it, or the replica, proves nothing about answers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dnsfleet.replication.acks import Ack
from dnsfleet.replication.manifests import Manifest

from dnsfleet_cli.up import events


@dataclass(frozen=True)
class _Pending:
    manifest: Manifest
    since: float


class Propagation:
    """Follows publications to every Pop; times are monotonic seconds."""

    def __init__(self) -> None:
        self.pops: set[str] = set()
        """The Pops that run."""
        self._pending: dict[str, _Pending] = {}
        self._failing: dict[tuple[str, str], str] = {}
        self._compared: tuple[Mapping[str, Ack], set[str]] | None = None
        """Acks and Pops that all of `_pending` was compared with; None where some of it was not."""

    @property
    def pending(self) -> bool:
        """Whether a publication is on its way."""
        return bool(self._pending)

    def published(self, manifest: Manifest, since: float) -> None:
        """Follow a publication of a change noticed at `since`; an older one is forgotten."""
        self._pending[manifest.zone] = _Pending(manifest, since)
        self._compared = None

    def hear(self, acks: Mapping[str, Ack], now: float) -> list[events.Event]:
        """Take the acks by Pop; what has arrived everywhere, and what a Pop cannot load."""
        if self._compared == (acks, self.pops):
            return []
        self._compared = (acks, set(self.pops))
        told: list[events.Event] = []
        for pop in sorted(self.pops & acks.keys()):
            told += self._failures(pop, acks[pop].failing)
        for zone, pending in list(self._pending.items()):
            manifest = pending.manifest
            pops = [pop for pop in self.pops if manifest.tombstone or manifest.assigned(pop)]
            if all(_has(acks.get(pop), manifest) for pop in pops):
                del self._pending[zone]
                seconds = now - pending.since
                told.append(_arrived(manifest, len(pops), seconds))
        return told

    def _failures(self, pop: str, failing: Mapping[str, str]) -> Iterable[events.Event]:
        for key in [key for key in self._failing if key[0] == pop and key[1] not in failing]:
            del self._failing[key]
        for zone, reason in failing.items():
            if self._failing.get((pop, zone)) != reason:
                self._failing[pop, zone] = reason
                yield events.Warned(f"Pop {pop}", f"cannot load {zone}: {reason}", "LoadFailed")


def _has(ack: Ack | None, manifest: Manifest) -> bool:
    return ack is not None and ack.lsn >= manifest.lsn and manifest.zone not in ack.failing


def _arrived(manifest: Manifest, pops: int, seconds: float) -> events.Event:
    if manifest.tombstone:
        return events.Removed(manifest.zone, pops, seconds)
    return events.Propagated(manifest.zone, manifest.serial, str(manifest.revision), pops, seconds)
