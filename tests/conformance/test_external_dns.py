"""The webhook of ExternalDNS against a real API server, with the rights that the chart gives it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster import builds
from support.external_dns import ExternalDNS, endpoint
from support.kube_api_servers import GUEST, KubeAPIServer, kube_api_server
from support.waiting import wait_for
from support.webhooks import Webhook, webhook

Object = dict[str, Any]

CHART = Path(__file__).parents[2] / "helm" / "dnsfleet"
TEMPLATE = "templates/externaldns.yaml"
PAGE = Path(__file__).parents[2] / "docs" / "integrations" / "externaldns.md"
RECORD_SETS = "/apis/dnsfleet.io/v1alpha1/namespaces/default/recordsets"
SECONDS = 60.0
START_SECONDS = 1800
"""The first run compiles Kubernetes (about 10 minutes)."""
WWW = endpoint("www.example.com", "A", "192.0.2.1", ttl=60)

pytestmark = pytest.mark.timeout(START_SECONDS)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubeAPIServer]:
    """An API server, and a guest that has the role of the chart."""
    with kube_api_server(tmp_path_factory.mktemp("api")) as server:
        wait_for("it serves RecordSets", lambda: server.ask("GET", RECORD_SETS)[0] == 200, SECONDS)
        values = tmp_path_factory.mktemp("values") / "dnsfleet.yaml"
        values.write_text(PAGE.read_text().split("# dnsfleet.yaml\n")[1].split("```")[0])
        command = [builds.programs()["helm"], "template", "r", CHART, "--values", values]
        done = subprocess.run(
            [*command, "--show-only", TEMPLATE], stdout=subprocess.PIPE, check=True, text=True
        )
        role, binding = yaml.safe_load_all(done.stdout)
        assert (binding["kind"], binding["metadata"]["namespace"]) == ("RoleBinding", "dns")
        server.create(role)
        server.create(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRoleBinding",
                "metadata": {"name": "guest"},
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "ClusterRole",
                    "name": role["metadata"]["name"],
                },
                "subjects": [
                    {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": GUEST}
                ],
            }
        )
        consent = {"namespaces": {"from": "Selector", "selector": {"matchLabels": LABEL}}}
        server.create(zone("example-com", "example.com"))
        server.create(zone("example-org", "example.org", recordSets=consent))
        yield server


LABEL = {"kubernetes.io/metadata.name": "default"}


@pytest.fixture
def found(api: KubeAPIServer, tmp_path: Path) -> Iterator[Webhook]:
    """A webhook with the rights of the guest; what it wrote goes afterwards."""
    with webhook(tmp_path, api.kubeconfig(tmp_path / "kubeconfig", GUEST)) as running:
        yield running
    for each in record_sets(api):
        api.ask("DELETE", f"{RECORD_SETS}/{each['metadata']['name']}")


def zone(name: str, origin: str, **spec: Any) -> Object:
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"origin": origin, "nameServers": ["ns1.example.net"], **spec},
    }


def record_sets(api: KubeAPIServer) -> list[Object]:
    return list(api.ask("GET", RECORD_SETS)[1]["items"])


def records(api: KubeAPIServer) -> dict[tuple[str, str], Any]:
    found = (record for each in record_sets(api) for record in each["spec"]["records"])
    return {(each["name"], each["type"]): (each["data"], each.get("ttl")) for each in found}


@pytest.mark.parametrize("owner", [None, "a"], ids=["no registry", "TXT registry"])
def test_records_come_change_and_go(api: KubeAPIServer, found: Webhook, owner: str | None) -> None:
    dns = ExternalDNS(found.ask, owner)
    many = [endpoint(f"w{n}.example.com", "AAAA", f"2001:db8::{n}") for n in range(30)]
    dns.round([WWW, endpoint("www.example.org", "A", "192.0.2.2"), *many])
    assert records(api)["www.example.com.", "A"] == (["192.0.2.1"], 60)
    assert len(record_sets(api)) == 32 * (1 if owner is None else 2)
    dns.round([endpoint("www.example.com", "A", "192.0.2.9")])
    assert records(api)["www.example.com.", "A"] == (["192.0.2.9"], None)
    dns.round([])
    assert records(api) == {}


def test_it_writes_by_server_side_apply_and_only_what_differs(
    api: KubeAPIServer, found: Webhook
) -> None:
    dns = ExternalDNS(found.ask)
    both = [endpoint("b.example.com", "A", f"192.0.2.{n}", set_id=f"s{n}") for n in (1, 2)]
    dns.round([WWW, *both])
    before = record_sets(api)
    for each in before:
        (writer,) = each["metadata"]["managedFields"]
        assert (writer["manager"], writer["operation"]) == ("dnsfleet-externaldns", "Apply")
    dns.round([WWW, *both])
    found.ask("POST", "/records", {"create": [WWW]})
    assert record_sets(api) == before
    dns.round([WWW, both[0]])
    dns.round([WWW, endpoint("b.example.com", "A", "192.0.2.1")])
    (plain,) = [each for each in record_sets(api) if "b-example" in each["metadata"]["name"]]
    assert "annotations" not in plain["metadata"]  # what it wrote once, and wants no more, goes
    assert found.samples()["dnsfleet_externaldns_writes_total apply"] == 4


def test_an_object_of_somebody_else_with_its_name_is_left_alone(
    api: KubeAPIServer, found: Webhook
) -> None:
    dns = ExternalDNS(found.ask)
    dns.round([WWW])
    (taken,) = record_sets(api)
    dns.round([])
    stranger = {
        "apiVersion": taken["apiVersion"],
        "kind": "RecordSet",
        "metadata": {"name": taken["metadata"]["name"], "namespace": "default"},
        "spec": {
            "zoneRef": {"name": "example-com"},
            "records": [{"name": "www.example.com.", "type": "A", "data": ["203.0.113.1"]}],
        },
    }
    api.create(stranger)
    before = record_sets(api)
    for _ in range(2):
        dns.round([WWW, endpoint("other.example.com", "A", "192.0.2.3")])
    (other,) = [each for each in record_sets(api) if each not in before]
    assert other["spec"]["records"][0]["name"] == "other.example.com."
    assert found.samples()["dnsfleet_externaldns_refused_endpoints Conflict"] == 1
    dns.round([])
    assert record_sets(api) == before


def test_a_change_by_hand_is_undone_and_records_of_others_stay(
    api: KubeAPIServer, found: Webhook
) -> None:
    dns = ExternalDNS(found.ask)
    dns.round([WWW])
    (item,) = record_sets(api)
    item["spec"]["records"][0]["data"] = ["203.0.113.1"]
    item["spec"]["records"].append({"name": "more", "type": "A", "data": ["203.0.113.2"]})
    status, said, _ = api.ask("PUT", f"{RECORD_SETS}/{item['metadata']['name']}", item)
    assert status == 200, said
    dns.round([WWW])
    assert records(api) == {
        ("www.example.com.", "A"): (["192.0.2.1"], 60),
        ("more", "A"): (["203.0.113.2"], None),
    }
    dns.round([WWW])
    assert dns.changes == {}


def test_it_may_be_for_some_namespaces_only(api: KubeAPIServer, tmp_path: Path) -> None:
    kubeconfig = api.kubeconfig(tmp_path / "kubeconfig", GUEST)
    with webhook(tmp_path, kubeconfig, "--namespaces=other") as found:
        dns = ExternalDNS(found.ask)
        dns.round([WWW])
    assert records(api) == {}
    with webhook(tmp_path, kubeconfig, "--namespaces=default,other") as found:
        dns = ExternalDNS(found.ask)
        dns.round([WWW])
        assert list(records(api)) == [("www.example.com.", "A")]
        dns.round([])


def test_without_rights_it_says_which_one_is_missing(api: KubeAPIServer, tmp_path: Path) -> None:
    kubeconfig = api.kubeconfig(tmp_path / "kubeconfig", "stranger")
    with webhook(tmp_path, kubeconfig) as found:
        reply = found.request("GET", "/records", None, {})
    assert reply.status == 503
    assert reply.body.startswith(b"list zones of all namespaces: Unauthorized")


def test_what_comes_together_does_not_stay_by_halves(api: KubeAPIServer, found: Webhook) -> None:
    dns = ExternalDNS(found.ask, "a")
    dns.round([WWW])
    (name,) = [
        each["metadata"]["name"]
        for each in record_sets(api)
        if each["spec"]["records"][0]["type"] == "A"
    ]
    dns.round([])
    # Server-side apply without force would add to this one: no field of it is in conflict.
    record = {"name": "www", "type": "A", "data": ["203.0.113.1"]}
    api.create(
        {
            "apiVersion": "dnsfleet.io/v1alpha1",
            "kind": "RecordSet",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"zoneRef": {"name": "example-com"}, "records": [record]},
        }
    )
    dns.round([WWW])
    assert list(records(api)) == [("www", "A")]
