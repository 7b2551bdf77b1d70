"""docs/checks.md tells of each check just what the code says, and of its limits."""

from pathlib import Path

from dnsfleet.zones.checking import checks, ignoring, written

PAGE = (Path(__file__).parents[4] / "docs" / "checks.md").read_text()


def test_the_table_has_every_check() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{name}` | {check.finds} | {check.source} | {check.level} |"
        f" {', '.join(check.at_apply)} |".replace("|  |", "| |")
        for name, check in checks.CHECKS.items()
    ]


def test_limits_and_the_annotation() -> None:
    told = " ".join(PAGE.split())
    assert f"The first {written.MAX_WRITTEN:,} records" in told
    assert f"the first {checks.MAX_DOUBTFUL} about which" in told
    assert f"{ignoring.ANNOTATION}: MissingTarget, TargetIsAlias" in told
    *most, last = written.TARGET_FIELDS
    assert f"A target is the name to which {', '.join(most[:4])}" in told
    assert last in told
