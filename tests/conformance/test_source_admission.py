"""A real API server and the models say the same of Zones with a source."""

from pathlib import Path
from typing import Any

import pytest
from dnsfleet import resources
from support.kube_api_servers import kube_api_server

START_SECONDS = 1800
"""The first run compiles Kubernetes (about 10 minutes)."""
TRANSFER = {"primaries": [{"address": "10.0.0.1"}], "tsigKey": {"name": "k"}}
SOURCE = {"source": {"transfer": TRANSFER}}


def catalog(asked: dict[str, Any]) -> dict[str, Any]:
    return {"source": {"transfer": {**TRANSFER, "catalog": asked}}}


SPECS: list[tuple[dict[str, Any], bool]] = [
    (SOURCE, True),
    ({"source": {"transfer": {**TRANSFER, "primaries": [{"address": "::1", "port": 54}]}}}, True),
    ({"source": {"transfer": {**TRANSFER, "primaries": []}}}, False),
    ({"source": {"transfer": {**TRANSFER, "primaries": [{"address": "::1", "port": 0}]}}}, False),
    ({"source": {"transfer": {"primaries": TRANSFER["primaries"]}}}, False),
    ({"source": {}}, False),
    (catalog({}), True),
    (catalog({"groupLabel": "example.net/group"}), True),
    (catalog({"groupLabel": "a b"}), False),
    (catalog({"zoneTemplate": {"metadata": {"labels": {"a": "b"}}}}), True),
    (catalog({"zoneTemplate": {"spec": {"source": {"transfer": TRANSFER}}}}), True),
    (catalog({"zoneTemplate": {"spec": {"source": {"transfer": {}}}}}), False),
    (catalog({"zoneTemplate": {"spec": {"placement": {}}}}), True),
    (catalog({}) | {"placement": {}}, False),
    (catalog({}) | {"ttl": 60}, False),
    (catalog({}) | {"recordSets": {}}, False),
    (SOURCE | {"placement": {}}, True),
    (SOURCE | {"records": []}, False),
    (SOURCE | {"zoneFile": {"inline": "x"}}, False),
    (SOURCE | {"soa": {}}, False),
    (SOURCE | {"nameServers": ["ns1.example.net"]}, False),
    ({"records": [], "zoneFile": {"inline": "x"}}, False),
]


@pytest.mark.timeout(START_SECONDS)
def test_both_take_the_same_zones(tmp_path: Path) -> None:
    with kube_api_server(tmp_path) as api:
        for spec, good in SPECS:
            made = {
                "apiVersion": "dnsfleet.io/v1alpha1",
                "kind": "Zone",
                "metadata": {"name": "z", "namespace": "default"},
                "spec": {"origin": "example.com", **spec},
            }
            path = "/apis/dnsfleet.io/v1alpha1/namespaces/default/zones?dryRun=All"
            status, answer, _ = api.ask("POST", path, made)
            assert status == (201 if good else 422), (spec, answer)
            found, _ = resources.parse(made, "")
            assert (found is not None) == good, spec
        for length, good in ((63, True), (64, False)):
            metadata = {"name": "z" * length, "namespace": "default"}
            made |= {"metadata": metadata, "spec": {"origin": "example.com", **catalog({})}}
            status, answer, _ = api.ask("POST", path, made)
            assert status == (201 if good else 422), answer
            found, _ = resources.parse(made, "")
            assert (found is not None) == good
