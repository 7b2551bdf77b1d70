"""Which statuses a look hands on: those that an object does not show yet."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dnsfleet.manifests import Manifest
from dnsfleet.resources import Reference
from dnsfleet.revisions import Revision
from dnsfleet_operator.fleet_view import FleetView, View
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.observation import Observation
from dnsfleet_operator.publishing import Outcome, State
from dnsfleet_operator.workload_cache import Workloads
from dnsfleet_operator.zone_passes import Results

ZONE = Reference("Zone", "dns", "a")


class Looks:
    """Looks at one Zone that no core has yet, and keeps what they hand on."""

    def __init__(self) -> None:
        self.put: list[tuple[str, Mapping[str, Any]]] = []
        self.view = View(Observation(), Workloads())
        self.looks = FleetView(Metrics(), lambda _, uid, status, __: self.put.append((uid, status)))

    def make(self, uid: str, version: int, generation: int = 1, **changes: Any) -> None:
        metadata = {"name": "a", "namespace": "dns", "uid": uid}
        metadata |= {"resourceVersion": str(version), "generation": generation}
        spec = {"origin": "a.example", "nameServers": ["ns1.example.net"]}
        made = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": "Zone", "metadata": metadata}
        self.view.observation.put(made | {"spec": spec} | changes)
        self.view.results = Results(
            origins={ZONE: "a.example."}, generations={(ZONE, uid): generation}
        )

    def look(self) -> list[str]:
        """The uids of objects that are given a status."""
        self.put.clear()
        self.looks.look(self.view, {}, list)
        return [uid for uid, _ in self.put]


def test_a_status_is_handed_on_once() -> None:
    looks = Looks()
    looks.make("1", 1)
    assert looks.look() == ["1"]
    assert looks.look() == []


def test_an_object_that_was_made_anew_gets_its_own() -> None:
    looks = Looks()
    looks.make("1", 1)
    looks.look()
    looks.view.observation.remove(ZONE, "1")
    looks.make("2", 5)
    assert looks.look() == ["2"]


def test_an_object_that_was_made_anew_waits_for_a_pass_of_its_own() -> None:
    looks = Looks()
    looks.make("1", 1)
    results = looks.view.results
    looks.view.observation.remove(ZONE, "1")
    looks.make("2", 5)
    looks.view.results = results
    assert looks.look() == []


def test_a_status_that_is_shown_already_is_not_written() -> None:
    looks = Looks()
    looks.make("1", 1)
    looks.look()
    status = looks.put[0][1]
    again = Looks()
    again.make("1", 2, status=status)
    assert again.look() == []


def test_a_status_that_could_not_be_written_is_handed_on_again() -> None:
    looks = Looks()
    looks.make("1", 1)
    looks.look()
    looks.looks.forget(ZONE)
    assert looks.look() == ["1"]


def test_no_status_speaks_of_a_generation_that_no_pass_took() -> None:
    looks = Looks()
    looks.make("1", 1)
    results = looks.view.results
    looks.make("1", 2, generation=2)
    looks.view.results = results
    looks.look()
    assert {status["observedGeneration"] for _, status in looks.put} == {1}
    looks.view.results = Results()
    looks.looks.forget()
    assert looks.look() == []


def test_a_zone_that_no_pop_serves_is_told_so_at_once() -> None:
    looks = Looks()
    looks.make("1", 1)
    now_ms = time.time_ns() // 1_000_000
    made = Manifest("a.example.", Revision(1, 1), None, 10, 1, b"", 2, 2, now_ms)
    published = {"a.example.": Outcome(State.PUBLISHED, made)}
    looks.view.results = replace(looks.view.results, outcomes=published)
    assert looks.look() == ["1"]  # nothing is on its way that could make it better
    (_, status) = looks.put[0]
    reasons = {each["type"]: each["reason"] for each in status["conditions"]}
    assert reasons["Accepted"] == "Accepted"
    assert reasons["Propagated"] == "NoActivePop"
