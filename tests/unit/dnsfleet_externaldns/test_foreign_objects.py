"""Whatever somebody writes into one RecordSet of an instance: the others go on."""

import json
from typing import Any

import pytest
from dnsfleet import names
from dnsfleet_externaldns import record_sets
from hypothesis import assume, example, given
from hypothesis import strategies as st
from support.external_dns import ExternalDNS, endpoint
from support.webhook_rigs import INSTANCE, Objects, Rig, zone

WWW = endpoint("www.example.com", "A", "192.0.2.1", ttl=60)
SERVED = {("www.example.com.", "A"): (["192.0.2.1"], 60)}
NOTED = {"setIdentifier": "", "targets": ["192.0.2.1"], "ttl": 60, "providerSpecific": {}}


def noted(**changed: Any) -> str:
    return json.dumps([NOTED | changed])


NOTES = {
    "an infinite TTL": noted(ttl=float("inf")),
    "a TTL that Go cannot read": noted(ttl=10**30),
    "a TTL below 0": noted(ttl=-1),
    "a setting that is no text": noted(providerSpecific={"weight": [1]}),
    "a setting without a value": noted(providerSpecific={"weight": None}),
    "an identifier that is no text": noted(setIdentifier={}),
    "half of a surrogate pair": noted(setIdentifier="\ud800"),
    "a target that is no text": noted(targets=[None]),
    "too deep": "[" * 100_000,
    "no list": '{"a": 1}',
    "no JSON": "{",
}


@pytest.mark.parametrize("notes", NOTES.values(), ids=NOTES)
def test_notes_that_nobody_wrote_so_are_written_anew(notes: str) -> None:
    here = Rig(Objects(zone("example.com")))
    dns = ExternalDNS(here.ask)
    dns.round([WWW])
    (item,) = here.objects.there.values()
    item["metadata"]["annotations"] = {record_sets.SETS: notes}
    (read,) = here.ask("GET", "/records", None)
    assert (read["targets"], read["recordTTL"]) == (["192.0.2.1"], 60)
    dns.round([WWW])
    assert here.objects.rrsets() == SERVED
    (item,) = here.objects.there.values()
    assert "annotations" not in item["metadata"]
    dns.round([WWW])
    assert dns.changes == {}


@given(st.text())
@example("")
@example("a..b")
@example("a\\")
@example("www")
@example("@")
@example(".")
@example("*.")
@example("A.example.com.")
@example("bücher.example.com.")
@example("x" * 64 + ".example.com.")
def test_a_record_whose_name_is_not_as_we_write_it_is_nobodys(owner: str) -> None:
    assume(not is_normal(owner))
    here = Rig(Objects(zone("example.com")))
    name = record_sets.name(INSTANCE, (owner, "A"))
    there = {
        "metadata": {
            "name": name,
            "namespace": "dns",
            "uid": "x",
            "labels": record_sets.labels(INSTANCE),
        },
        "spec": {
            "zoneRef": {"name": "example-com"},
            "records": [{"name": owner, "type": "A", "data": ["192.0.2.7"]}],
        },
    }
    here.objects.there["dns", name] = there
    dns = ExternalDNS(here.ask)
    dns.round([WWW])
    assert here.objects.there["dns", name] == there
    assert SERVED.items() <= here.objects.rrsets().items()
    dns.round([WWW])
    assert dns.changes == {}


def is_normal(owner: str) -> bool:
    try:
        return owner not in ("", names.ROOT) and names.normalise(owner) == owner
    except ValueError:
        return False
