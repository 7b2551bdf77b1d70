"""Which statuses a look hands on: those that an object does not show yet."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from types import SimpleNamespace
from typing import Any, Self, cast

import pytest
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet.resources import Reference
from dnsfleet.violations import Violation
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.objects import COMPONENT_LABEL, POP_LABEL
from dnsfleet_operator.observed.observation import Observation
from dnsfleet_operator.observed.packing import pack
from dnsfleet_operator.observed.workloads import Workloads
from dnsfleet_operator.pops.passes import PopResult
from dnsfleet_operator.statuses import looks as looks_module
from dnsfleet_operator.statuses import updates
from dnsfleet_operator.statuses.looks import TOLD, FleetView, View
from dnsfleet_operator.zones.results import Pass, Results, Taken
from dnsfleet_publisher.publishing import Outcome, State
from support.evidence import known_positions, proved
from support.signature_records import signed
from support.signature_records import zone as unsigned
from support.zone_writers import zone

ZONE = Reference("Zone", "dns", "a")
POP = Reference("Pop", "", "fra")
A = "a.example."


class Looks:
    """Looks at one Zone that no core has yet, and keeps what they hand on."""

    def __init__(self) -> None:
        self.put: list[tuple[str, Mapping[str, Any]]] = []
        self.view = View(Observation(), Workloads(), positions=known_positions())
        self.pop: dict[str, Any] = {}
        self.pods: list[Mapping[str, Any]] = []
        self.said: dict[str, Ack] = {}
        self.metrics = Metrics()
        self.looks = FleetView(
            self.metrics, lambda _, uid, status, *__: self.put.append((uid, status))
        )

    def make(self, uid: str, version: int, generation: int = 1, **changes: Any) -> None:
        metadata = {"name": "a", "namespace": "dns", "uid": uid}
        metadata |= {"resourceVersion": str(version), "generation": generation}
        spec = {"origin": "a.example", "nameServers": ["ns1.example.net"]}
        made = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": "Zone", "metadata": metadata}
        self.view.observation.put(made | {"spec": spec} | changes)
        self.passed(Taken(uid, generation))

    def passed(
        self,
        taken: Taken | None = None,
        outcome: Outcome | None = None,
        violations: tuple[Violation, ...] = (),
    ) -> None:
        """Have a pass look at the Zone."""
        results = self.view.results
        if taken is not None:
            results.taken[ZONE] = taken
        results.origins[ZONE] = A
        results.members[A] = frozenset({ZONE})
        results.violations[ZONE] = violations
        outcomes = {} if outcome is None else {A: outcome}
        for origin, each in outcomes.items():
            results.note(origin, each, None)
        self.looks.passed(Pass(outcomes, frozenset({A}), frozenset({ZONE}), {}), results)

    def publish(self, zones: int) -> None:
        """Have so many zones be published, and no other."""
        results = self.view.results
        gone = frozenset(results.outcomes)
        for origin in gone:
            results.forget(origin)
        for origin in (f"z{number}.example." for number in range(zones)):
            made = Manifest(origin, Revision(1, 1), None, 9, 1, b"", 2, 2, 0)
            results.note(origin, Outcome(State.UNCHANGED, made), None)
        done = Pass({}, gone | results.outcomes.keys(), frozenset(), {})
        self.looks.passed(done, results)

    def serve(self) -> None:
        """Have one Pop with one Ready edge, which answers everything."""
        metadata = {"name": "fra", "uid": "9", "resourceVersion": "9", "generation": 1}
        kind = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": "Pop"}
        self.pop = kind | {"metadata": metadata, "spec": {}}
        self.view.observation.put(self.pop)
        labels = {POP_LABEL: "fra", COMPONENT_LABEL: "edge"}
        status = {"conditions": [{"type": "Ready", "status": "True"}]}
        self.pods = [{"metadata": {"name": "e", "labels": labels}, "status": status}]
        self.view.workloads.replace("Pod", self.pods)
        self.said = {"fra/e": proved(10, time_ms=time.time_ns() // 1_000_000)}

    def say(self, serial: int) -> None:
        """Have the Zone be published with this serial, which its status tells."""
        made = Manifest(A, Revision(1, serial), None, 10, serial, b"", 2, 2, 0)
        self.passed(outcome=Outcome(State.UNCHANGED, made))

    def write(self, version: int) -> None:
        """Have the API server take the status that was handed on last."""
        uid, status = self.put[-1]
        self.show(uid, version, status)
        self.looks.written(ZONE, pack(status))

    def show(self, uid: str, version: int, status: Mapping[str, Any]) -> None:
        """Have the Zone show a status, whoever wrote it."""
        metadata = {"name": "a", "namespace": "dns", "uid": uid}
        metadata |= {"resourceVersion": str(version), "generation": 1}
        spec = {"origin": "a.example", "nameServers": ["ns1.example.net"]}
        made = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": "Zone", "metadata": metadata}
        self.view.observation.put(made | {"spec": spec, "status": status})

    def serials(self) -> list[int]:
        """The serials in the statuses that a look hands on."""
        self.look()
        return [status["serial"] for _, status in self.put if "serial" in status]

    def write_pop(self, status: Mapping[str, Any]) -> None:
        """Have the Pop show this status."""
        self.view.observation.refresh(self.pop | {"status": status})

    def written_pop(self) -> Mapping[str, Any]:
        """The status of the Pop, once it was handed on and the API server took it."""
        self.view.pops["fra"] = PopResult("9", 1)
        self.look()
        (_, status) = self.put[0]
        self.write_pop(status)
        self.looks.written(POP, pack(status))
        return status

    def look(self) -> list[str]:
        """The uids of objects that are given a status."""
        self.put.clear()
        self.looks.look(self.view, self.said, lambda: self.pods)
        return [uid for uid, _ in self.put]

    def measured(self, name: str) -> float | None:
        """The sample of the Zone."""
        labels = {"namespace": "dns", "name": "a", "zone": "a.example."}
        return self.metrics.registry.get_sample_value(f"dnsfleet_zone_{name}", labels)


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
    looks.view.observation.remove(ZONE, "1")
    looks.make("2", 5)
    looks.passed(Taken("1", 1))
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
    looks.looks.recheck(looks.view.observation)
    assert looks.look() == ["1"]


def test_what_is_so_again_is_handed_on_while_something_else_waits_to_be_written() -> None:
    looks = Looks()
    looks.make("1", 1)
    looks.say(1)
    assert looks.serials() == [1]
    looks.write(2)
    looks.say(2)
    assert looks.serials() == [2]  # and it is not written yet
    looks.say(1)
    assert looks.serials() == [1]


def test_what_is_so_again_is_handed_on_when_the_write_is_done_and_not_heard_of() -> None:
    looks = Looks()
    looks.make("1", 1)
    looks.say(1)
    looks.look()
    looks.write(2)
    looks.say(2)
    looks.look()
    (_, written) = looks.put[-1]
    looks.say(1)
    assert looks.serials() == [1]
    looks.looks.written(ZONE, pack(written))  # what waits is a newer one
    looks.say(2)
    assert looks.serials() == [2]


class Moments(datetime):
    """A clock that a test sets."""

    at = datetime(2026, 1, 1, tzinfo=UTC)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cast(Self, cls.at)


def test_times_of_conditions_go_on_from_what_was_handed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dnsfleet_operator.statuses.looks.datetime", Moments)
    looks = Looks()
    looks.make("1", 1)
    looks.look()
    monkeypatch.setattr(Moments, "at", Moments.at + timedelta(hours=1))
    looks.say(1)
    looks.look()
    (_, second) = looks.put[0]
    assert second["conditions"][0]["lastTransitionTime"] == "2026-01-01T00:00:00Z"


def test_an_object_that_was_made_anew_is_not_taken_for_the_one_whose_write_waits() -> None:
    looks = Looks()
    looks.make("1", 1)
    looks.look()
    (_, status) = looks.put[0]
    looks.view.observation.remove(ZONE, "1")
    looks.make("2", 5, status=status)
    assert looks.look() == [], "it shows what is so already"
    looks.say(1)
    assert looks.look() == ["2"]


def test_a_status_that_somebody_else_changed_is_mended_by_the_next_comparison() -> None:
    looks = Looks()
    looks.make("1", 1)
    looks.say(1)
    looks.look()
    looks.write(2)
    (_, first) = looks.put[0]
    looks.looks.recheck(looks.view.observation)
    assert looks.serials() == []
    looks.say(2)
    looks.look()
    looks.write(3)
    looks.show("1", 4, first)  # as it was when it was compared last
    looks.looks.recheck(looks.view.observation)
    assert looks.serials() == [2]


def test_no_status_speaks_of_a_generation_that_no_pass_took() -> None:
    looks = Looks()
    looks.make("1", 1)
    looks.make("1", 2, generation=2)
    looks.passed(Taken("1", 1))
    looks.look()
    assert {status["observedGeneration"] for _, status in looks.put} == {1}
    looks.view.results = Results()
    looks.looks.recheck(looks.view.observation)
    assert looks.look() == []


def test_a_zone_that_no_pop_serves_is_told_so_at_once() -> None:
    looks = Looks()
    looks.make("1", 1)
    now_ms = time.time_ns() // 1_000_000
    made = Manifest("a.example.", Revision(1, 1), None, 10, 1, b"", 2, 2, now_ms)
    looks.passed(outcome=Outcome(State.PUBLISHED, made))
    assert looks.look() == ["1"]  # nothing is on its way that could make it better
    (_, status) = looks.put[0]
    reasons = {each["type"]: each["reason"] for each in status["conditions"]}
    assert reasons["Accepted"] == "Accepted"
    assert reasons["Propagated"] == "NoActivePop"


def test_zones_that_go_one_by_one_do_not_cost_a_write_of_every_pop_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = Looks()
    looks.serve()
    looks.view.pops["fra"] = PopResult("9", 1)
    assigned = []
    for second, left in enumerate([*range(28, 0, -1), *[0] * 20]):
        clock = SimpleNamespace(time=time.time, monotonic=partial(float, second))
        monkeypatch.setattr(updates, "time", clock)
        looks.publish(left)
        looks.look()
        for _, status in looks.put:
            assigned.append((second, status["zones"]["assigned"]))
            looks.write_pop(status)
    assert assigned == [(0, 28), (10, 18), (20, 8), (30, 0)]


def test_a_pop_that_is_as_it_was_is_told_so_while_something_else_waits() -> None:
    looks = Looks()
    looks.serve()
    healthy = looks.written_pop()
    looks.view.pops["fra"] = PopResult("9", 1, ("ApplyFailed", "no"))
    assert looks.look() == ["9"]
    looks.view.pops["fra"] = PopResult("9", 1)
    assert looks.look() == ["9"]
    (_, again) = looks.put[0]
    assert again["conditions"] == healthy["conditions"]


def test_the_status_of_a_pop_that_somebody_else_changed_is_mended() -> None:
    looks = Looks()
    looks.serve()
    right = looks.written_pop()
    assert looks.look() == []
    looks.write_pop({**right, "conditions": []})
    looks.looks.recheck(looks.view.observation)
    assert looks.look() == ["9"]
    reasons = [each["reason"] for each in looks.put[0][1]["conditions"]]
    assert reasons == [each["reason"] for each in right["conditions"]]


@pytest.mark.parametrize(
    ("state", "violations", "accepted", "propagated"),
    [
        (State.UNCHANGED, (), 1, 1),
        (State.HELD, (), 0, 0),
        (State.FAILED, (), 1, 0),
        (State.UNCHANGED, (Violation("BadRdata", "no", "Zone dns/a: spec", "error"),), 0, 0),
    ],
)
def test_metrics_of_a_zone_are_those_of_its_conditions(
    state: State, violations: tuple[Violation, ...], accepted: int, propagated: int
) -> None:
    looks = Looks()
    looks.make("1", 1)
    looks.serve()
    made = Manifest("a.example.", Revision(1, 1), None, 10, 1, b"", 2, 2, 0)
    looks.passed(outcome=Outcome(state, made, "Reason"), violations=violations)
    looks.look()
    (_, status) = looks.put[0]
    shown = {each["type"]: each["status"] == "True" for each in status["conditions"]}
    assert (shown["Accepted"], shown["Propagated"]) == (accepted, propagated)
    assert (looks.measured("accepted"), looks.measured("propagated")) == (accepted, propagated)
    assert looks.measured("unpropagated_seconds") == 0


def test_a_look_tells_so_many_objects_and_the_next_one_the_others() -> None:
    told: list[Reference] = []

    def put(reference: Reference, *_: Any) -> None:
        told.append(reference)

    observation, results = Observation(), Results()
    for number in range(TOLD + 1):
        observation.put(zone(f"z{number}"))
    zones = observation.of_kind("Zone")
    results.taken = {reference: Taken(known.uid, 1) for reference, known in zones.items()}
    looks, view = FleetView(Metrics(), put), View(observation, Workloads(), results)
    looks.passed(Pass({}, frozenset(), frozenset(zones), {}), results)
    looks.look(view, {}, list)
    assert len(told) == TOLD
    assert looks.pending
    looks.look(view, {}, list)
    assert sorted(told) == sorted(zones)
    assert not looks.pending


def answered_and_then_of_a_new_writer() -> Looks:
    """The Zone shows that it is answered, and the ack of its edge proves nothing any more."""
    looks = Looks()
    looks.serve()
    looks.make("1", 1)
    looks.say(1)
    assert looks.look() == ["1"]
    looks.write(2)
    shown = looks.view.observation.get(ZONE)
    assert shown is not None
    again = Looks()
    again.serve()
    again.said = {"fra/e": again.said["fra/e"]._replace(total=1)}
    again.make("1", 2, status=shown.status)
    again.say(1)
    return again


def test_nothing_is_taken_back_before_edges_could_prove_it_to_a_new_writer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = answered_and_then_of_a_new_writer()
    assert looks.look() == []
    assert looks.looks.pending
    monkeypatch.setattr(looks_module, "PROOF_SECONDS", 0.0)
    assert looks.look() == ["1"]


def test_a_proof_in_time_changes_nothing() -> None:
    looks = answered_and_then_of_a_new_writer()
    assert looks.look() == []
    looks.said = {"fra/e": proved(10, time_ms=time.time_ns() // 1_000_000)}
    assert looks.look() == []


def conditions_of(status: Mapping[str, Any]) -> dict[str, str]:
    return {each["type"]: each["reason"] for each in status["conditions"]}


def test_a_zone_tells_of_its_signatures_when_they_come_to_another_level(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    days = 0.0
    clock = SimpleNamespace(
        time=lambda: days * 86_400, time_ns=time.time_ns, monotonic=time.monotonic
    )
    monkeypatch.setattr(looks_module, "time", clock)
    looks = Looks()
    looks.serve()
    looks.make("1", 1)
    looks.view.results.note_content(A, signed(0, 3 * 86_400), 0.0)
    looks.say(1)
    told = []
    for version, days in enumerate((0.0, 1.0, 1.9, 2.0, 2.5, 3.0, 9.0), 2):
        if looks.look():
            told.append((days, conditions_of(looks.put[-1][1])["SignaturesValid"]))
            looks.write(version)
    assert told == [(0.0, "Valid"), (2.0, "NearExpiry"), (3.0, "Expired")]

    looks.view.results.note_content(A, signed(0, 12 * 86_400, serial=2), 0.0)
    looks.say(2)
    looks.look()
    assert conditions_of(looks.put[-1][1])["SignaturesValid"] == "Valid"
    looks.view.results.note_content(A, unsigned(serial=3), 0.0)
    looks.say(3)
    looks.look()
    assert "SignaturesValid" not in conditions_of(looks.put[-1][1])


def test_the_end_of_the_signatures_is_a_metric_until_the_zone_goes() -> None:
    looks = Looks()

    def metric() -> float | None:
        name = "dnsfleet_zone_signature_expiry_timestamp_seconds"
        return looks.metrics.registry.get_sample_value(name, {"zone": A})

    looks.make("1", 1)
    looks.say(1)
    assert metric() is None
    looks.view.results.note_content(A, signed(0, 7), 0.0)
    looks.say(2)
    assert metric() == 7.0
    looks.view.results.forget(A)
    looks.looks.passed(Pass({}, frozenset({A}), frozenset(), {}), looks.view.results)
    assert metric() is None


def test_the_time_to_a_pop_is_measured_and_forgotten_with_it() -> None:
    looks = Looks()
    looks.serve()
    looks.view.pops["fra"] = PopResult("9", 1)
    made = Manifest(A, Revision(1, 1), None, 10, 1, b"", 2, 2, time.time_ns() // 1_000_000)
    looks.passed(outcome=Outcome(State.PUBLISHED, made))
    looks.look()
    count = "dnsfleet_pop_propagation_seconds_count"
    assert looks.metrics.registry.get_sample_value(count, {"pop": "fra"}) == 1
    looks.view.observation.remove(POP, "9")
    looks.look()
    assert looks.metrics.registry.get_sample_value(count, {"pop": "fra"}) is None


@pytest.mark.parametrize(
    ("ago", "ready", "heard", "counted"),
    [
        (1, True, True, 1),
        (looks_module.MISSED_SECONDS - 5, True, True, 1),
        (looks_module.MISSED_SECONDS + 1, True, True, None),  # a replica that hangs
        (1, False, True, None),
        (1, True, False, None),  # a link that is cut
    ],
)
def test_what_a_pop_missed_is_not_taken_for_a_slow_change(
    ago: float, ready: bool, heard: bool, counted: float | None
) -> None:
    looks = Looks()
    looks.serve()
    looks.view.pops["fra"] = PopResult("9", 1)
    now_ms, pods = time.time_ns() // 1_000_000, looks.pods
    made = Manifest(A, Revision(1, 1), None, 10, 1, b"", 2, 2, now_ms - round(ago * 1000))
    looks.view.workloads.replace("Pod", pods if ready else [])
    looks.said = {"fra/e": proved(5, time_ms=now_ms if heard else 1)}
    looks.passed(outcome=Outcome(State.PUBLISHED, made))
    looks.look()
    looks.view.workloads.replace("Pod", pods)
    looks.said = {"fra/e": proved(10, time_ms=now_ms)}
    looks.look()
    count = "dnsfleet_pop_propagation_seconds_count"
    assert looks.metrics.registry.get_sample_value(count, {"pop": "fra"}) == counted


def test_a_pop_is_connected_while_its_ready_edges_are_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = Looks()
    name, labels = "dnsfleet_pop_connected", {"pop": "fra"}

    def connected() -> float | None:
        looks.look()
        return looks.metrics.registry.get_sample_value(name, labels)

    looks.serve()
    looks.view.pops["fra"] = PopResult("9", 1)
    assert connected() == 1
    looks.view.core_away = True
    assert connected() is None  # nobody can hear it
    looks.view.core_away = False
    looks.said = {"fra/e": proved(10, time_ms=1)}
    assert connected() is None  # it may be heard again any moment
    later = time.monotonic() + 3600
    monkeypatch.setattr(
        looks_module, "time", SimpleNamespace(**vars(time) | {"monotonic": lambda: later})
    )
    assert connected() == 0
    looks.view.workloads.replace("Pod", [])
    assert connected() is None  # the missing edge is told elsewhere
