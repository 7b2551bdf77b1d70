"""Options that stand before a command are those of the command."""

import shlex

import pytest
from dnsfleet_cli.kubectl import command_line


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("", ""),
        ("status", "status"),
        ("status -n dns", "status -n dns"),
        ("-n dns status", "status -n dns"),
        ("-ndns status", "status -ndns"),
        ("--namespace=dns status x", "status --namespace=dns x"),
        ("-A -o json status", "status -A -o json"),
        (
            "-ojson --context a --kubeconfig b status c",
            "status -ojson --context a --kubeconfig b c",
        ),
        ("-n dns status -n team", "status -n dns -n team"),
        ("-n keys keys backup f", "keys -n keys backup f"),
        ("-n dns keys -o yaml backup", "keys -n dns -o yaml backup"),
        ("--version", "--version"),
        ("--help -n x", "--help"),
        ("--unknown status", "--unknown status"),
        ("-n", ""),
        ("-- status -n dns", "-- status -n dns"),
    ],
)
def test_they_are_moved_behind_it(written: str, taken: str) -> None:
    assert command_line.moved(shlex.split(written)) == shlex.split(taken)
