"""`kubectl dnsfleet pop restart-replica` and its like, against an API server."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dnsfleet.replication.pop_commands import FORGET_EDGE, RESTART_REPLICA
from dnsfleet.resources import pop_requests
from support.api_servers import APIServer, api_server

POP = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": "Pop", "metadata": {"name": "fra"}}


@pytest.fixture(name="api")
def _api(tmp_path: Path) -> Iterator[APIServer]:
    with api_server(tmp_path / "api", [POP | {"spec": {}}]) as api:
        yield api


def run(api: APIServer, *words: str) -> tuple[int, str]:
    """Exit status and what was printed."""
    program = [sys.executable, "-m", "dnsfleet_cli.kubectl", "--kubeconfig", str(api.kubeconfig)]
    ended = subprocess.run([*program, *words], capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def test_each_request_is_an_annotation_beside_those_before(api: APIServer) -> None:
    status, said = run(api, "pop", "restart-replica", "fra")
    assert (status, said.startswith("pop/fra is told: restart-replica (")) == (0, True)
    status, said = run(api, "pop", "forget-edge", "fra", "pop-fra-edge-1", "--expires", "60")
    assert (status, said.startswith("pop/fra is told: forget-edge pop-fra-edge-1 (")) == (0, True)
    found = api.get("Pop", "fra")
    first, second = pop_requests.read(found["metadata"]["annotations"]).requests
    assert [first.verb, second.verb] == [RESTART_REPLICA, FORGET_EDGE]
    assert second.expires_ms - second.given_ms == 60_000
    writers = {
        each["manager"]
        for each in found["metadata"]["managedFields"]
        if pop_requests.PREFIX in str(each["fieldsV1"])
    }
    assert writers == {"dnsfleet-cli"}, "Flux undoes what kubectl wrote"


def test_what_cannot_be_asked_for_is_said(api: APIServer) -> None:
    status, said = run(api, "pop", "snapshot", "iad")
    assert (status, "iad" in said) == (2, True)
    assert run(api, "pop", "snapshot", "fra", "--expires", "0")[0] == 2
    assert not api.get("Pop", "fra")["metadata"].get("annotations")
