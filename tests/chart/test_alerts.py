"""The shipped rules, by Prometheus' own tool: each alert fires when it should, and only then."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import alert_rules

RULES = alert_rules.PLAIN
FOLDER = Path(__file__).parent / "alerts"
# All text, as promtool reads it: 0x100 is no number.
FAULTS = yaml.load((FOLDER / "faults.yaml").read_text(), Loader=yaml.BaseLoader)
CASES = sorted(set(FOLDER.glob("*.yaml")) - {FOLDER / "faults.yaml"})
ALERTS = alert_rules.by_name()


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tool of the Debian package prometheus."""
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)


def test_the_rules_are_valid() -> None:
    ended = promtool("check", "rules", "--lint-fatal", str(RULES))
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_alerts_fire_and_stay_silent_as_the_cases_say(path: Path) -> None:
    ended = promtool("test", "rules", str(path))
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_there_are_cases_of_both_kinds(alert: str) -> None:
    fires = [
        bool(check.get("exp_alerts"))
        for path in CASES
        for case in yaml.safe_load(path.read_text())["tests"]
        for check in case["alert_rule_test"]
        if check["alertname"] == alert
    ]
    assert True in fires
    assert False in fires


@pytest.mark.parametrize("fault", FAULTS["faults"], ids=lambda fault: fault["fault"])
def test_a_fault_fires_what_names_it_alone(fault: dict[str, Any], tmp_path: Path) -> None:
    series = FAULTS["normal"] | fault["series"]
    case = {
        "interval": "1m",
        "input_series": [{"series": name, "values": text} for name, text in series.items()],
        "promql_expr_test": [_firing("39m", fault["fires"]), _firing("80m", [])],
    }
    path = tmp_path / "case.yaml"
    path.write_text(
        yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [case]})
    )
    ended = promtool("test", "rules", str(path))
    assert ended.returncode == 0, ended.stdout + ended.stderr


def _firing(at: str, alerts: list[dict[str, str]]) -> dict[str, Any]:
    """A check that these alerts fire at a time, and no other."""
    labels = ["{" + ", ".join(f'{key}="{each[key]}"' for key in each) + "}" for each in alerts]
    return {
        "expr": 'count by (alertname, pop, cause) (ALERTS{alertstate="firing"})',
        "eval_time": at,
        "exp_samples": [{"labels": each, "value": 1} for each in labels],
    }


def test_a_fleet_that_is_well_has_what_every_rule_reads() -> None:
    """Else an alert would be silent for want of a series. Some are there only while it is not."""
    read = {name for rule in ALERTS.values() for name in re.findall(r"dnsfleet_\w+", rule["expr"])}
    there = {name.partition("{")[0] for name in FAULTS["normal"]}
    assert read - there == {"dnsfleet_operator_api_denied", "dnsfleet_zone_pop_current"}
