"""docs/integrations/externaldns.md says what the program takes, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from dnsfleet_externaldns import main
from dnsfleet_externaldns.record_sets import INSTANCE, SETS

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "integrations" / "externaldns.md").read_text()


def block(file: str) -> Any:
    """The YAML that the page calls by this file."""
    (found,) = re.findall(rf"```yaml\n# {re.escape(file)}\n(.*?)```", TEXT, re.DOTALL)
    return yaml.safe_load(found)


def test_the_values_start_the_program() -> None:
    webhook = block("external-dns.yaml")["provider"]["webhook"]
    chart = yaml.safe_load((ROOT / "helm" / "dnsfleet" / "Chart.yaml").read_text())
    assert webhook["image"]["tag"] == chart["appVersion"]
    program, *options = webhook["args"]
    assert program == main.parser().prog
    given = main.parser().parse_args(options)
    assert (given.instance, given.namespaces) == ("public", ["dns"])
    assert (given.port, given.health) == (8888, "*:8080")  # where that chart looks for them
    (bound,) = block("dnsfleet.yaml")["externalDNS"]["bindings"]
    assert bound["zoneNamespaces"] == given.namespaces


def test_each_option_is_told() -> None:
    rows = [line.split("|")[1] for line in TEXT.splitlines() if line.startswith("| `--")]
    told = {option for row in rows for option in re.findall(r"`(--[a-z-]+)`", row)}
    taken = {option for each in main.parser()._actions for option in each.option_strings}
    assert told == {each for each in taken if each.startswith("--")} - {"--help", "--version"}


def test_the_names_that_it_tells_are_those_of_the_code() -> None:
    assert INSTANCE in TEXT
    assert SETS in TEXT


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ([], "--instance"),
        (["--instance=A"], "lower-case letters"),
        ([f"--instance={'a' * 41}"], "40 at most"),
        (["--instance=a", "--domain-filter=a..b"], "empty label"),
        (["--instance=a", "--port=x"], "'x' is no port: 1 to 65535"),
        (["--instance=a", "--port=70000"], "'70000' is no port"),
        (["--instance=a", "--namespaces="], "'' is no namespace"),  # which would be all of them
        (["--instance=a", "--namespaces=dns,"], "'' is no namespace"),
        (["--instance=a", "--namespaces=dns, b"], "' b' is no namespace"),
    ],
)
def test_what_it_cannot_use_is_told(
    options: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main(options)
    assert ended.value.code == 2
    assert problem in capsys.readouterr().err


def test_without_a_cluster_it_says_so(tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "dnsfleet-externaldns"
    nowhere = {"KUBECONFIG": str(tmp_path / "none"), "HOME": str(tmp_path)}
    ended = subprocess.run(
        [program, "--instance=a"], env=nowhere, stderr=subprocess.PIPE, text=True, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("dnsfleet-externaldns: Invalid kube-config file")
