"""What waits for the controller is bounded by the objects that there are."""

import threading
from typing import Any

from dnsfleet.resources import Reference
from dnsfleet_operator.inbox import Event, Inbox
from dnsfleet_operator.observed.slimming import slimmed

ONE, TWO = Reference("Zone", "dns", "one"), Reference("Zone", "dns", "two")


def event(version: int, deleted: bool = False) -> Event:
    return Event({"metadata": {"resourceVersion": str(version)}}, deleted, False)


def test_of_an_object_only_the_newest_version_waits() -> None:
    inbox = Inbox()
    for version in range(1000):
        inbox.put_event(ONE, event(version))
        inbox.put_event(TWO, event(version))
    inbox.put_event(TWO, event(1000, deleted=True))
    assert inbox.take(0) == ([], {ONE: event(999), TWO: event(1000, deleted=True)})
    assert inbox.take(0) == ([], {})


def test_whoever_takes_is_woken_by_what_comes() -> None:
    inbox, taken = Inbox(), list[Any]()
    thread = threading.Thread(target=lambda: taken.append(inbox.take(60)))
    thread.start()
    inbox.put_event(ONE, event(1))
    thread.join(10)
    assert taken == [([], {ONE: event(1)})]


def test_what_nobody_reads_is_left_out() -> None:
    last = "kubectl.kubernetes.io/last-applied-configuration"
    metadata = {"name": "a", "managedFields": [1], "annotations": {last: "{}", "kept": "yes"}}
    found = {"metadata": metadata, "spec": {"containers": []}, "status": {"phase": "Running"}}
    assert slimmed("Pod", found) == {
        "kind": "Pod",
        "metadata": {"name": "a", "annotations": {"kept": "yes"}},
        "status": {"phase": "Running"},
    }
    assert slimmed("Zone", found)["spec"] == {"containers": []}
    assert "managedFields" in metadata, "the object of who gave it stays as it was"
