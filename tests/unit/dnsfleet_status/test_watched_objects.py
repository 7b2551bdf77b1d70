"""Objects stay watched whatever the API server says, and it is told that they may be old."""

from typing import Any

import pytest
from dnsfleet_status import watched_objects
from dnsfleet_status.watched_objects import RETRY_SECONDS, InNamespaces, WatchedObjects, slim

GOOD = {"items": [], "metadata": {"resourceVersion": "1"}}


class EndError(BaseException):
    """Ends a thread that would go on for ever."""


class Pause:
    """Stands in for the pauses of a thread, and ends it at the second one."""

    def __init__(self, objects: WatchedObjects) -> None:
        self.waits: list[float] = []
        self.problems: list[str] = []
        self._objects = objects

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.problems.append(self._objects.problem)
        if len(self.waits) == 2:
            raise EndError


class Api:
    """An API server that gives the same list each time."""

    def __init__(self, page: Any) -> None:
        self._page = page

    def list_namespaced_custom_object(
        self, _group: str, _version: str, namespace: str, plural: str, **_: object
    ) -> Any:
        metadata = {"name": plural, "namespace": namespace}
        return {**self._page, "items": [{"kind": "Zone", "metadata": metadata}]}

    def list_cluster_custom_object(self, *_: object, **__: object) -> Any:
        return self._page


def run(page: Any) -> Pause:
    objects = WatchedObjects(Api(page), "zones")  # type: ignore[arg-type]
    pause = objects._pause = Pause(objects)  # type: ignore[assignment]
    with pytest.raises(EndError):
        objects._run()
    return pause


@pytest.mark.parametrize(
    "page",
    [
        None,
        [],
        {"items": None, "metadata": {}},
        {"items": [], "metadata": None},
        {"items": [None], "metadata": {}},
    ],
)
def test_a_list_that_is_none_is_told_and_asked_for_again(page: Any) -> None:
    pause = run(page)
    assert pause.waits == [RETRY_SECONDS] * 2
    assert all(each.startswith("zones may be old: the API server: ") for each in pause.problems)


def test_a_watch_that_ends_at_once_is_not_asked_for_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Watch:
        def stream(self, *_: object, **__: object) -> list[Any]:
            return []

    monkeypatch.setattr(watched_objects.watch, "Watch", Watch)
    pause = run(GOOD)
    assert (pause.waits, pause.problems) == ([RETRY_SECONDS] * 2, ["", ""])


def test_objects_of_some_namespaces_are_listed_there_and_nowhere_else() -> None:
    objects = InNamespaces(Api(GOOD), "zones", ["b", "a"])  # type: ignore[arg-type]
    assert objects.problem == "zones were not listed yet"
    for part in objects._parts:
        assert not objects.listed
        part._list()
    assert objects.listed
    assert objects.problem == ""
    assert [each["metadata"]["namespace"] for each in objects.all()] == ["a", "b"]


def test_what_no_page_shows_is_not_kept() -> None:
    found = {
        "kind": "Zone",
        "metadata": {"name": "a", "managedFields": [1], "annotations": {"other": "x"}},
        "spec": {"origin": "a.example", "records": [1]},
        "status": {"serial": 7, "shared": [1]},
    }
    assert slim(found) == {
        "kind": "Zone",
        "metadata": {"name": "a", "annotations": {}},
        "spec": {"origin": "a.example"},
        "status": {"serial": 7},
    }
