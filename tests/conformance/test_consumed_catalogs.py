"""A catalog of BIND at a real API server: the Zones that it gets, with the rights of the chart."""

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from cluster import builds
from support import nameservers
from support.api_operators import NAMESPACE, api_operator
from support.catalog_producers import CATALOG, Producer
from support.kube_api_servers import GUEST, KubeAPIServer, kube_api_server
from support.scripted_primaries import SECRET
from support.waiting import wait_for

Object = dict[str, Any]

CHART = Path(__file__).parents[2] / "helm" / "dnsfleet"
GROUP = "/apis/dnsfleet.io/v1alpha1/namespaces"
ZONES = f"{GROUP}/default/zones"
RIGHTS = "/apis/rbac.authorization.k8s.io/v1"
SECONDS = 120.0
START_SECONDS = 1800
"""The first run compiles Kubernetes (about 10 minutes)."""


class Place(NamedTuple):
    api: KubeAPIServer
    producer: Producer

    def grant(self, *values: str) -> None:
        """Give the operator the rights of a release with these values, and no others."""
        command = [builds.programs()["helm"], "template", "dnsfleet", CHART, "-n", NAMESPACE]
        options = [each for value in values for each in ("--set", value)]
        done = subprocess.run(
            [*command, *options, "--show-only", "templates/rbac.yaml"],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        for each in yaml.safe_load_all(done.stdout):
            if each is None or each["kind"] == "ServiceAccount":
                continue
            if "subjects" in each:
                user = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": GUEST}
                each["subjects"] = [user]
            place = each["metadata"].get("namespace")
            path = f"{RIGHTS}/namespaces/{place}" if place else RIGHTS
            path = f"{path}/{each['kind'].lower()}s"
            status, said, _ = self.api.ask("POST", path, each)
            if status == 409:
                status, said, _ = self.api.ask("PUT", f"{path}/{each['metadata']['name']}", each)
            assert status in (200, 201), said

    def make(self, path: str, body: Object) -> None:
        status, said, _ = self.api.ask("POST", path, body)
        assert status == 201, said

    def members(self) -> dict[str, Object]:
        """The Zones that were made for the catalog, by origin."""
        query = "?labelSelector=dnsfleet.io/catalog%3Dlist"
        return {
            each["spec"]["origin"]: each for each in self.api.ask("GET", ZONES + query)[1]["items"]
        }

    def reason(self, name: str, condition: str) -> str:
        found = self.api.ask("GET", f"{ZONES}/{name}")[1].get("status", {})
        reasons = {each["type"]: each["reason"] for each in found.get("conditions", ())}
        return str(reasons.get(condition, ""))

    def wait_for(self, name: str, condition: str, reason: str) -> None:
        what = f"{name}: {condition} is {reason}"
        wait_for(what, lambda: self.reason(name, condition) == reason, SECONDS)


@pytest.fixture(name="place")
def _place(tmp_path: Path) -> Iterator[Place]:
    server, operator, own = (tmp_path / each for each in ("api", "operator", "bind"))
    for folder in (server, operator, own):
        folder.mkdir()
    producer = Producer(nameservers.BIND, own)
    producer.has({"a.example": "m1", "b.example": "m2"})
    with kube_api_server(server) as api, producer.running():
        place = Place(api, producer)
        gate = {"DNSFLEET_GATE": "true"}
        with api_operator(api, operator, gate, GUEST):
            yield place


@pytest.mark.timeout(START_SECONDS)
def test_the_operator_makes_and_deletes_zones_as_far_as_it_may(place: Place) -> None:
    place.grant("gate.enabled=true")
    primaries = [{"address": "127.0.0.1", "port": place.producer.port}]
    made = {"apiVersion": "dnsfleet.io/v1alpha1"}
    here = {"name": "k", "namespace": NAMESPACE}
    spec: Object = {"secretRef": {"name": "k"}, "zones": ["*"], "for": ["primary"]}
    key = {"kind": "TsigKey", "metadata": here, "spec": {**spec, "primaries": primaries}}
    place.make(f"{GROUP}/{NAMESPACE}/tsigkeys", {**made, **key})
    text = base64.b64encode(SECRET).decode()
    secret = {"kind": "Secret", "metadata": here, "stringData": {"secret": text}}
    place.make(f"/api/v1/namespaces/{NAMESPACE}/secrets", {"apiVersion": "v1", **secret})
    transfer = {"primaries": primaries, "tsigKey": {"name": "k"}, "catalog": {}}
    metadata = {"name": "list", "namespace": "default"}
    source = {"origin": CATALOG, "source": {"transfer": transfer}}
    place.make(ZONES, {**made, "kind": "Zone", "metadata": metadata, "spec": source})

    place.wait_for("list", "MembersSynced", "WriteFailed")
    assert place.members() == {}
    place.grant("gate.enabled=true", "catalogConsumer.enabled=true")
    place.wait_for("list", "MembersSynced", "Synced")
    assert place.members().keys() == {"a.example", "b.example"}
    place.wait_for("a.example", "Programmed", "Published")
    place.wait_for("a.example", "Refreshed", "Current")
    assert place.reason("list", "Propagated") == "CatalogZone"
    told = place.api.ask("GET", f"{ZONES}/list")[1]["status"]["catalog"]
    assert told == {"members": 2, "synced": 2}

    uid = place.members()["b.example"]["metadata"]["uid"]
    place.producer.has({"b.example": "other", "c.example": "m3"})
    wait_for("c comes", lambda: "c.example" in place.members(), SECONDS)
    wait_for("a leaves", lambda: "a.example" not in place.members(), SECONDS)

    def node() -> str:
        annotations = place.members()["b.example"]["metadata"]["annotations"]
        return str(annotations["dnsfleet.io/catalog-member"])

    wait_for("b begins anew", lambda: node() == f"other.zones.{CATALOG}.", SECONDS)
    assert place.members()["b.example"]["metadata"]["uid"] == uid
    place.wait_for("c.example", "Programmed", "Published")
    place.wait_for("list", "MembersSynced", "Synced")
    generations = {each["metadata"]["generation"] for each in place.members().values()}
    assert generations == {1}, "what is as it is to be is not written again"
