"""How far each zone's newest revision has come, from edges and their acks. Pure.

A revision has reached a Pop when every Ready edge of it proves so; a Pop without a Ready edge has
reached nothing. What an edge says is one position of the log: everything published up to there is
answered, but for the zones that it names as exceptions. It counts if the edge was told what we
published (see `acks`), and if the process that said it still runs. Nothing else counts, neither
that the core has the revision nor that the replica does.

What another cluster says of the edges of its Pop counts as the word of one edge without a name.
Names and numbers are whatever it claims, anew in each report; in the messages of zones each would
be another state of every zone that is late there.
"""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address
from typing import NamedTuple

from dnsfleet.replication import acks, edge_words
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.edge_words import AHEAD, Word
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.sums import Positions
from dnsfleet.resources.zones import MAX_SLOWEST

from dnsfleet_operator.observed.edge_pods import EdgePod

STEPS = (0, 1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400)
"""Seconds behind, as a status tells them: the exact number would be a write every second."""


class PopState(NamedTuple):
    """How one Pop stands to one revision."""

    pop: str
    current: bool
    reason: str = ""
    """CamelCase, where it is not current."""
    message: str = ""


class ZoneState(NamedTuple):
    """How all Pops stand to the newest revision of a zone."""

    pops: int
    current: int
    late: tuple[PopState, ...]
    """At most five of those that are not current, the worst first."""
    seconds: int
    """Since it was published, as a step; 0 where all are current."""

    @property
    def propagated(self) -> bool:
        """Whether every edge that clients reach answers it."""
        return self.pops > 0 and self.current == self.pops


_WORST = (
    "LoadFailed",
    "EdgeAhead",
    "PopUnreachable",
    "NoReadyEdge",
    "UnverifiedEdge",
    "Propagating",
)
_ITS_EDGES = "its edges"


class Fleet:
    """The edges and what they said, at one moment."""

    def __init__(
        self,
        active: Sequence[str],
        ready: Mapping[str, tuple[EdgePod, ...]],
        said: Mapping[str, Ack],
        positions: Positions,
        now_ms: int,
    ) -> None:
        """Take the Pops that clients reach, the Ready edges of each, the acks by POP/EDGE, and what
        the writer knows of its log."""
        self.active = active
        self.now_ms = now_ms
        self._ready = ready
        self._said = said
        self._positions = positions
        self._floors: dict[str, int] = {}

    def zone(self, manifest: Manifest) -> ZoneState:
        """How the Pops of a zone stand to its newest revision."""
        pops = [pop for pop in self.active if manifest.assigned(pop)]
        states = [self._state(manifest, pop) for pop in pops if self._floor(pop) < manifest.lsn]
        late = sorted(
            (state for state in states if not state.current),
            key=lambda state: (_WORST.index(state.reason), state.pop),
        )
        behind = step((self.now_ms - manifest.time_ms) // 1000) if late else 0
        return ZoneState(len(pops), len(pops) - len(late), tuple(late[:MAX_SLOWEST]), behind)

    def current(self, manifest: Manifest, pop: str) -> bool:
        """Whether a Pop answers the newest revision of a zone, in service or not."""
        return self._floor(pop) >= manifest.lsn or self._state(manifest, pop).current

    def words(self, pop: str) -> dict[str, Word]:
        """What each Ready edge of a Pop says, by its name."""
        edges = self._ready.get(pop, ())
        found = {edge.name: self._word(edge) for edge in edges}
        if any(edge.elsewhere for edge in edges):
            return {_ITS_EDGES: _together(found.values())}
        return found

    def _word(self, edge: EdgePod) -> Word:
        ack = self._said.get(edge.field)
        word = edge_words.word(edge.name, ack, self._positions, self.now_ms)
        return word if ack is None or edge.said(ack) else word._replace(answers=-1)

    def doubtful(self, pop: str) -> list[str]:
        """The Ready edges of a Pop that were heard lately, and do not prove what they say."""
        return [
            edge.name
            for edge in self._ready.get(pop, ())
            if (ack := self._said.get(edge.field)) is not None
            and not self._is_silent(ack)
            and self._answers(edge, ack) < 0
        ]

    def differs(self, pop: str) -> bool:
        """Whether the replica of a Pop shows what nobody published.

        So it is where each Ready edge that was heard lately was told that. One that is only behind
        does not say so, one of an older version cannot, and one that was told the truth shows that
        the replica tells it.
        """
        heard = [
            (edge, ack)
            for edge in self._ready.get(pop, ())
            if (ack := self._said.get(edge.field)) is not None and not self._is_silent(ack)
        ]
        return bool(heard) and all(
            ack.total is not None
            and edge.said(ack)
            and self._positions.refutes(ack.told, ack.total)
            for edge, ack in heard
        )

    def silent(self, pop: str) -> list[str]:
        """The Ready edges of a Pop that have not been heard for a while."""
        return [
            edge.name
            for edge in self._ready.get(pop, ())
            if (ack := self._said.get(edge.field)) is None or self._is_silent(ack)
        ]

    def addresses(self, pop: str) -> tuple[str, ...]:
        """The addresses of nodes at which edges of a Pop say that they answer, in order."""
        edges = self._ready.get(pop, ())
        said = (ack for edge in edges if (ack := self._said.get(edge.field)) is not None)
        found = {ip_address(address) for ack in said for address in ack.addresses}
        return tuple(str(each) for each in sorted(found, key=lambda each: (each.version, each)))

    def _floor(self, pop: str) -> int:
        """Everything up to here is answered by every Ready edge; -1 where nothing is known."""
        if pop not in self._floors:
            words = self.words(pop).values()
            self._floors[pop] = -1 if edge_words.exceptions(words) else edge_words.floor(words)
        return self._floors[pop]

    def _state(self, manifest: Manifest, pop: str) -> PopState:
        edges = self._ready.get(pop, ())
        if not edges:
            return PopState(pop, False, "NoReadyEdge", "no edge is Ready")
        said = [(edge, self._said.get(edge.field)) for edge in edges]
        late = [
            (edge, ack)
            for edge, ack in said
            if ack is None
            or manifest.zone in acks.exceptions(ack)
            or self._answers(edge, ack) < manifest.lsn
        ]
        if not late:
            return PopState(pop, True)
        names = ", ".join(edge.name for edge, _ in late[:MAX_SLOWEST])
        if any(edge.elsewhere for edge in edges):
            late, names = said, _ITS_EDGES
        for edge, ack in late:
            if ack is not None and manifest.zone in ack.failing:
                message = f"{_named(edge)} cannot load it: {ack.failing[manifest.zone]}"
                return PopState(pop, False, "LoadFailed", message)
            if ack is not None and manifest.zone in ack.ahead:
                return PopState(pop, False, "EdgeAhead", f"{_named(edge)}: {AHEAD}")
        if any(ack is not None and self._is_silent(ack) for _, ack in late):
            message = f"not heard for {edge_words.SILENT_MS // 1000} s: {names}"
            return PopState(pop, False, "PopUnreachable", message)
        if any(ack is not None and ack.total is None for _, ack in late):
            message = f"of a version that proves nothing: {names}"
            return PopState(pop, False, "UnverifiedEdge", message)
        return PopState(pop, False, "Propagating", f"not yet answered by {names}")

    def _answers(self, edge: EdgePod, ack: Ack) -> int:
        """Up to where an edge proves that it answers; -1 for nothing."""
        return acks.answered(ack, self._positions) if edge.said(ack) else -1

    def _is_silent(self, ack: Ack) -> bool:
        return edge_words.is_silent(ack, self.now_ms)


def _named(edge: EdgePod) -> str:
    return "an edge" if edge.elsewhere else f"edge {edge.name}"


def _together(words: Iterable[Word]) -> Word:
    """What edges say, as one word: what all answer, and what is an exception for any."""
    said = list(words)
    return Word(
        _ITS_EDGES,
        len(said),
        edge_words.floor(said),
        {zone: why for word in reversed(said) for zone, why in word.failing.items()},
        frozenset(zone for word in said for zone in word.ahead),
        any(word.silent for word in said),
    )


def step(seconds: float) -> int:
    """The largest of STEPS that is not above."""
    return max((each for each in STEPS if each <= seconds), default=0)
