"""What the engine counts, as it comes out of a scrape."""

from collections.abc import Callable, Iterator

import dns.message
import dns.query
import pytest
from dnsfleet_edge.engine_metrics import EngineCollector
from dnsfleet_engine import Engine
from prometheus_client.metrics_core import Metric
from support.waiting import wait_for
from support.zones import make_zone

SHARDS = 2
SAMPLED = 64
TYPES = [
    *("A", "AAAA", "HTTPS", "SVCB", "MX", "TXT", "NS", "SOA", "CNAME", "SRV", "PTR", "DS"),
    *("DNSKEY", "CAA", "ANY", "other"),
]


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    engine.load(make_zone("example.com."))
    yield engine
    engine.stop()


@pytest.fixture
def port(engine: Engine) -> int:
    ((_, port),) = engine.start([("127.0.0.1", 0)], SHARDS)
    return port


def family(engine: Engine, name: str) -> Metric:
    (found,) = (each for each in EngineCollector(engine).collect() if each.name == name)
    return found


def test_queries_are_counted_by_type(engine: Engine, port: int) -> None:
    for rtype in ("A", "A", "AAAA", "HTTPS", "ANY", "TLSA", "TYPE65280"):
        query = dns.message.make_query("example.com.", rtype)
        dns.query.tcp(query, "127.0.0.1", timeout=5, port=port)
    samples = family(engine, "dnsfleet_edge_queries_by_type").samples
    counts = {sample.labels["type"]: sample.value for sample in samples}
    asked = {"A": 2, "AAAA": 1, "HTTPS": 1, "ANY": 1, "other": 2}
    assert counts == {name: asked.get(name, 0) for name in TYPES}


@pytest.mark.parametrize(("transport", "ask"), [("udp", dns.query.udp), ("tcp", dns.query.tcp)])
def test_durations_are_a_histogram_of_one_response_in_64(
    engine: Engine,
    port: int,
    transport: str,
    ask: Callable[..., dns.message.Message],
) -> None:
    query = dns.message.make_query("example.com.", "SOA")
    for _ in range(3 * SHARDS * SAMPLED):
        ask(query, "127.0.0.1", timeout=5, port=port)

    def samples(suffix: str) -> dict[str, float]:
        """By bound; the other suffixes have none."""
        found = family(engine, "dnsfleet_edge_response_duration_seconds").samples
        name = f"dnsfleet_edge_response_duration_seconds_{suffix}"
        mine = (s for s in found if s.name == name and s.labels["transport"] == transport)
        return {sample.labels.get("le", ""): sample.value for sample in mine}

    # Each shard counts for itself.
    least, most = 3 * SHARDS - 1, 3 * SHARDS
    wait_for("the measurements", lambda: samples("count")[""] >= least, 5)
    assert samples("count")[""] <= most
    buckets = samples("bucket")
    assert list(buckets) == [*(str(bound) for bound in BOUNDS), "+Inf"]
    assert list(buckets.values()) == sorted(buckets.values())
    assert buckets["+Inf"] == samples("count")[""]
    assert 0 < samples("sum")[""] < 5 * most


BOUNDS = (
    *(2e-06, 5e-06, 1e-05, 2e-05, 5e-05, 0.0001, 0.0002, 0.0005),
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1),
)


def test_an_engine_that_never_served_has_no_series_of_shards(engine: Engine) -> None:
    samples = [each for found in EngineCollector(engine).collect() for each in found.samples]
    assert samples == []
