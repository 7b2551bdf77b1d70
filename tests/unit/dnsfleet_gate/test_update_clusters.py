"""Names of the objects of update keys, and to whom a Service leads."""

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from dnsfleet.resources import Reference
from dnsfleet_gate.config import UpdateSettings
from dnsfleet_gate.updating import cluster, leading, record_sets
from dnsfleet_gate.updating.cluster import ClusterStore
from dnsfleet_gate.updating.stores import RefusedError
from hypothesis import given
from hypothesis import strategies as st
from kubernetes import client

ZONE = Reference("Zone", "dns", "example-com")


@given(st.text(), st.text())
def test_each_key_has_a_name_of_its_own_that_kubernetes_takes(one: str, other: str) -> None:
    name = record_sets.name(one, ZONE)
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name) and len(name) < 100
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", record_sets.slug(one))
    assert len(record_sets.slug(one)) <= 63
    assert (name == record_sets.name(other, ZONE)) == (one == other)
    assert name != record_sets.name(one, ZONE._replace(name="example-org"))


@pytest.mark.parametrize(("address", "family"), [("192.0.2.7", "IPv4"), ("2001:db8::7", "IPv6")])
def test_a_service_leads_to_one_pod(address: str, family: str) -> None:
    settings = UpdateSettings(
        namespace="dns", name="n", pod_name="gate-1", pod_ip=address, node_name="node-1"
    )
    made = leading.endpoint_slice(settings, 5353, {"metadata": {"uid": "u"}})
    assert made["addressType"] == family
    (endpoint,) = made["endpoints"]
    assert endpoint["addresses"] == [address]


@pytest.mark.parametrize(
    ("edited", "is_taken"),
    [
        ({"name": "www.example.com."}, True),
        ({"name": "www.example.com.", "ttl": 0}, True),
        ({"name": "www"}, False),
        ({"name": "www.example.com\\."}, False),
        ({"name": "www.example.com.", "ttl": None}, False),
    ],
)
def test_an_object_that_somebody_edited_is_not_read_as_something_else(
    edited: dict[str, Any], is_taken: bool
) -> None:
    """A relative name would become one below the root, and be so from the next write on."""
    record = {"type": "A", "ttl": 300, "data": ["192.0.2.1"], "since": "2026-01-01T00:00:00Z"}
    found = record_sets.body(
        record_sets.metadata("k.", ZONE) | {"generation": 1, "uid": "one"},
        {"zoneRef": {"name": ZONE.name}, "dynamicRecords": [record | edited]},
    )

    class Objects:
        def get_namespaced_custom_object(self, *_: object, **__: object) -> SimpleNamespace:
            return SimpleNamespace(data=json.dumps(found))

    store = ClusterStore(client.ApiClient())
    store._objects = Objects()
    try:
        ((owner, _),) = store.read("k.", ZONE).claims
    except RefusedError as error:
        assert not is_taken
        assert "spec.dynamicRecords[0]" in str(error)
    else:
        assert is_taken
        assert owner == "www.example.com."


@pytest.mark.parametrize(("status", "propagated"), [("True", 4), ("False", 0), ("Unknown", 0)])
def test_edges_have_an_earlier_generation_while_writes_go_on(status: str, propagated: int) -> None:
    def condition(name: str) -> dict[str, Any]:
        return {"type": name, "status": status, "observedGeneration": 4}

    found = record_sets.body(
        record_sets.metadata("k.", ZONE) | {"generation": 6, "uid": "one"},
        record_sets.spec(ZONE, {}),
    ) | {"status": {"conditions": [condition("Programmed"), condition("Propagated")]}}
    read = cluster.stored(found)
    assert (read.generation, read.programmed, read.propagated) == (6, 0, propagated)
    assert cluster.stored({**found, "status": {}}).propagated == 0
