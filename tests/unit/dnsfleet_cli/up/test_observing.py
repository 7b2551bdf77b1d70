"""The rules that `dnsfleet up --observe` evaluates."""

import tomllib
from pathlib import Path

from dnsfleet_cli.up import observing

REPOSITORY = Path(__file__).resolve().parents[4]


def test_a_wheel_carries_the_rules_that_a_source_tree_reads() -> None:
    build = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    ((source, copy),) = build["targets"]["wheel"]["force-include"].items()
    assert REPOSITORY / source == observing.SOURCE_RULES
    assert REPOSITORY / "cli" / copy == observing.WHEEL_RULES
    assert source in build["targets"]["sdist"]["include"]


def test_a_rule_is_left_out_that_fires_where_no_operator_runs() -> None:
    kept = [rule for group in observing.rules()["groups"] for rule in group["rules"]]
    shipped = [rule for group in observing.shipped_rules()["groups"] for rule in group["rules"]]
    assert [rule["alert"] for rule in shipped if rule not in kept] == ["DnsfleetOperatorStalled"]
