"""A Pop whose document is gone runs on where nobody else answers for one of its zones."""

from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet.resources import Pop
from dnsfleet_cli.up import events
from dnsfleet_cli.up.lasting_pops import LastingPops
from support import yaml_resources

FRA, IAD, SIN = (yaml_resources.pop(name=name) for name in ("fra", "iad", "sin"))
DRAINED = yaml_resources.pop("state: Drained", name="fra")
NOBODY: frozenset[str] = frozenset()


def manifest(origin: str, *pops: str) -> Manifest:
    """Served by these Pops; none is all."""
    return Manifest(origin, Revision(7, 3), None, 10, 2026, b"", 4, 9, 0, pops=pops or None)


class Bench:
    """Pops that ran, and what was told of them."""

    def __init__(self) -> None:
        self.told: list[events.Event] = []
        self.lasting = LastingPops(self.told.append)
        self.lasting.decide([FRA, IAD, SIN], [], NOBODY)

    def run(self, *wanted: Pop, zones: list[Manifest], proven: set[str]) -> list[str]:
        pops = self.lasting.decide(list(wanted), zones, proven)
        return [pop.metadata.name for pop in pops]


def test_a_pop_ends_where_others_answer_for_its_zones() -> None:
    zones = [manifest("a."), manifest("b.", "fra", "iad"), manifest("c.", "sin")]
    assert Bench().run(IAD, SIN, zones=zones, proven={"fra", "iad", "sin"}) == ["iad", "sin"]
    assert Bench().run(FRA, IAD, SIN, zones=zones, proven=set()) == ["fra", "iad", "sin"]


def test_the_last_pop_of_a_zone_runs_on_until_another_one_answers() -> None:
    zones, bench = [manifest("a.", "fra"), manifest("b.", "fra")], Bench()
    for settling in ({"fra"}, set(), set()):
        assert bench.run(IAD, zones=zones, proven={"fra", "iad"}) == ["iad", "fra"]
        assert bench.lasting.settling == settling, "what was told waits for no look soon"
    (told,) = bench.told
    assert isinstance(told, events.Warned)
    assert (told.where, told.reason) == ("Pop fra", "LastActivePop")
    assert "no other Pop answers for a., b.; put its document back" in told.message
    moved = [manifest("a.", "fra", "iad"), manifest("b.", "fra", "iad")]
    assert bench.run(IAD, zones=moved, proven={"fra"}) == ["iad", "fra"]
    assert bench.run(IAD, zones=moved, proven={"fra", "iad"}) == ["iad"]
    assert bench.run(IAD, zones=zones, proven={"fra", "iad"}) == ["iad"]


def test_two_that_are_gone_do_not_rely_on_each_other() -> None:
    zones, bench = [manifest("a.")], Bench()
    assert bench.run(zones=zones, proven={"fra", "iad", "sin"}) == ["fra"]
    assert bench.run(zones=zones, proven={"fra"}) == ["fra"]


def test_a_document_that_says_drained_ends_it() -> None:
    zones, bench = [manifest("a.")], Bench()
    assert bench.run(zones=zones, proven={"fra", "iad", "sin"}) == ["fra"]
    assert bench.run(DRAINED, zones=zones, proven={"fra"}) == ["fra"], "a document that is drained"
    assert bench.lasting.kept == set()
    assert bench.run(zones=zones, proven=set()) == []


def test_a_pop_that_is_kept_for_a_moment_is_not_told_of() -> None:
    zones, bench = [manifest("a.")], Bench()
    assert bench.run(IAD, zones=zones, proven=set())[:2] == ["iad", "fra"]
    assert bench.run(IAD, zones=zones, proven={"iad"}) == ["iad"]
    assert bench.told == []
