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
SPECS: list[tuple[dict[str, Any], bool]] = [
    (SOURCE, True),
    ({"source": {"transfer": {**TRANSFER, "primaries": [{"address": "::1", "port": 54}]}}}, True),
    ({"source": {"transfer": {**TRANSFER, "primaries": []}}}, False),
    ({"source": {"transfer": {**TRANSFER, "primaries": [{"address": "::1", "port": 0}]}}}, False),
    ({"source": {"transfer": {"primaries": TRANSFER["primaries"]}}}, False),
    ({"source": {}}, False),
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
