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


def test_a_rule_is_left_out_where_it_asks_for_what_only_an_operator_has() -> None:
    kept = [rule for group in observing.rules()["groups"] for rule in group["rules"]]
    shipped = [rule for group in observing.shipped_rules()["groups"] for rule in group["rules"]]
    left_out = [rule for rule in shipped if rule not in kept]
    assert "DnsfleetOperatorStalled" in [rule["alert"] for rule in left_out]
    assert all("dnsfleet_operator_" in rule["expr"] for rule in left_out)
    assert not any("dnsfleet_operator_" in rule["expr"] for rule in kept)
