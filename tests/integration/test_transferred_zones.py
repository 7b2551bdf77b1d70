"""Transferred zones in a cluster: the operator's checks, holds and statuses, on a real core."""

import base64
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import dns.message
import dns.rcode
import pytest
from dnsfleet.tsig_keys import Target
from dnsfleet_publisher.transferring import schedules
from support.controlled_fleets import DEADLINE_SECONDS, ControlledFleet
from support.ports import free_port
from support.scripted_primaries import ORIGIN, SECRET, Primary, key, notify, serving
from support.transfer_servers import Replies, framed
from support.valkey import Valkey
from support.waiting import wait_for


@pytest.fixture(name="primary")
def _primary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Primary]:
    monkeypatch.setattr(schedules, "MIN_SECONDS", 0.2)
    with serving(Primary()) as found:
        found.refresh = 0
        found.hosts = list(range(1, 11))
        yield found


@pytest.fixture(name="fleet")
def _fleet(core: Valkey, primary: Primary) -> Iterator[ControlledFleet]:
    with ControlledFleet(core, primary_keys={"k": key(primary.target)}) as fleet:
        yield fleet


def item(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "dns"}
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": kind,
        "metadata": metadata,
        "spec": spec,
    }


def zone(*targets: Target) -> dict[str, Any]:
    rows = [{"address": each.address, "port": each.port} for each in targets]
    transfer = {"primaries": rows, "tsigKey": {"name": "k"}}
    return item("Zone", "one", {"origin": ORIGIN, "source": {"transfer": transfer}})


def status(fleet: ControlledFleet) -> dict[str, Any]:
    found: dict[str, Any] = (fleet.cluster.get("Zone", "one", "dns") or {}).get("status") or {}
    return found


def condition(fleet: ControlledFleet, name: str) -> dict[str, Any]:
    found = (each for each in status(fleet).get("conditions", ()) if each["type"] == name)
    return next(found, {})


def is_served_at(fleet: ControlledFleet, serial: int) -> None:
    def serial_now() -> bool:
        served = fleet.served(ORIGIN)
        return served is not None and served.serial == serial

    wait_for(f"serial {serial}", serial_now, DEADLINE_SECONDS)


def refuses(_: Primary, replies: Replies, send: Callable[[bytes], object]) -> None:
    send(framed(replies.message(rcode=dns.rcode.REFUSED)))


def test_a_zone_is_followed_and_its_status_says_how(
    fleet: ControlledFleet, primary: Primary
) -> None:
    fleet.put(zone(primary.target))
    is_served_at(fleet, 1)
    fleet.wait_for_condition("Zone", "one", "Programmed", "Published")
    fleet.wait_for_condition("Zone", "one", "Refreshed", "Current")
    primary.set(2, *range(1, 12))
    is_served_at(fleet, 2)
    wait_for("the serial is told", lambda: transfer(fleet).get("serial") == 2, DEADLINE_SECONDS)
    assert transfer(fleet)["primary"] == f"127.0.0.1:{primary.port}"
    assert transfer(fleet)["lastRefresh"] <= transfer(fleet)["nextRefresh"]
    assert status(fleet)["serial"] == 2
    primary.set(7, *range(1, 12))  # nothing but the serial
    is_served_at(fleet, 7)


def transfer(fleet: ControlledFleet) -> dict[str, Any]:
    found: dict[str, Any] = status(fleet).get("transfer", {})
    return found


def metric(fleet: ControlledFleet, name: str) -> float | None:
    found: float | None = fleet.metrics.registry.get_sample_value(name, {"zone": ORIGIN})
    return found


def test_serials_of_the_primary_go_beyond_the_highest(
    fleet: ControlledFleet, primary: Primary
) -> None:
    primary.set(2**32 - 1, 1)
    fleet.put(zone(primary.target))
    for serial, host in ((2**32 - 1, 1), (0, 2), (1, 3)):
        primary.set(serial, host)
        is_served_at(fleet, serial)


def test_other_content_with_the_serial_that_is_published_waits(
    core: Valkey, primary: Primary
) -> None:
    with ControlledFleet(core, primary_keys={"k": key(primary.target)}) as first:
        first.put(zone(primary.target))
        is_served_at(first, 1)
    primary.set(1, 1, 2)
    with ControlledFleet(core, first, primary_keys={"k": key(primary.target)}) as second:
        second.put(zone(primary.target))
        second.wait_for_condition("Zone", "one", "Accepted", "SerialNotHigher")
        assert "has the serial 1, and other content" in condition(second, "Accepted")["message"]
        is_served_at(second, 1)
        primary.set(2, 1, 2)
        is_served_at(second, 2)
        second.wait_for_condition("Zone", "one", "Accepted", "Accepted")


def test_a_zone_that_was_removed_comes_back_with_the_serials_of_its_primary(
    fleet: ControlledFleet, primary: Primary
) -> None:
    own = item("Zone", "own", {"origin": ORIGIN, "nameServers": ["ns1.example.net"]})
    fleet.put(own)
    wait_for("it is served", lambda: fleet.served(ORIGIN) is not None, DEADLINE_SECONDS)
    fleet.delete(own)
    wait_for("it is removed", lambda: fleet.served(ORIGIN) is None, DEADLINE_SECONDS)
    fleet.put(zone(primary.target))
    for serial in (1, 2):
        primary.set(serial, serial)
        is_served_at(fleet, serial)


def test_refreshes_are_metrics_until_the_zone_goes(
    fleet: ControlledFleet, primary: Primary
) -> None:
    primary.refresh, primary.expire = 7200, 7210
    made = zone(primary.target)
    fleet.put(made)
    fleet.wait_for_condition("Zone", "one", "Refreshed", "Current")
    refreshed = metric(fleet, "dnsfleet_zone_refresh_timestamp_seconds")
    assert refreshed is not None and abs(time.time() - refreshed) < DEADLINE_SECONDS
    assert metric(fleet, "dnsfleet_zone_expiry_timestamp_seconds") == refreshed + 7210
    assert metric(fleet, "dnsfleet_zone_refreshed") == 1.0
    asked = "dnsfleet_operator_primaries_asked_total"
    assert fleet.metrics.registry.get_sample_value(asked, {"outcome": "axfr"}) == 1
    fleet.delete(made)

    def is_gone() -> bool:
        return metric(fleet, "dnsfleet_zone_refreshed") is None

    wait_for("no series", is_gone, DEADLINE_SECONDS)


def test_an_expired_zone_is_served_and_told(fleet: ControlledFleet, primary: Primary) -> None:
    primary.expire = 1
    fleet.put(zone(primary.target))
    is_served_at(fleet, 1)
    primary.step = refuses
    fleet.wait_for_condition("Zone", "one", "Refreshed", "Expired")
    assert condition(fleet, "Refreshed")["status"] == "False"
    assert "refused" in condition(fleet, "Refreshed")["message"]
    assert condition(fleet, "Programmed")["status"] == "True"
    is_served_at(fleet, 1)
    primary.step = None
    primary.set(2, *range(1, 12))
    is_served_at(fleet, 2)
    fleet.wait_for_condition("Zone", "one", "Refreshed", "Current")


def test_what_removes_too_much_is_held(fleet: ControlledFleet, primary: Primary) -> None:
    fleet.put(zone(primary.target))
    is_served_at(fleet, 1)
    primary.set(2)
    fleet.wait_for_condition("Zone", "one", "Accepted", "UnsafePlan")
    served = fleet.served(ORIGIN)
    assert served is not None and (served.serial, served.records) == (1, 12)
    primary.set(3, *range(2, 12))
    is_served_at(fleet, 3)


def test_a_zone_without_a_key_says_so_and_nobody_is_asked(core: Valkey, primary: Primary) -> None:
    with ControlledFleet(core) as fleet:
        fleet.put(zone(primary.target))
        fleet.wait_for_condition("Zone", "one", "Accepted", "TransferFailed")
        assert "there is no usable TsigKey k" in condition(fleet, "Accepted")["message"]
    assert not primary.asked


def test_record_sets_add_nothing(fleet: ControlledFleet, primary: Primary) -> None:
    fleet.put(zone(primary.target))
    is_served_at(fleet, 1)
    records = [{"name": "added", "type": "A", "data": ["192.0.2.99"]}]
    fleet.put(item("RecordSet", "more", {"zoneRef": {"name": "one"}, "records": records}))
    fleet.wait_for_condition("RecordSet", "more", "Accepted", "TransferredZone")


def test_a_new_leader_without_primaries_serves_on(core: Valkey, primary: Primary) -> None:
    with ControlledFleet(core, primary_keys={"k": key(primary.target)}) as first:
        first.put(zone(primary.target))
        is_served_at(first, 1)
    primary.step = refuses
    with ControlledFleet(core, first, primary_keys={"k": key(primary.target)}) as second:
        second.put(zone(primary.target))
        second.wait_for_condition("Zone", "one", "Accepted", "TransferFailed")
        is_served_at(second, 1)
        primary.step = None
        primary.set(0, 1)  # a primary that is behind what is published
        primary.serial = 2**32 - 1
        second.wait_for_condition("Zone", "one", "Accepted", "SerialNotHigher")
        is_served_at(second, 1)
        primary.set(2, *range(1, 12))
        is_served_at(second, 2)


def told_by(port: int, query: dns.message.Message) -> dns.message.Message:
    """What a gate gets that passes this on."""
    with socket.socket(type=socket.SOCK_DGRAM) as made:
        made.settimeout(DEADLINE_SECONDS)
        made.sendto(query.to_wire(), ("127.0.0.1", port))
        got = made.recv(65535)
    assert got[0] == dns.rcode.NOERROR
    return dns.message.from_wire(got[1:], keyring=query.keyring, request_mac=query.mac or b"")


def test_the_operator_that_leads_hears_a_primary(core: Valkey, primary: Primary) -> None:
    primary.refresh = 7200
    port = free_port()
    environment = {"DNSFLEET_GATE": "true", "DNSFLEET_NOTIFY_PORT": str(port)}
    with ControlledFleet(core, environment=environment) as fleet:
        keys = {
            "secretRef": {"name": "k"},
            "zones": [ORIGIN],
            "for": ["primary"],
            "primaries": [{"address": "127.0.0.1", "port": primary.port}],
        }
        metadata = {"name": "k", "namespace": fleet.namespace}
        fleet.cluster.put(item("TsigKey", "k", keys) | {"metadata": metadata})
        secret = {"secret": base64.b64encode(base64.b64encode(SECRET)).decode()}
        made = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": secret}
        fleet.cluster.put(made)
        fleet.put(zone(primary.target))
        is_served_at(fleet, 1)
        primary.set(2, *range(1, 12))
        assert told_by(port, notify()).rcode() == dns.rcode.NOERROR
        is_served_at(fleet, 2)
        assert told_by(port, notify("two.example.")).rcode() == dns.rcode.NOTAUTH
