"""A zone that was everywhere stands while evidence is lost, and falls when that may be wrong."""

from dataclasses import replace

import pytest
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet_operator.observed.edge_pods import EdgePod
from dnsfleet_operator.statuses.propagation import PopState, ZoneState
from dnsfleet_operator.statuses.standing import Proof, Standing

A, B = "a.example.", "b.example."
EVERYWHERE = ZoneState(1, 1, (), 0)
ONE, TWO, NEW = (EdgePod("fra", name, True) for name in ("one", "two", "new"))
IAD = EdgePod("iad", "one", True)


def manifest(origin: str, epoch: int = 1, digest: bytes = b"same") -> Manifest:
    return Manifest(origin, Revision(epoch, 1), None, epoch, 1, digest, 2, 2, 0, pops=("fra",))


def late(reason: str) -> ZoneState:
    return ZoneState(1, 0, (PopState("fra", False, reason, "because"),), 0)


class Zones:
    """Two zones that are everywhere, and what happens to them."""

    def __init__(self) -> None:
        self.standing = Standing()
        self.states = {A: EVERYWHERE, B: EVERYWHERE}
        self.manifests = {A: manifest(A), B: manifest(B)}
        self.ready = {"fra": (ONE, TWO)}
        self.active = ["fra"]
        self.look(A, B)

    def look(self, *changed: str) -> set[str]:
        return self.standing.look(
            set(changed), self.states, self.manifests.get, self.active, self.ready
        )

    def lose(self, reason: str = "Propagating") -> None:
        """What edges said is lost."""
        self.states = {A: late(reason), B: late(reason)}
        assert self.look(A, B) == set()


@pytest.mark.parametrize("reason", ["Propagating", "PopUnreachable"])
def test_what_was_everywhere_stands_while_nobody_can_tell(reason: str) -> None:
    zones = Zones()
    assert zones.standing.get(A) is None, "it needs no such help"
    zones.lose(reason)
    assert zones.standing.get(A) == Proof(manifest(A), EVERYWHERE)
    zones.states[A] = EVERYWHERE
    assert zones.look(A) == set()
    assert (zones.standing.get(A), zones.standing.get(B) is None) == (None, False)


def test_the_same_content_under_another_revision_stands_at_the_one_that_was_proved() -> None:
    zones = Zones()
    zones.manifests[A] = manifest(A, epoch=2)
    zones.manifests[B] = manifest(B, epoch=2, digest=b"other")
    zones.lose()
    assert zones.standing.get(A) == Proof(manifest(A), EVERYWHERE)
    assert zones.standing.get(B) is None
    zones.manifests[A] = replace(manifest(A, epoch=3), pops=("fra", "iad"))
    assert zones.look(A) == {A}


@pytest.mark.parametrize("reason", ["LoadFailed", "NoReadyEdge"])
def test_what_speaks_against_it_ends_it(reason: str) -> None:
    zones = Zones()
    zones.lose()
    zones.states[A] = late(reason)
    assert zones.look(A) == {A}
    zones.states[A] = late("Propagating")
    assert zones.look(A) == set()
    assert zones.standing.get(A) is None, "nothing says that it is as it was"


def test_an_edge_that_has_proved_nothing_ends_it() -> None:
    zones = Zones()
    zones.lose()
    zones.ready = {"fra": (ONE,), "elsewhere": (NEW,)}
    assert zones.look() == set()
    zones.ready = {"fra": (ONE, NEW)}
    assert zones.look() == {A, B}


def test_an_edge_that_comes_with_the_loss_keeps_it_from_standing() -> None:
    zones = Zones()
    zones.ready = {"fra": (ONE, TWO, NEW)}
    zones.lose()
    assert zones.standing.get(A) is None


def test_a_pop_that_is_back_in_service_has_proved_nothing() -> None:
    zones = Zones()
    zones.lose()
    zones.active = ["fra", "iad"]
    zones.ready = {"fra": (ONE, TWO), "iad": (IAD,)}
    assert zones.look() == set(), "it serves none of them"
    zones.active = []
    assert zones.look() == set()
    zones.active = ["fra"]
    assert zones.look() == {A, B}


def test_a_zone_that_is_gone_is_forgotten() -> None:
    zones = Zones()
    zones.lose()
    del zones.states[A], zones.manifests[A]
    zones.look(A)
    assert zones.standing.get(A) is None
