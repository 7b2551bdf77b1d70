"""Statuses that the API server does not take at once are written later, and only while of use."""

import queue
import time
from collections.abc import Iterator

import pytest
from dnsfleet.resources import Reference
from dnsfleet_operator.cluster import ClusterError, ConflictError, Object
from dnsfleet_operator.statuses.events import Notice
from dnsfleet_operator.statuses.writing import StatusWriter
from support.memory_clusters import MemoryCluster, name_of
from support.waiting import wait_for

DEADLINE_SECONDS = 10.0
A, B = Reference("Pop", "", "a"), Reference("Pop", "", "b")


class ScriptedCluster(MemoryCluster):
    """Answers writes of an object's status, and Events, with the errors that a test gives."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: dict[str, list[Exception]] = {}
        """By name; each is raised once."""
        self.tried: list[tuple[str, float]] = []
        """The name in each write of a status, and when it came."""

    def apply(self, wanted: Object, subresource: str = "") -> Object | None:
        name = name_of(wanted)[1]
        self.tried.append((name, time.monotonic()))
        self._raise(name)
        return super().apply(wanted, subresource)

    def create(self, new: Object) -> Object:
        self._raise(new["kind"])
        return super().create(new)

    def tries(self, reference: Reference) -> list[float]:
        return [at for name, at in self.tried if name == reference.name]

    def _raise(self, name: str) -> None:
        if errors := self.errors.get(name):
            raise errors.pop(0)


class Writing:
    """A writer at work on two Pops."""

    def __init__(self) -> None:
        self.cluster = ScriptedCluster()
        self.uids = {reference: self.make(reference) for reference in (A, B)}
        self.written: queue.SimpleQueue[Object] = queue.SimpleQueue()
        self.writer = StatusWriter(
            self.cluster, "operator-1", lambda made, _: self.written.put(made)
        )

    def make(self, reference: Reference) -> str:
        made = self.cluster.put({"kind": "Pop", "metadata": {"name": reference.name}, "spec": {}})
        return str(made["metadata"]["uid"])

    def put(self, reference: Reference, number: int, *notices: Notice) -> None:
        self.writer.put(reference, self.uids[reference], {"number": number}, notices, urgent=True)

    def next(self) -> tuple[str, int]:
        """The next status that is written."""
        made = self.written.get(timeout=DEADLINE_SECONDS)
        return made["metadata"]["name"], made["status"]["number"]

    def wait_until_nothing_is_left(self) -> None:
        """Wait until no write is under way; none waits then."""
        pending = self.writer._pending
        wait_for("the writes end", lambda: not pending._under_way, DEADLINE_SECONDS)
        assert pending.due() is None

    def wait_for_tries(self, reference: Reference, count: int) -> None:
        what = f"{count} tries of {reference}"
        wait_for(what, lambda: len(self.cluster.tries(reference)) >= count, DEADLINE_SECONDS)


@pytest.fixture
def writing() -> Iterator[Writing]:
    writing = Writing()
    writing.writer.start()
    yield writing
    writing.writer.stop()


@pytest.mark.parametrize(
    "error",
    [
        ClusterError("the CRD does not know it", 422),
        ClusterError("a webhook failed", 500),
        ConflictError("others wrote it meanwhile", 409),
        ClusterError("no answer", 0),
        ClusterError("too many requests", 429),
        ClusterError("it stops", 503),
        RuntimeError("a defect"),
    ],
)
def test_a_write_that_failed_is_not_lost(writing: Writing, error: Exception) -> None:
    writing.cluster.errors["a"] = [error]
    writing.put(A, 1)
    assert writing.next() == ("a", 1)
    first, second = writing.cluster.tries(A)
    assert second - first >= 0.5


def test_one_that_is_refused_holds_up_no_other(writing: Writing) -> None:
    writing.cluster.errors["a"] = [ClusterError("no", 422)]
    writing.put(A, 1)
    writing.wait_for_tries(A, 1)
    writing.put(B, 1)
    assert [writing.next(), writing.next()] == [("b", 1), ("a", 1)]


@pytest.mark.parametrize("status", [429, 503])
def test_the_server_says_how_long_to_wait(writing: Writing, status: int) -> None:
    writing.cluster.errors["a"] = [ClusterError("wait", status, retry_after=1.5)]
    writing.put(A, 1)
    writing.wait_for_tries(A, 1)
    writing.put(B, 1)
    assert {writing.next(), writing.next()} == {("a", 1), ("b", 1)}
    refused, again = writing.cluster.tries(A)
    (other,) = writing.cluster.tries(B)
    assert min(again, other) - refused >= 1.5


def test_a_newer_status_takes_the_place_of_one_that_failed(writing: Writing) -> None:
    writing.cluster.errors["a"] = [ClusterError("no", 422)]
    writing.put(A, 1)
    writing.wait_for_tries(A, 1)
    writing.put(A, 2)
    assert writing.next() == ("a", 2)
    assert len(writing.cluster.tries(A)) == 2


def test_an_object_that_is_gone_is_not_tried_again(writing: Writing) -> None:
    writing.cluster.errors["a"] = [ClusterError("no", 422)]
    (gone,) = [each for each in writing.cluster.objects("Pop") if each["metadata"]["name"] == "a"]
    writing.cluster.delete(gone)
    writing.put(A, 1)
    writing.wait_for_tries(A, 1)
    writing.put(B, 1)
    assert writing.next() == ("b", 1)
    writing.wait_until_nothing_is_left()
    assert len(writing.cluster.tries(A)) == 1


def test_an_object_that_was_made_anew_gets_its_own_status_alone(writing: Writing) -> None:
    old = writing.uids[A]
    (gone,) = [each for each in writing.cluster.objects("Pop") if each["metadata"]["name"] == "a"]
    writing.cluster.delete(gone)
    new = writing.make(A)
    assert new != old
    writing.put(A, 1)
    writing.wait_for_tries(A, 1)
    writing.uids[A] = new
    writing.put(A, 2)
    assert writing.next() == ("a", 2)
    assert len(writing.cluster.tries(A)) == 2


def test_nothing_is_tried_again_for_another_leader(writing: Writing) -> None:
    writing.cluster.errors["a"] = [ClusterError("no", 422)]
    writing.put(A, 1)
    writing.wait_for_tries(A, 1)
    writing.writer.clear()
    writing.put(B, 1)
    assert writing.next() == ("b", 1)
    writing.wait_until_nothing_is_left()


@pytest.mark.parametrize("error", [ClusterError("no", 403), RuntimeError("a defect")])
def test_an_event_that_cannot_be_posted_costs_neither_the_status_nor_the_next_event(
    writing: Writing, error: Exception
) -> None:
    writing.cluster.errors["Event"] = [error]
    writing.put(A, 1, Notice("Warning", "One", "first"), Notice("Warning", "Two", "second"))
    assert writing.next() == ("a", 1)
    found = wait_for("the event", lambda: writing.cluster.objects("Event"), DEADLINE_SECONDS)
    assert [event["reason"] for event in found] == ["Two"]
    assert len(writing.cluster.tries(A)) == 1
