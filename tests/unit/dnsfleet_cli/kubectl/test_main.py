"""`kubectl-dnsfleet` where there is no cluster to talk to."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("kubeconfig", "problem"),
    [
        (None, "no cluster to talk to: Invalid kube-config file. No configuration found."),
        ("clusters: []", "no cluster to talk to: Invalid kube-config file. "),
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
