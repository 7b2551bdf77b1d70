"""Names of the objects of update keys, and to whom a Service leads."""

import re

import pytest
from dnsfleet.resources import Reference
from dnsfleet_gate.config import UpdateSettings
from dnsfleet_gate.updating import leading, record_sets
from hypothesis import given
from hypothesis import strategies as st

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
