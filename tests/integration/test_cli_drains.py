"""`kubectl dnsfleet drain` and `undrain`: which field they write, as whom, and what they say."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dnsfleet.resources.pops import DRAIN_ANNOTATION
from support.api_servers import APIServer, api_server

POP = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": "Pop", "metadata": {"name": "fra"}}


@pytest.fixture(name="api")
def _api(tmp_path: Path) -> Iterator[APIServer]:
    with api_server(tmp_path / "api", [POP | {"spec": {}}]) as api:
        yield api


def run(api: APIServer, command: str) -> tuple[int, str]:
    """Exit status and what was printed."""
    program = [sys.executable, "-m", "dnsfleet_cli.kubectl", "--kubeconfig", str(api.kubeconfig)]
    ended = subprocess.run([*program, command, "fra"], capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def test_a_drain_is_an_annotation_of_a_writer_that_flux_leaves_alone(api: APIServer) -> None:
    assert run(api, "drain") == (0, "pop/fra is to be Drained\n")
    found = api.get("Pop", "fra")
    assert found["metadata"]["annotations"] == {DRAIN_ANNOTATION: "true"}
    assert found["spec"] == {}
    writers = [
        each["manager"]
        for each in found["metadata"]["managedFields"]
        if f"f:{DRAIN_ANNOTATION}" in str(each["fieldsV1"])
    ]
    # Flux undoes what a manager wrote whose name begins so.
    assert len(writers) == 1
    assert not writers[0].startswith("kubectl")
    assert run(api, "drain") == (0, "pop/fra is Drained already\n")

    assert run(api, "undrain") == (0, "pop/fra is to be Active\n")
    assert not api.get("Pop", "fra")["metadata"].get("annotations")
    assert run(api, "undrain") == (0, "pop/fra is Active already\n")


def test_undrain_says_that_the_spec_still_drains(api: APIServer) -> None:
    api.patch("Pop", "fra", "", {"spec": {"state": "Drained"}})
    assert run(api, "drain") == (0, "pop/fra is to be Drained\n")
    said = "pop/fra stays Drained, as spec.state asks; change that where its manifest is kept\n"
    assert run(api, "undrain") == (1, said)
    found = api.get("Pop", "fra")
    assert not found["metadata"].get("annotations")
    assert found["spec"] == {"state": "Drained"}
    assert run(api, "undrain") == (1, said)
