"""Keys wait once, in order of time, and longer after each failure."""

from dnsfleet_operator.work_queue import MAX_BACKOFF_SECONDS, Key, WorkQueue

ZONES, POP = Key("Zone"), Key("Pop", "fra")


def test_a_key_that_is_named_often_is_taken_once() -> None:
    queue: WorkQueue[Key] = WorkQueue()
    for now in (1.0, 1.1, 1.2):
        queue.add(ZONES, now)
    assert len(queue) == 1
    assert queue.take(2.0) == ZONES
    assert queue.take(2.0) is None
    assert queue.due() is None


def test_keys_come_in_order_of_their_time() -> None:
    queue: WorkQueue[Key] = WorkQueue()
    queue.add(ZONES, 0.0, delay=5.0)
    queue.add(POP, 0.0, delay=1.0)
    assert queue.due() == 1.0
    assert queue.take(0.5) is None
    assert [queue.take(9.0), queue.take(9.0)] == [POP, ZONES]


def test_news_brings_a_key_forward() -> None:
    queue: WorkQueue[Key] = WorkQueue()
    queue.add(ZONES, 0.0, delay=300.0)
    queue.add(ZONES, 1.0, delay=0.5)
    assert queue.take(2.0) == ZONES
    assert queue.take(400.0) is None


def test_each_failure_doubles_the_wait_up_to_a_limit() -> None:
    queue: WorkQueue[Key] = WorkQueue()
    delays = [queue.failed(POP, 0.0) for _ in range(6)]
    assert delays == [0.5, 1.0, 2.0, 4.0, MAX_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS]


def test_the_limit_may_be_another() -> None:
    queue: WorkQueue[Key] = WorkQueue(1.5)
    assert [queue.failed(POP, 0.0) for _ in range(3)] == [0.5, 1.0, 1.5]


def test_a_key_may_fail_for_days() -> None:
    queue: WorkQueue[Key] = WorkQueue()
    delays = [queue.failed(POP, 0.0) for _ in range(20_000)]
    assert delays[-1] == MAX_BACKOFF_SECONDS


def test_news_does_not_shorten_a_backoff() -> None:
    queue: WorkQueue[Key] = WorkQueue()
    queue.failed(POP, 0.0)
    queue.add(POP, 0.0)
    assert queue.take(0.4) is None
    assert queue.take(0.5) == POP


def test_success_ends_the_backoff() -> None:
    queue: WorkQueue[Key] = WorkQueue()
    queue.failed(POP, 0.0)
    assert queue.take(1.0) == POP
    queue.succeeded(POP)
    assert queue.failed(POP, 1.0) == 0.5


def test_what_failed_is_due_when_the_reason_has_ended_and_nothing_else_is() -> None:
    queue: WorkQueue[Key] = WorkQueue()
    for _ in range(5):
        queue.failed(ZONES, 0.0)
    queue.add(POP, 0.0, delay=300.0)
    queue.hasten(1.0)
    assert queue.take(1.0) == ZONES
    assert queue.take(9.0) is None
    assert queue.failed(ZONES, 9.0) == 0.5


def test_a_key_that_is_discarded_does_not_come() -> None:
    queue: WorkQueue[Key] = WorkQueue()
    queue.add(ZONES, 0.0)
    queue.add(POP, 1.0)
    queue.discard(ZONES)
    assert ZONES not in queue
    assert POP in queue
    assert (queue.due(), queue.take(2.0), queue.take(2.0)) == (1.0, POP, None)
