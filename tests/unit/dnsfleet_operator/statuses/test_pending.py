"""Which status is written when: the newest of each object, again after a failure, never lost."""

import pytest
from dnsfleet.resources import Reference
from dnsfleet_operator.observed.packing import pack
from dnsfleet_operator.statuses.pending import REFUSED_SECONDS, PendingWrites, Write
from dnsfleet_operator.work_queue import MAX_BACKOFF_SECONDS

A, B = Reference("Zone", "dns", "a"), Reference("Zone", "dns", "b")


def write(number: int, uid: str = "1", urgent: bool = True) -> Write:
    return Write(uid, pack({"serial": number}), [], urgent)


@pytest.fixture
def pending() -> PendingWrites:
    return PendingWrites()


def test_the_newest_of_each_object_is_taken_once(pending: PendingWrites) -> None:
    pending.put(A, write(1), 0.0)
    pending.put(B, write(1), 0.0)
    pending.put(A, write(2), 0.0)
    assert [pending.take(0.0), pending.take(0.0), pending.take(0.0)] == [
        (A, write(2)),
        (B, write(1)),
        None,
    ]
    assert pending.due() is None


def test_two_of_one_object_are_never_under_way_at_once(pending: PendingWrites) -> None:
    pending.put(A, write(1), 0.0)
    assert pending.take(0.0) == (A, write(1))
    pending.put(A, write(2), 0.0)
    assert (pending.take(9.0), pending.due()) == (None, None)
    pending.end(A, 9.0)
    assert pending.take(9.0) == (A, write(2))


def test_what_was_refused_is_tried_again_and_later_each_time(pending: PendingWrites) -> None:
    now, waits = 0.0, []
    pending.put(A, write(1), now)
    for _ in range(9):
        assert pending.take(now) == (A, write(1))
        waits.append(pending.refuse(A, write(1), now))
        due = pending.due()
        assert due is not None
        assert pending.take(due - 0.01) is None
        now = due
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, REFUSED_SECONDS, REFUSED_SECONDS]


def test_one_that_is_refused_holds_up_no_other(pending: PendingWrites) -> None:
    pending.put(A, write(1), 0.0)
    pending.take(0.0)
    pending.refuse(A, write(1), 0.0)
    pending.put(B, write(1), 0.0)
    assert pending.take(0.0) == (B, write(1))


def test_a_newer_one_takes_the_place_of_one_that_failed_and_its_wait(
    pending: PendingWrites,
) -> None:
    pending.put(A, write(1), 0.0)
    pending.take(0.0)
    pending.put(A, write(2), 0.0)
    assert pending.refuse(A, write(1), 0.0) == 0.5
    pending.put(A, write(3), 0.1)
    assert pending.take(0.4) is None
    assert pending.take(0.5) == (A, write(3))
    assert pending.take(99.0) is None


def test_success_ends_the_wait(pending: PendingWrites) -> None:
    for _ in range(2):
        pending.put(A, write(1), 0.0)
        pending.take(0.0)
        assert pending.refuse(A, write(1), 0.0) == 0.5
        pending.take(0.5)
        pending.end(A, 0.5)


def test_one_whose_object_is_gone_is_not_tried_again_but_that_of_a_new_one_is(
    pending: PendingWrites,
) -> None:
    pending.put(A, write(1, "old"), 0.0)
    pending.take(0.0)
    pending.put(A, write(2, "new"), 0.0)
    pending.end(A, 0.0)
    assert pending.take(0.0) == (A, write(2, "new"))
    pending.end(A, 0.0)
    assert pending.due() is None


@pytest.mark.parametrize(("asked", "pause"), [(0.0, 0.5), (0.2, 0.5), (3.0, 3.0)])
def test_trouble_with_the_server_holds_up_all(
    pending: PendingWrites, asked: float, pause: float
) -> None:
    for reference in (A, B):
        pending.put(reference, write(1), 10.0)
    pending.take(10.0)
    assert pending.suspend(A, write(1), 10.0, asked) == pause
    assert pending.take(10.0 + pause - 0.01) is None
    assert pending.due() == 10.0 + pause
    resumed = 10.0 + pause
    assert [pending.take(resumed), pending.take(resumed)] == [(A, write(1)), (B, write(1))]


def test_trouble_that_several_threads_meet_counts_once(pending: PendingWrites) -> None:
    for reference in (A, B):
        pending.put(reference, write(1), 0.0)
        pending.take(0.0)
    assert pending.suspend(A, write(1), 0.0, 0.0) == 0.5
    assert pending.suspend(B, write(1), 0.1, 0.0) == pytest.approx(0.5)
    pending.take(0.6)
    assert pending.suspend(A, write(1), 0.6, 0.0) == 1.0


def test_long_trouble_is_looked_at_again_and_again(pending: PendingWrites) -> None:
    now = 0.0
    pending.put(A, write(1), now)
    for _ in range(2_000):
        assert pending.take(now) == (A, write(1))
        pause = pending.suspend(A, write(1), now, 0.0)
        now += pause
    assert pause == MAX_BACKOFF_SECONDS
    pending.take(now)
    pending.end(A, now)
    pending.put(A, write(2), now)
    pending.take(now)
    assert pending.suspend(A, write(2), now, 0.0) == 0.5


def test_what_was_dropped_does_not_come_back(pending: PendingWrites) -> None:
    for reference in (A, B):
        pending.put(reference, write(1), 0.0)
    pending.take(0.0)
    pending.clear()
    assert pending.due() is None
    assert pending.refuse(A, write(1), 0.0) is None
    assert pending.due() is None
    pending.put(A, write(2), 0.0)
    assert pending.take(0.0) == (A, write(2))


def test_what_came_after_the_drop_is_kept(pending: PendingWrites) -> None:
    pending.put(A, write(1), 0.0)
    pending.take(0.0)
    pending.clear()
    pending.put(A, write(2), 0.0)
    assert pending.take(0.0) is None  # the old one is under way yet
    pending.suspend(A, write(1), 0.0, 1.0)
    assert pending.take(1.0) == (A, write(2))
    pending.end(A, 1.0)
    assert pending.due() is None


def test_what_is_urgent_overtakes_all_that_is_not(pending: PendingWrites) -> None:
    for number in range(3):
        pending.put(Reference("Zone", "dns", f"{number}"), write(1, urgent=False), 0.0)
    pending.put(A, write(1), 5.0)
    pending.put(Reference("Zone", "dns", "2"), write(2), 5.0)
    taken = [pending.take(5.0) for _ in range(4)]
    assert [each[0].name for each in taken if each is not None] == ["2", "a", "0", "1"]
    assert taken[0] == (Reference("Zone", "dns", "2"), write(2))
    assert pending.due() is None


def test_what_is_not_urgent_keeps_the_place_of_what_was(pending: PendingWrites) -> None:
    pending.put(B, write(1, urgent=False), 0.0)
    pending.put(A, write(1), 0.0)
    pending.put(A, write(2, urgent=False), 0.0)
    assert [pending.take(0.0), pending.take(0.0)] == [
        (A, write(2, urgent=False)),
        (B, write(1, urgent=False)),
    ]
    assert pending.refuse(A, write(2, urgent=False), 0.0) == 0.5
    assert (pending.due(), pending.take(0.4)) == (0.5, None)
    assert pending.take(0.5) == (A, write(2, urgent=False))
