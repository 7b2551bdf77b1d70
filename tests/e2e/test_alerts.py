"""The shipped rules, by Prometheus' own tool: each alert fires when it should, and only then."""

import subprocess
from pathlib import Path

import pytest
import yaml
from support.releases import CHART

RULES = CHART / "files" / "alerts.yaml"
CASES = sorted((Path(__file__).parents[1] / "alerts").glob("*.yaml"))
ALERTS = [
    rule["alert"]
    for group in yaml.safe_load(RULES.read_text())["groups"]
    for rule in group["rules"]
]


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
