"""Gauges that are made when somebody scrapes."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily

Sample = tuple[tuple[str, ...], float]
"""The values of the labels, and the value."""


def family(
    name: str, text: str, labels: tuple[str, ...], samples: Iterable[Sample]
) -> GaugeMetricFamily:
    """The gauge `dnsfleet_NAME`."""
    made = GaugeMetricFamily(f"dnsfleet_{name}", text, labels=labels)
    for values, value in samples:
        made.add_metric(values, value)
    return made


def age(since_ms: int | None, now: float) -> float:
    """Seconds since a moment, Unix time; 0 for none."""
    return 0.0 if since_ms is None else max(0.0, now - since_ms / 1000)
