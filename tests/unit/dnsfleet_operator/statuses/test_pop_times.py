"""How long each Pop took to a revision: told once, and only of what was on its way."""

from collections.abc import Collection, Sequence

from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet_operator.statuses.pop_times import PopTimes

A = "a.example."
PUBLISHED = 1_800_000_000.0


class Times:
    """The times of one zone, and what was told of them."""

    def __init__(self) -> None:
        self.told: list[tuple[str, float]] = []
        self.times = PopTimes(lambda pop, seconds: self.told.append((pop, round(seconds, 3))))

    def look(
        self,
        after: float,
        answered_by: Collection[str],
        active: Sequence[str] = ("ams", "fra"),
        pops: tuple[str, ...] | None = None,
    ) -> list[tuple[str, float]]:
        """What a look tells, so many seconds after the publication."""
        self.told.clear()
        manifest = Manifest(
            A, Revision(1, 1), None, 9, 1, b"", 2, 2, int(PUBLISHED * 1000), pops=pops
        )
        self.times.look(manifest, active, lambda pop, _: pop not in answered_by, PUBLISHED + after)
        return sorted(self.told)


def test_each_pop_is_told_when_it_arrives_and_never_again() -> None:
    times = Times()
    times.times.published(A)
    assert times.look(0.5, ()) == []
    assert times.look(1.0, ("fra",)) == [("fra", 1.0)]
    assert times.look(2.0, ("fra",)) == []
    assert times.look(3.0, ("ams", "fra")) == [("ams", 3.0)]
    assert times.look(4.0, ()) == []  # edges were restarted
    assert times.look(5.0, ("ams", "fra")) == []


def test_what_arrived_before_the_first_look_is_told() -> None:
    times = Times()
    times.times.published(A)
    assert times.look(0.1, ("ams", "fra")) == [("ams", 0.1), ("fra", 0.1)]


def test_what_an_earlier_writer_published_is_not_told() -> None:
    assert Times().look(1.0, ("ams", "fra")) == []


def test_only_pops_that_the_zone_is_assigned_to_are_told() -> None:
    times = Times()
    times.times.published(A)
    assert times.look(1.0, ("ams", "fra"), pops=("ams",)) == [("ams", 1.0)]
    assert times.look(2.0, ("ams", "fra"), pops=("ams",)) == []


def test_a_pop_that_was_out_of_service_meanwhile_is_not_told() -> None:
    times = Times()
    times.times.published(A)
    assert times.look(0.1, ()) == []
    assert times.look(1.0, (), active=("fra",)) == []
    assert times.look(3600.0, ("ams", "fra")) == [("fra", 3600.0)]


def test_a_pop_that_comes_into_service_later_is_not_told() -> None:
    times = Times()
    times.times.published(A)
    assert times.look(0.1, (), active=("fra",)) == []
    assert times.look(60.0, ("ams", "fra")) == [("fra", 60.0)]


def test_the_next_revision_is_told_of_every_pop_anew() -> None:
    times = Times()
    times.times.published(A)
    assert times.look(1.0, ("fra",)) == [("fra", 1.0)]
    times.times.published(A)
    assert times.look(2.0, ("ams", "fra")) == [("ams", 2.0), ("fra", 2.0)]


def test_what_was_on_its_way_to_a_pop_that_missed_changes_is_not_told() -> None:
    times = Times()
    times.times.published(A)
    assert times.look(0.1, ()) == []
    times.times.missing(frozenset({"ams"}))
    times.times.missing(frozenset())  # it is back, before the zone is looked at
    assert times.look(3600.0, ("ams", "fra")) == [("fra", 3600.0)]


def test_what_is_published_while_a_pop_misses_changes_is_not_told_of_it() -> None:
    times = Times()
    times.times.missing(frozenset({"ams"}))
    times.times.published(A)
    assert times.look(0.1, ()) == []
    times.times.missing(frozenset())
    assert times.look(3600.0, ("ams", "fra")) == [("fra", 3600.0)]
    times.times.published(A)
    assert times.look(1.0, ("ams", "fra")) == [("ams", 1.0), ("fra", 1.0)]


def test_a_zone_that_is_published_no_more_is_forgotten() -> None:
    times = Times()
    times.times.published(A)
    times.times.forget(A)
    assert times.look(1.0, ("ams", "fra")) == []
