"""What Prometheus is told of secondaries."""

from collections import Counter

from dnsfleet.secondaries.standings import State
from dnsfleet.tsig_keys import Target
from dnsfleet_gate.secondaries.samples import MAX_NAMED, OTHERS, SecondaryMetrics
from prometheus_client import CollectorRegistry


def test_each_secondary_has_its_series() -> None:
    registry = CollectorRegistry()
    metrics = SecondaryMetrics(registry)
    metrics.standings = lambda: {
        Target("192.0.2.1", 53): (0.0, Counter[State]({"Current": 2})),
        Target("192.0.2.2", 53): (None, Counter[State]({"Unknown": 2})),
        Target("2001:db8::1", 5353): (90.0, Counter[State]({"Behind": 1, "Current": 1})),
    }
    metrics.asked("error")

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"dnsfleet_gate_secondary_{name}", labels)

    assert value("behind_seconds", secondary="192.0.2.1:53") == 0
    assert value("behind_seconds", secondary="192.0.2.2:53") is None
    assert value("zones", secondary="192.0.2.2:53", state="Unknown") == 2
    assert value("behind_seconds", secondary="[2001:db8::1]:5353") == 90
    assert value("zones", secondary="[2001:db8::1]:5353", state="Behind") == 1
    assert value("zones", secondary="[2001:db8::1]:5353", state="Silent") == 0
    assert value("queries_total", answer="error") == 1
    assert value("queries_total", answer="silence") == 0


def test_very_many_secondaries_have_one_together() -> None:
    registry = CollectorRegistry()
    SecondaryMetrics(registry).standings = lambda: {
        Target(f"10.0.0.{n}", 53): (float(n), Counter[State]({"Current": 1}))
        for n in range(MAX_NAMED + 30)
    }
    family = next(each for each in registry.collect() if each.name.endswith("behind_seconds"))
    assert len(family.samples) == MAX_NAMED + 1
    last = family.samples[-1]
    assert last.labels == {"secondary": OTHERS} and last.value == MAX_NAMED + 29
