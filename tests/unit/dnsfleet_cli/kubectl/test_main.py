"""`kubectl-dnsfleet` where there is no cluster to talk to."""

import subprocess
import sys
from pathlib import Path

import pytest
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.troubles import Trouble


@pytest.mark.parametrize(
    ("kubeconfig", "problem"),
    [
        (None, "no cluster to talk to: Invalid kube-config file. No configuration found."),
        ("clusters: []", "no cluster to talk to: Invalid kube-config file. "),
        (": [", "no cluster to talk to: "),
    ],
)
def test_without_a_cluster_it_says_so_in_one_line(
    tmp_path: Path, kubeconfig: str | None, problem: str
) -> None:
    path = tmp_path / "config"
    if kubeconfig is not None:
        path.write_text(kubeconfig)
    command = [sys.executable, "-m", "dnsfleet_cli.kubectl", "--kubeconfig", str(path), "status"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"kubectl-dnsfleet: {problem}")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "kubeconfig",
    [
        b": [",
        b"a",
        b"[]",
        b"clusters: 5",
        b"\xff\xfe",
        b"clusters: [{name: c, cluster: {server: 5}}]\n"
        b"contexts: [{name: x, context: {cluster: c, user: u}}]\n"
        b"users: [{name: u, user: {}}]\ncurrent-context: x\n",
        b"contexts: [{name: x}]\ncurrent-context: x\n",
    ],
)
def test_what_is_no_kubeconfig_is_told_with_its_path(tmp_path: Path, kubeconfig: bytes) -> None:
    path = tmp_path / "config"
    path.write_bytes(kubeconfig)
    with pytest.raises(Trouble, match=f"^no cluster to talk to: .*{path}"):
        Cluster(path, None)


def test_a_folder_is_no_kubeconfig(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match=f"{tmp_path} is no kubeconfig: .*Is a directory"):
        Cluster(tmp_path, None)
