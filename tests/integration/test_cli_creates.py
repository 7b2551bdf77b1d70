"""What `kubectl dnsfleet zone restore` makes, it makes in the name of no tool, and over nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.troubles import Trouble
from support.api_servers import APIServer, api_server

Object = dict[str, Any]
SPEC = {"origin": "a.example", "nameServers": ["ns1.example.net"]}
RECORDS = [{"name": "www", "type": "A", "data": ["192.0.2.1"]}]


def item(kind: str, api_version: str = "dnsfleet.io/v1alpha1", **more: Any) -> Object:
    metadata = {"name": "a", "namespace": "dns"}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}


ZONE = item("Zone", spec=SPEC)
RECORD_SET = item("RecordSet", spec={"zoneRef": {"name": "a"}, "records": RECORDS})
CONFIG_MAP = item("ConfigMap", "v1", data={"zone": "www A 192.0.2.1\n"})


@pytest.fixture(scope="module", name="api")
def _api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[APIServer]:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dns"}}
    with api_server(tmp_path_factory.mktemp("api"), [namespace]) as api:
        yield api


@pytest.mark.parametrize(
    "wanted", [ZONE, RECORD_SET, CONFIG_MAP], ids=["Zone", "RecordSet", "ConfigMap"]
)
def test_an_object_is_made_and_never_replaced(api: APIServer, wanted: Object) -> None:
    cluster = Cluster(api.kubeconfig, None)
    assert cluster.create(wanted)
    found = api.get(wanted["kind"], "a", "dns")
    content = {key: found.get(key) for key in ("spec", "data") if key in wanted}
    assert content == {key: wanted[key] for key in content}
    managers = [each["manager"] for each in found["metadata"]["managedFields"]]
    assert managers == ["dnsfleet-cli"], "Flux undoes what a manager wrote that begins with kubectl"
    other = wanted | ({"spec": {}} if "spec" in wanted else {"data": {}})
    assert not cluster.create(other)
    assert api.get(wanted["kind"], "a", "dns") == found


def test_what_cannot_be_made_is_told(api: APIServer) -> None:
    elsewhere = ZONE | {"metadata": {"name": "a", "namespace": "gone"}}
    with pytest.raises(Trouble, match='cannot create zone/gone/a: namespaces "gone" not found'):
        Cluster(api.kubeconfig, None).create(elsewhere)
