"""What the status page shows of a fleet on this machine (see `dnsfleet_status.looks`).

The main thread changes all of it, and the threads of the page read. They take copies that nothing
comes between (`dict.copy`), so a page shows one moment of each part, and no part waits for a page.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from typing import NamedTuple

from dnsfleet import resources
from dnsfleet.replication import edge_words
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.edge_words import Word
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.telemetry import Meters
from dnsfleet.zones import plans
from dnsfleet_publisher.last_good import Assembled
from dnsfleet_publisher.publishing import Outcome, State
from dnsfleet_status import looks, matrix
from dnsfleet_status.looks import Change, Hold, Look, Zone

from dnsfleet_cli.up import events
from dnsfleet_cli.up.pops import EDGE_NAME, Pops
from dnsfleet_cli.up.propagation import Propagation
from dnsfleet_cli.up.publication import Publication

CHANGES = 200
"""Changes that are remembered."""
NAME = "on this machine"
VERSION = metadata.version("dnsfleet")


class Changes:
    """The newest publications, as events tell of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: deque[Change] = deque(maxlen=CHANGES)

    def noting(self, show: Callable[[events.Event], None]) -> Callable[[events.Event], None]:
        """What notes each event before it shows it."""

        def note_and_show(event: events.Event) -> None:
            self._note(event)
            show(event)

        return note_and_show

    def _note(self, event: events.Event) -> None:
        """A publication, or that it has arrived everywhere."""
        match event:
            case events.Published():
                now = datetime.now(UTC).isoformat(timespec="seconds")
                made = Change(event.zone, event.serial, event.revision, now, None)
                with self._lock:
                    self._found.appendleft(made)
            case events.Propagated():
                with self._lock:
                    self._arrived(event)

    def newest(self) -> tuple[Change, ...]:
        """The newest first."""
        with self._lock:
            return tuple(self._found)

    def _arrived(self, event: events.Propagated) -> None:
        for number, change in enumerate(self._found):
            if (change.origin, change.revision) == (event.zone, event.revision):
                self._found[number] = replace(change, seconds=event.seconds)
                return


class Parts(NamedTuple):
    """The parts of a fleet that a look is made of."""

    publication: Publication
    propagation: Propagation
    pops: Pops
    zones: Mapping[str, Assembled]
    """What is wanted, by origin."""
    changes: Changes


class StatusLooks:
    """Makes looks; `hear` is for the main thread, calls are for any."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._acks: Mapping[str, Ack] = {}
        self._meters = Meters()
        self._rates: Mapping[str, float] = {}
        self.problem = ""
        """Why the core cannot be asked; empty where it can."""

    def hear(self, acks: Mapping[str, Ack], now_ms: int) -> None:
        """Take what the edge of each Pop said last."""
        self._acks = acks
        said = {pop: {EDGE_NAME: ack} for pop, ack in acks.items()}
        samples = self._meters.take(said, now_ms)
        self._rates = {pop: sample.queries for pop, sample in samples.items()}

    def __call__(self) -> Look:
        now = datetime.now(UTC)
        publication, propagation, pops, wanted, changes = self._parts
        positions, now_ms = publication.positions, round(now.timestamp() * 1000)
        acks = {
            pop: ack for pop, ack in self._acks.items() if propagation.is_current(pop, ack)
        }  # of a process that runs
        words = {
            pop: (edge_words.word(f"the edge of {pop}", acks.get(pop), positions, now_ms),)
            for pop in pops.running.copy()
        }
        manifests = publication.manifests.copy()
        zones = _zones(manifests, publication.told.copy(), wanted)
        known = sorted(pops.wanted, key=lambda pop: pop.metadata.name)
        return Look(
            now.isoformat(timespec="seconds"),
            NAME,
            tuple(
                self._pop(pop, words.get(pop.metadata.name, ()), zones, manifests, now_ms)
                for pop in known
            ),
            zones,
            words,
            changes.newest(),
            tuple(_holds(publication.held.copy())),
            (self.problem,) if self.problem else (),
        )

    def _pop(
        self,
        pop: resources.Pop,
        words: tuple[Word, ...],
        zones: Mapping[str, Zone],
        manifests: Mapping[str, Manifest],
        now_ms: int,
    ) -> looks.Pop:
        name = pop.metadata.name
        drained = bool(pop.drain_asked_by)
        runs = any(not word.silent for word in words)
        found = looks.Pop(
            name=name,
            region=pop.spec.location.region or "",
            state="Drained" if drained else "Active",
            ready=None if drained else runs,
            message="" if runs or drained else "its edge has not been heard lately",
            edges_ready=int(runs),
            edges_desired=int(not drained),
            zones_current=0,
            zones_assigned=0,
            lag_seconds=None,
            queries_per_second=self._rates.get(name) if runs else None,
            version=VERSION,
        )
        late, assigned = matrix.behind(found, zones.values(), words)
        waits = [now_ms - manifests[zone.origin].time_ms for zone in late]
        return replace(
            found,
            zones_current=assigned - len(late),
            zones_assigned=assigned,
            lag_seconds=None if drained else max([0, *waits]) / 1000,
        )


def _zones(
    manifests: Mapping[str, Manifest],
    told: Mapping[str, events.Held | events.Warned],
    wanted: Mapping[str, Assembled],
) -> dict[str, Zone]:
    return {
        origin: Zone(
            origin,
            _name(wanted.get(origin)),
            manifest.serial,
            str(manifest.revision),
            manifest.lsn,
            manifest.records,
            None if manifest.pops is None else frozenset(manifest.pops),
            told[origin].message if origin in told else "",
        )
        for origin, manifest in manifests.items()
    }


def _name(assembled: Assembled | None) -> str:
    if assembled is None:
        return ""
    reference = assembled.resource.reference
    return f"{reference.namespace}/{reference.name}"


def _holds(held: Mapping[str, Outcome]) -> Iterator[Hold]:
    for origin, outcome in sorted(held.items()):
        if outcome.state is State.HELD:
            approve = _how(outcome.plan) if outcome.plan else ""
            yield Hold(f"the records of {origin}", "", outcome.message, outcome.diff, approve)
        if (hold := outcome.placement) is not None:
            lost = tuple(f"- {pop}" for pop in hold.lost)
            yield Hold(f"the placement of {origin}", "", hold.text, lost, _how(hold.hash))


def _how(digest: str) -> str:
    return f"metadata: {{annotations: {{{plans.APPROVE_ANNOTATION}: {digest!r}}}}}"
