"""Sums: the same for the same set, in whatever order it came together."""

from dnsfleet.replication.announcements import Announcement
from dnsfleet.replication.revisions import Revision
from dnsfleet.replication.sums import POSITIONS, AnnouncementSum, NameSum, Positions
from hypothesis import given
from hypothesis import strategies as st

zones = st.sampled_from(["a.", "b.", "c.", "d."])
announcements = st.builds(
    Announcement, st.integers(0, 9), zones, st.builds(Revision, st.integers(1, 2), st.integers(1))
)


@given(st.lists(announcements))
def test_a_sum_is_that_of_the_newest_announcement_of_each_zone(heard: list[Announcement]) -> None:
    counted = AnnouncementSum()
    for each in heard:
        expected = counted.total_with(each)
        counted.put(each)
        assert counted.total == expected
    newest = {each.zone: each for each in heard}
    assert counted.total == AnnouncementSum(reversed(newest.values())).total


@given(st.lists(announcements), zones)
def test_what_is_dropped_counts_no_more(heard: list[Announcement], dropped: str) -> None:
    counted = AnnouncementSum(heard)
    counted.drop(dropped)
    assert counted.total == AnnouncementSum(each for each in heard if each.zone != dropped).total


@given(announcements, announcements)
def test_every_part_of_an_announcement_counts(one: Announcement, other: Announcement) -> None:
    assert (AnnouncementSum([one]).total == AnnouncementSum([other]).total) == (one == other)


@given(st.lists(st.tuples(zones, st.booleans())))
def test_a_sum_of_names_is_that_of_the_set(steps: list[tuple[str, bool]]) -> None:
    counted, names = NameSum(), set[str]()
    for name, live in steps:
        expected = counted.with_name(name, live)
        counted.put(name, live)
        names.add(name) if live else names.discard(name)
        assert (counted.count, counted.total) == expected
        assert (name in counted) == live
    assert expected_of(counted) == expected_of(NameSum(names))


def expected_of(names: NameSum) -> tuple[int, int]:
    return names.count, names.total


def test_a_writer_knows_the_sums_of_its_newest_positions() -> None:
    positions = Positions()
    for lsn in range(POSITIONS + 1):
        positions.note(lsn, lsn + 7)
    assert not positions.has(0, 7)
    assert positions.has(1, 8)
    assert positions.has(POSITIONS, POSITIONS + 7)
    assert not positions.has(POSITIONS, 7)
    positions.clear()
    assert not positions.has(POSITIONS, POSITIONS + 7)
