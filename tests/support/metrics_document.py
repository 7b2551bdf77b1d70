"""docs/metrics.md, made from what the roles register: `python -m support.metrics_document FILE`.

The text of each metric is its HELP, so the page, a scrape and a query in Prometheus say the same.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from dnsfleet_edge.metrics import Metrics as EdgeMetrics
from dnsfleet_engine import Engine
from dnsfleet_externaldns.metrics import WebhookMetrics
from dnsfleet_following.status import Readiness, Status
from dnsfleet_gate.metrics import Metrics as GateMetrics
from dnsfleet_io.tunnel_metrics import TunnelMetrics
from dnsfleet_operator.metrics import Metrics as OperatorMetrics
from dnsfleet_probe.metrics import ProbeMetrics
from dnsfleet_status.metrics import StatusMetrics
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"

HEAD = """\
# Metrics

Names follow the Prometheus conventions: base units, `_total` for counters. Every process serves
`/metrics` on its HTTP port (8080 in the cluster). This page is made from the code by
`make metrics`.
"""

SECTIONS = {
    "Edge": """\
Above 1,000 zones an edge has no series with the label `zone`, except where the Pop says
`spec.edge.zoneSeries: Always`. The operator tells of each zone once for the whole fleet. How
[long a response takes](performance.md#how-long-a-response-takes) is measured at a sample of them.
""",
    "Operator": """\
Only the leader has values of zones and Pops; a follower has `dnsfleet_operator_leader` 0. More
about [signed zones](dnssec.md) and about [what is held](holds.md).
""",
    "Gate": "See [secondaries](integrations/secondaries.md).\n",
    "Redis": """\
The label `redis` is `core` where the leading operator tells it of the core, and `replica` where an
edge or a gate tells it of its replica.
""",
    "Probe": """\
Each prober tells what it saw in its last round; see [probes](probes.md). `pop` is the Pop that was
asked. A zone has a series while it is seen to be wrong.
""",
    "Tunnel": "Each end of the tunnel between a core and the Pops of other clusters.\n",
    "Status page": "See [the status page](status-page.md).\n",
    "ExternalDNS webhook": "See [ExternalDNS](integrations/externaldns.md).\n",
    "Every process": "Only edges tell of Python's garbage collector.\n",
}
"""What stands above the table of each section."""

_TYPES = {"info": "gauge", "unknown": "untyped"}
_SUFFIXES = {"counter": "_total", "info": "_info"}


class Described(NamedTuple):
    """What the page says of one metric."""

    name: str
    """As a counter or an info has it on /metrics."""
    type: str
    labels: tuple[str, ...]
    text: str


def registries() -> dict[str, CollectorRegistry]:
    """What each role registers, by the section of what only it has."""
    edge = EdgeMetrics(Engine(), Readiness(), Status())
    edge.watch_disk(lambda: None)
    gate = GateMetrics(Engine(), Readiness(), Status())
    gate.take_updates(lambda: True)
    return {
        "Edge": edge.registry,
        "Operator": OperatorMetrics().registry,
        "Gate": gate.registry,
        "Probe": ProbeMetrics().registry,
        "Tunnel": TunnelMetrics().registry,
        "Status page": StatusMetrics().registry,
        "ExternalDNS webhook": WebhookMetrics().registry,
    }


def described(registry: CollectorRegistry) -> dict[str, Described]:
    """All metrics of a registry, by name, in the order in which they were registered."""
    return {each.name: each for each in _described(registry)}


def section(role: str, name: str) -> str:
    """The section of a metric that a role has."""
    if not name.startswith("dnsfleet_"):
        return "Every process"
    return "Redis" if name.startswith("dnsfleet_redis_") else role


def page() -> str:
    """The whole page."""
    found: dict[str, dict[str, Described]] = {each: {} for each in SECTIONS}
    for role, registry in registries().items():
        for name, metric in described(registry).items():
            found[section(role, name)][name] = metric
    parts = [HEAD]
    for title, text in SECTIONS.items():
        parts += [f"\n## {title}\n\n", f"{text}\n" if text else "", _table(found[title].values())]
    return "".join(parts)


def written(text: str) -> Mapping[str, Mapping[str, tuple[str, tuple[str, ...]]]]:
    """Type and labels of each metric of a page, by section and by name."""
    found: dict[str, dict[str, tuple[str, tuple[str, ...]]]] = {}
    for line in text.splitlines():
        if line.startswith("## "):
            rows = found[line.removeprefix("## ")] = {}
        elif line.startswith("| `"):
            name, kind, labels = (cell.strip() for cell in line.split(" | ")[:3])
            rows[name.strip("| `")] = kind, tuple(filter(None, labels.split(", ")))
    return found


def _described(registry: CollectorRegistry) -> Iterator[Described]:
    # The library tells the labels of a metric without values to nobody, so this looks inside.
    for collector in registry._collector_to_names:
        for metric in collector.collect():
            labels = getattr(collector, "_labelnames", ()) or _labels(metric)
            name = metric.name + _SUFFIXES.get(metric.type, "")
            kind = _TYPES.get(metric.type, metric.type)
            yield Described(name, kind, tuple(labels), metric.documentation)


def _labels(metric: Metric) -> Iterable[str]:
    own = getattr(metric, "_labelnames", ())
    found = {label: None for sample in metric.samples for label in sample.labels if label != "le"}
    return own or found


def _table(metrics: Iterable[Described]) -> str:
    rows = ["| name | type | labels | meaning |", "|---|---|---|---|"]
    for each in metrics:
        text = each.text.removesuffix(".").replace("|", r"\|")
        rows.append(f"| `{each.name}` | {each.type} | {', '.join(each.labels)} | {text} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page())
