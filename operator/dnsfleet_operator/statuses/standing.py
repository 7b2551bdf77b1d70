"""Which zones are answered everywhere although nobody can prove it at the moment. Pure.

While the core is away, and for a moment after it came back, what edges said may be lost, or prove
nothing: the core has another fence, or publishes the same content under a new revision. That is no
news of any zone. An edge never goes back, so one that answered a content answers it for as long as
it runs. So a zone stands, as it was when it was last everywhere, while

    its content and its Pops are the same     only its revision may be another
    nothing speaks against it                 no edge says that it cannot load it
    its edges are those that proved it        a Pop that has come into service since, or an edge
                                              that has become Ready, has proved nothing

One state tells of an outage then, that of the Pops, and not one of each object.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from typing import NamedTuple

from dnsfleet.replication.manifests import Manifest

from dnsfleet_operator.observed.edge_pods import EdgePod
from dnsfleet_operator.statuses.propagation import ZoneState

_UNPROVED = ("Propagating", "PopUnreachable")
"""Reasons that say that an edge did not tell of a revision, and no more."""


class Proof(NamedTuple):
    """A zone as it was everywhere."""

    manifest: Manifest
    state: ZoneState


class Standing:
    """The zones that stand."""

    def __init__(self) -> None:
        self._edges: Mapping[str, frozenset[EdgePod]] = {}
        self._proofs: dict[str, Proof] = {}
        """Of each zone, from when it was everywhere until something speaks against it."""
        self._standing: set[str] = set()

    def get(self, origin: str) -> Proof | None:
        """The proof of a zone that stands; None for others, those that are everywhere too."""
        return self._proofs[origin] if origin in self._standing else None

    def look(
        self,
        changed: Set[str],
        states: Mapping[str, ZoneState],
        newest: Callable[[str], Manifest | None],
        active: Iterable[str],
        ready: Mapping[str, tuple[EdgePod, ...]],
    ) -> set[str]:
        """Follow a look; zones that stood until now and do not any more.

        `changed` are the origins that are new, gone or in another of `states`, `newest` gives their
        manifests. `active` are the Pops that clients reach, `ready` their edges.
        """
        edges = {pop: frozenset(ready.get(pop, ())) for pop in active}
        other = {
            pop for pop, own in edges.items() if not own or not own <= self._edges.get(pop, set())
        }
        self._edges = edges
        fallen = set()
        for origin in changed | self._standing if other else changed:
            state, manifest = states.get(origin), newest(origin)
            if state is not None and manifest is not None and state.propagated:
                self._proofs[origin] = Proof(manifest, state)
                self._standing.discard(origin)
            elif self._holds(origin, state, manifest, other):
                self._standing.add(origin)
            else:
                self._proofs.pop(origin, None)
                if origin in self._standing:
                    self._standing.discard(origin)
                    fallen.add(origin)
        return fallen

    def _holds(
        self, origin: str, state: ZoneState | None, manifest: Manifest | None, other: Set[str]
    ) -> bool:
        """Whether the proof of a zone that is not everywhere by what edges say holds yet."""
        proof = self._proofs.get(origin)
        if proof is None or state is None or manifest is None or not state.late:
            return False
        return (
            (manifest.digest, manifest.pops) == (proof.manifest.digest, proof.manifest.pops)
            and state.late[0].reason in _UNPROVED
            and not any(manifest.assigned(pop) for pop in other)
        )
