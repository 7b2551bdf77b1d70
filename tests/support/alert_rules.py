"""The alerts of the chart, a file each, and the plain rules file that is made of them.

`make alerts` writes that file, for those who have no Prometheus operator. It is the text of the
others in the order of their names, so it keeps their comments.
"""

from typing import Any

import yaml

from support.releases import CHART

FOLDER = CHART / "files" / "alerts"
PLAIN = CHART / "files" / "alerts.yaml"

_HEAD = """\
# Alerts of a dnsfleet, a rules file of Prometheus for those without the Prometheus operator: load
# it as it is. `make alerts` makes it of the files in alerts/; the chart makes its PrometheusRule of
# the same.
#
# The metrics are listed in docs/metrics.md. Two things are expected of the scrape configuration,
# and the chart's PodMonitor does both: `honor_labels: true`, as `namespace` names that of the Zone,
# and a label `pop` on every edge, from its pod label dnsfleet.io/pop.
groups:
  - name: dnsfleet
    rules:
"""


def by_name() -> dict[str, dict[str, Any]]:
    """Every rule by the name of its alert."""
    rules = [yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yaml"))]
    return {rule["alert"]: rule for rule in rules}


def plain() -> str:
    """The text of the plain rules file."""
    return _HEAD + "\n".join(_item(path.read_text()) for path in sorted(FOLDER.glob("*.yaml")))


def _item(text: str) -> str:
    """The text of a rule as an item of the list of rules."""
    comment, _, rule = text.partition("alert: ")
    lines = [*comment.splitlines(), f"- alert: {rule.splitlines()[0]}"]
    lines += [f"  {line}" if line else "" for line in rule.splitlines()[1:]]
    return "".join(f"      {line}\n" if line else "\n" for line in lines)


if __name__ == "__main__":
    PLAIN.write_text(plain())
    print(PLAIN)
