"""`kubectl dnsfleet status` and `held`, beside an API server: which Zones, as which document."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from dnsfleet_cli.kubectl import main
from dnsfleet_cli.kubectl.api_troubles import telling
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.objects import Object
from kubernetes.client import ApiException
from support.api_servers import APIServer, api_server
from typer.testing import CliRunner

API = "dnsfleet.io/v1alpha1"
FLEET_STATUS = {
    "orphanCount": 1,
    "orphans": [
        {
            "origin": "gone.example.",
            "since": "2026-01-01T00:00:00Z",
            "removedAfter": "2026-01-08T00:00:00Z",
            "hash": "0123456789abcdef",
        }
    ],
}
ZONE_STATUS = {
    "observedGeneration": 1,
    "serial": 7,
    "records": 3,
    "revision": {"epoch": 5, "seq": 2},
    "propagation": {"pops": 1, "current": 1, "text": "1/1"},
    "conditions": [
        {
            "type": "Ready",
            "status": "True",
            "reason": "Propagated",
            "message": "",
            "observedGeneration": 1,
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }
    ],
}
ZONE = {
    "namespace": "team",
    "name": "shop",
    "origin": "shop.example.",
    "serial": 7,
    "revision": "5.2",
    "records": 3,
    "pops": {"current": 1, "assigned": 1},
    "ready": "True",
    "reason": "Propagated",
    "message": "",
}


def made(kind: str, name: str, namespace: str = "", **parts: Any) -> dict[str, Any]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    version = "v1" if kind == "Namespace" else API
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **parts}


def zone(name: str, namespace: str) -> dict[str, Any]:
    spec = {"origin": f"{name}.example", "nameServers": ["ns1.example.net"]}
    return made("Zone", name, namespace, spec=spec)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[APIServer]:
    objects = [
        made("Namespace", "dns"),
        made("Namespace", "team"),
        zone("main", "dns"),
        {**zone("shop", "team"), "status": ZONE_STATUS},
        made("Pop", "fra", spec={"location": {"region": "eu"}}),
        made("Fleet", "dnsfleet", status=FLEET_STATUS),
    ]
    with api_server(tmp_path_factory.mktemp("api"), objects) as api:
        yield api


@pytest.fixture(autouse=True)
def _level() -> Iterator[None]:
    """A command that reads the core has the publisher's log silent, for as long as it runs."""
    log = logging.getLogger("dnsfleet_publisher")
    before = log.level
    yield
    log.setLevel(before)


def run(api: APIServer, *words: str, status: int = 0) -> str:
    """What a command prints."""
    ended = CliRunner().invoke(main.app, ["--kubeconfig", str(api.kubeconfig), *words])
    assert ended.exit_code == status, ended.output
    return ended.stdout + (ended.stderr if status else "")


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["status"], ["main", "shop"]),
        (["status", "-A"], ["main", "shop"]),
        (["-A", "status"], ["main", "shop"]),
        (["status", "-n", "team"], ["shop"]),
        (["-n", "team", "status"], ["shop"]),
        (["-n", "dns", "status", "--namespace=team"], ["shop"]),
        (["status", "--namespace", "none"], []),
    ],
)
@pytest.mark.parametrize("behind", [True, False])
@pytest.mark.parametrize("output", ["json", "yaml"])
def test_which_zones_and_how_is_said_anywhere(
    api: APIServer, words: list[str], names: list[str], behind: bool, output: str
) -> None:
    printed = run(api, *(*words, "-o", output) if behind else (f"-o{output}", *words))
    document = json.loads(printed) if output == "json" else yaml.safe_load(printed)
    assert [each["name"] for each in document["zones"]] == names


def test_a_fleet_is_this_document(api: APIServer) -> None:
    (orphan,) = ({**each} for each in FLEET_STATUS["orphans"])  # type: ignore[attr-defined]
    del orphan["hash"]
    assert json.loads(run(api, "status", "-n", "team", "-o", "json")) == {
        "kind": "FleetStatus",
        "pops": [
            {
                "name": "fra",
                "region": "eu",
                "state": "Active",
                "edges": {"ready": 0, "desired": 2},
                "zones": {"current": None, "assigned": None},
                "lagSeconds": None,
                "addresses": [],
                "queriesPerSecond": None,
                "servfailRatio": None,
                "memoryBytes": None,
                "ready": "Unknown",
                "reason": "",
                "message": "not looked at yet by the operator",
            }
        ],
        "zones": [ZONE],
        "orphans": [orphan],
        "orphanCount": 1,
        "problems": [
            "fleet/dnsfleet: gone.example. has no Zone object since 2026-01-01T00:00:00Z; it is "
            "served on and removed after 2026-01-08T00:00:00Z; to end it now: kubectl dnsfleet "
            "zone end gone.example."
        ],
    }


def test_a_zone_is_this_document(api: APIServer) -> None:
    """Without a core to ask nothing is known of single Pops."""
    assert json.loads(run(api, "status", "shop.example", "-o", "json")) == {
        "kind": "ZoneStatus",
        **ZONE,
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "current": True,
                "reason": "Propagated",
                "message": "",
            }
        ],
        "atPops": None,
        "secondaries": None,
    }


def test_a_pop_is_this_document(api: APIServer) -> None:
    found = json.loads(run(api, "status", "fra", "-o", "json"))
    assert (found["kind"], found["name"], found["conditions"], found["commands"]) == (
        *("PopStatus", "fra"),
        *([], []),
    )


def test_nothing_held_is_this_document(api: APIServer) -> None:
    assert json.loads(run(api, "held", "-o", "json")) == {"kind": "HeldChanges", "items": []}
    assert run(api, "held", "-n", "team") == "nothing is held\n"


def test_the_end_of_an_orphan_is_approved_on_the_fleet_beside_what_is_approved(
    api: APIServer,
) -> None:
    """Nobody here ends it."""
    key = "dnsfleet.io/approve"
    api.patch("Fleet", "dnsfleet", "", {"metadata": {"annotations": {key: "aaaa"}}})
    told = run(api, "zone", "end", "GONE.example", "--yes", "--timeout", "0", status=1)
    assert told == "not ended within 0 s: gone.example.; see the operator's log\n"
    assert api.get("Fleet", "dnsfleet")["metadata"]["annotations"][key] == "aaaa,0123456789abcdef"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["zone", "end", "gone.example"], "nobody can be asked here"),
        (["zone", "end", "other.example", "--yes"], "no orphan other.example."),
        (["zone", "end", "shop.example", "--yes"], "has a Zone, zone/team/shop: delete that"),
        (["status", "-n", "team", "-A"], "--namespace and --all-namespaces say different things"),
        (["-A", "drain", "fra"], "No such option: -A"),
        (["status", "-o", "wide"], "'wide'"),
        (["status", "main", "-n", "team"], "no Zone or Pop main"),
        (["nothing"], "No such command 'nothing'"),
        (["--context", "other", "status"], "no cluster to talk to"),
    ],
)
def test_what_cannot_be_is_told(api: APIServer, words: list[str], told: str) -> None:
    assert told in run(api, *words, status=2)


def refusing(plural: str) -> Callable[..., list[Object]]:
    """As the API server answers whom RBAC does not allow to list it."""

    def read(_cluster: Cluster) -> list[Object]:
        with telling(f"list {plural}"):
            raise ApiException(status=403, reason=f"{plural} is forbidden")

    return read


@pytest.mark.parametrize("output", ["json", ""])
def test_what_may_not_be_read_is_said_and_the_rest_is_shown(
    api: APIServer, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    for plural in ("pops", "fleets"):
        monkeypatch.setattr(Cluster, plural, refusing(plural))
    words = ["--kubeconfig", str(api.kubeconfig), "status", "-n", "team"]
    ended = CliRunner().invoke(main.app, [*words, *(["-o", output] if output else [])])
    assert ended.exit_code == 0, ended.output
    for plural in ("pops", "fleets"):
        assert f"cannot list {plural}: {plural} is forbidden" in ended.stderr
    if output:
        document = json.loads(ended.stdout)
        assert (document["pops"], document["zones"]) == (None, [ZONE])
    else:
        assert ended.stdout.startswith("ZONE ")
    named = CliRunner().invoke(main.app, [*words, "shop"])
    assert named.exit_code == 0, named.output
    assert "cannot list pops" in named.stderr
