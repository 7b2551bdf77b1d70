"""A Zone of a real API server shows the secondaries that a gate asked: current, behind, unknown.

The operator runs as a program. What asks and what serves the page are those of a gate.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dnsfleet.secondaries.answers import Answer, Pair
from dnsfleet.secondaries.standings import GRACE_SECONDS
from dnsfleet.tsig_keys import Target
from dnsfleet_gate.secondaries.rows import Rows
from support import secondary_objects
from support.api_operators import NAMESPACE, api_operator
from support.kube_api_servers import KubeAPIServer, kube_api_server
from support.secondary_rows import page, serving
from support.waiting import wait_for

START_SECONDS = 1800
"""The first run compiles Kubernetes (about 10 minutes)."""
SECONDS = 60.0
ORIGIN, TARGET, NOBODY = "a.example.", Target("192.0.2.1", 53), Target("2001:db8::1", 5353)
ZONES = "/apis/dnsfleet.io/v1alpha1/namespaces/default/zones"
KEYS = f"/apis/dnsfleet.io/v1alpha1/namespaces/{NAMESPACE}/tsigkeys"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
ZONE = secondary_objects.zone("default")
KEY = secondary_objects.key(NAMESPACE, "a.example", TARGET, NOBODY)
SECRET = secondary_objects.secret(NAMESPACE)

pytestmark = pytest.mark.timeout(START_SECONDS)


@pytest.fixture(name="api")
def _api(tmp_path: Path) -> Iterator[KubeAPIServer]:
    with kube_api_server(tmp_path) as api:
        wait_for("it serves Zones", lambda: api.ask("GET", ZONES)[0] == 200, SECONDS)
        with api_operator(api, tmp_path, {"DNSFLEET_GATE": "true"}):
            yield api


@pytest.fixture(name="rows")
def _rows(api: KubeAPIServer) -> Iterator[Rows]:
    """What a gate tells, of which the API server has the pod."""
    rows = Rows("instance")
    with serving(lambda query: page(rows, query)) as port:
        make_pod(api, port)
        yield rows


def make_pod(api: KubeAPIServer, port: int) -> None:
    """The pod of a gate whose page is at a port of loopback."""
    pod = secondary_objects.gate_pod("gate-1", NAMESPACE, port)
    account = {"kind": "ServiceAccount", "metadata": {"name": "default"}}
    make(api, f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts", account)
    made = make(api, PODS, pod)
    made["status"] |= {"phase": "Running", "podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}]}
    code, said, _ = api.ask("PUT", f"{PODS}/gate-1/status", made)
    assert code == 200, said


def make(api: KubeAPIServer, path: str, body: Any) -> Any:
    code, said, _ = api.ask("POST", path, body)
    assert code == 201, said
    return said


def status(api: KubeAPIServer) -> dict[str, Any]:
    return dict(api.ask("GET", f"{ZONES}/a")[1].get("status", {}))


def test_a_zone_shows_its_secondaries(api: KubeAPIServer, rows: Rows) -> None:
    for path, body in ((ZONES, ZONE), (f"/api/v1/namespaces/{NAMESPACE}/secrets", SECRET)):
        make(api, path, body)
    make(api, KEYS, KEY)
    serial = int(wait_for("a serial", lambda: status(api).get("serial"), SECONDS))

    def shown() -> dict[str, tuple[str, int | None]]:
        servers = status(api).get("secondaries", {}).get("servers", [])
        return {each["address"]: (each["state"], each.get("serial")) for each in servers}

    rows.put(Pair(ORIGIN, TARGET), Answer("serial", serial))
    expected = {TARGET.address: ("Current", serial), NOBODY.address: ("Unknown", None)}
    wait_for("current", lambda: shown() == expected, SECONDS)
    assert status(api)["secondaries"]["text"] == "1/2"
    rows.put(Pair(ORIGIN, TARGET), Answer("serial", serial - 1))
    expected[TARGET.address] = ("Behind", serial - 1)
    wait_for("behind", lambda: shown() == expected, GRACE_SECONDS + SECONDS)
    (propagated,) = (e for e in status(api)["conditions"] if e["type"] == "Propagated")
    assert propagated["reason"] == "NoActivePop"
