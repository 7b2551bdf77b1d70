"""The status of a Zone says which serials its secondaries have, on a real core."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dnsfleet.secondaries.answers import Answer, Pair
from dnsfleet.tsig_keys import Target
from dnsfleet_gate.secondaries.rows import Rows
from dnsfleet_operator.leading.secondary_serials import SECONDARIES
from support import secondary_objects
from support.controlled_fleets import NAMESPACE, ControlledFleet
from support.secondary_rows import page, serving
from support.valkey import Valkey
from support.waiting import wait_for

ORIGIN = "a.example."
TARGET = Target("192.0.2.1", 53)
SECONDS = 20.0
DEFINITION = {"kind": "CustomResourceDefinition", "metadata": {"name": "tsigkeys.dnsfleet.io"}}
KEY = secondary_objects.key(NAMESPACE, "*", TARGET)
ZONE = secondary_objects.zone("dns")
SECRET = secondary_objects.secret(NAMESPACE)


class Gate:
    """The page of a gate, and the pod that it is in."""

    def __init__(self, name: str, port: int) -> None:
        self.rows = Rows(name)
        pod = secondary_objects.gate_pod(name, NAMESPACE, port)
        self.pod = pod | {"status": {"podIP": "127.0.0.1"}}

    def has(self, serial: int, origin: str = ORIGIN) -> None:
        self.rows.put(Pair(origin, TARGET), Answer("serial", serial))


@contextmanager
def gate(name: str = "gate-1") -> Iterator[Gate]:
    asked: list[Gate] = []
    with serving(lambda query: page(asked[0].rows, query)) as port:
        asked.append(Gate(name, port))
        yield asked[0]


class Fleet(ControlledFleet):
    """One with a zone and the key of a secondary."""

    def __init__(self, core: Valkey, before: "Fleet | None" = None) -> None:
        super().__init__(core, before, environment={"DNSFLEET_GATE": "true"})

    def fill(self, gate: Gate) -> int:
        """Make the objects; the serial that is published."""
        for each in (DEFINITION, SECRET, KEY, gate.pod):
            self.cluster.put(each)
        self.put(ZONE)
        self.wait_until_served(ORIGIN, "www.a.example.", "192.0.2.1")
        return self.serial()

    def serial(self) -> int:
        manifest = self.manifest(ORIGIN)
        assert manifest is not None
        return manifest.serial

    def look(self) -> None:
        """Have gates be read now, and what they told be taken."""
        for _ in range(2):
            before = self.turns()
            self.have_due([SECONDARIES])
            wait_for("a pass", lambda before=before: self.turns() > before, SECONDS)

    def turns(self) -> float:
        found = self.metrics.registry.get_sample_value(
            "dnsfleet_operator_pass_seconds_count", {"kind": SECONDARIES.kind}
        )
        return found or 0.0

    def shown(self) -> dict[str, Any]:
        found = self.cluster.get("Zone", "a", "dns") or {}
        return dict(found.get("status", {}).get("secondaries", {}))

    def shows(self, state: str, serial: int | None) -> None:
        def is_shown() -> bool:
            self.look()
            servers = self.shown().get("servers", [])
            return [(each["state"], each.get("serial")) for each in servers] == [(state, serial)]

        wait_for(f"{state} {serial}", is_shown, SECONDS)


def test_zones_show_their_secondaries_and_propagated_does_not_wait(
    core: Valkey,
) -> None:
    with gate() as first, Fleet(core) as fleet:
        serial = fleet.fill(first)
        fleet.wait_for_condition("Zone", "a", "Propagated", "NoActivePop")
        first.has(serial)
        fleet.shows("Current", serial)
        shown = fleet.shown()
        assert shown["text"] == "1/1"
        assert shown["servers"][0]["address"] == TARGET.address
        writes = fleet.status_writes("Zone")
        for _ in range(5):
            fleet.look()
        assert fleet.status_writes("Zone") == writes
        fleet.cluster.delete(KEY)
        wait_for("no secondaries", lambda: fleet.look() or fleet.shown() == {}, SECONDS)


def test_a_pod_that_has_ended_is_no_gate(
    core: Valkey,
) -> None:
    with gate() as first, gate("evicted") as evicted, Fleet(core) as fleet:
        evicted.pod["status"] = {"phase": "Failed", "podIP": "127.0.0.1"}
        fleet.cluster.put(evicted.pod)
        serial = fleet.fill(first)
        evicted.has(serial + 1)
        first.has(serial)
        fleet.shows("Current", serial)
        for _ in range(5):
            fleet.look()
        assert fleet.shown()["servers"][0]["serial"] == serial


def test_a_new_leader_leaves_what_is_shown(
    core: Valkey,
) -> None:
    with gate() as first:
        with Fleet(core) as fleet:
            serial = fleet.fill(first)
            first.has(serial)
            fleet.shows("Current", serial)
            shown, writes = fleet.shown(), fleet.cluster.writes["Zone"]
        with Fleet(core, before=fleet) as second:
            wait_for("it knows all", lambda: second.passes("Zone") > 0, SECONDS)
            for _ in range(5):
                second.look()
            assert second.shown() == shown
            assert second.cluster.writes["Zone"] == writes
            first.rows.put(Pair(ORIGIN, TARGET), Answer("silence", problem="it restarts"))
            for _ in range(3):
                second.look()
            assert second.shown() == shown  # it has a minute for that
