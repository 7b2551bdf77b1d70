"""What the engine counts, as Prometheus wants it.

The counts are read from the engine when somebody scrapes them, so that answering costs the same
with and without a scraper. How the engine measures durations, and how exact that is, the head of
`edge/engine/src/serve/durations.rs` tells.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from dnsfleet_engine import Engine
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

_TRANSPORTS = ("udp", "tcp")
_FAMILIES = {"4": "ipv4", "6": "ipv6"}
_RCODE_PREFIX = "rcode_"
_TYPE_PREFIX = "type_"
_DURATION_PREFIX = "duration_"
_COOKIES = ("client", "valid", "invalid")
_RATE_LIMITS = ("slipped", "dropped")
_OF_EACH_SHARD = {
    "cache_hits": "Responses whose records the answer cache had.",
    "cache_misses": "Responses made anew, where the cache was asked.",
    "cache_evictions": "Answers that the cache lost because newer ones took their room; each is "
    "counted when it is missed, or when another question takes its place in the index.",
    "receive_drops": "Datagrams that the kernel dropped because a receive buffer was full.",
    "tcp_evicted": "TCP connections closed because there was no room for more, or no file "
    "descriptor.",
    "proxy_refused": "Datagrams and connections without a PROXY header that they must have, or "
    "with one that they may not have.",
    "truncated": "Responses sent with TC=1 because they did not fit.",
    "dropped": "Messages that got no response: too short, or responses themselves.",
    "panics": "Queries answered with SERVFAIL because the engine failed on them.",
}

Row = Mapping[str, int]


class EngineCollector(Collector):
    """Reads the counters of an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        rows = self._engine.counters()
        yield from _shards(rows)
        total: Counter[str] = Counter()
        for row in rows:
            total.update(row)
        yield _types(total)
        yield _durations(total)


def _shards(rows: list[dict[str, int]]) -> Iterator[Metric]:
    """Counters of each shard by itself: they show whether the shards get equal shares."""
    queries = CounterMetricFamily(
        "dnsfleet_edge_queries", "Queries received.", labels=["shard", "transport", "family"]
    )
    responses = CounterMetricFamily(
        "dnsfleet_edge_responses", "Responses sent.", labels=["shard", "rcode"]
    )
    cookies = CounterMetricFamily(
        "dnsfleet_edge_cookies",
        "Queries with a DNS cookie: client (it has none of ours yet), valid or invalid.",
        labels=["shard", "cookie"],
    )
    limited = CounterMetricFamily(
        "dnsfleet_edge_rate_limited",
        "Responses over the rate limit: slipped (sent without records, so that real clients come "
        "back) or dropped.",
        labels=["shard", "action"],
    )
    plain = {
        key: CounterMetricFamily(f"dnsfleet_edge_{key}", text, labels=["shard"])
        for key, text in _OF_EACH_SHARD.items()
    }
    for number, row in enumerate(rows):
        shard = str(number)
        for transport in _TRANSPORTS:
            for digit, family in _FAMILIES.items():
                queries.add_metric([shard, transport, family], row[f"queries_{transport}{digit}"])
        for key, count in row.items():
            if key.startswith(_RCODE_PREFIX):
                responses.add_metric([shard, key.removeprefix(_RCODE_PREFIX).upper()], count)
        for cookie in _COOKIES:
            cookies.add_metric([shard, cookie], row[f"cookies_{cookie}"])
        for action in _RATE_LIMITS:
            limited.add_metric([shard, action], row[f"rate_limit_{action}"])
        for key, family_of_key in plain.items():
            family_of_key.add_metric([shard], row[key])
    yield from (queries, responses, cookies, limited, *plain.values())


def _types(total: Row) -> Metric:
    types = CounterMetricFamily(
        "dnsfleet_edge_queries_by_type",
        "Queries by the type that they ask for: a frequent type, or other, which includes queries "
        "without a question.",
        labels=["type"],
    )
    for key, count in total.items():
        if key.startswith(_TYPE_PREFIX):
            types.add_metric([key.removeprefix(_TYPE_PREFIX)], count)
    return types


def _durations(total: Row) -> Metric:
    durations = HistogramMetricFamily(
        "dnsfleet_edge_response_duration_seconds",
        "From receipt of a query by the engine to sending of its response, measured at one "
        "response of 64; the time that a query waits in the kernel before is not in it.",
        labels=["transport"],
    )
    for transport in _TRANSPORTS:
        prefix = f"{_DURATION_PREFIX}{transport}_"
        rows = {key.removeprefix(prefix): n for key, n in total.items() if key.startswith(prefix)}
        if not rows:
            continue  # nothing was ever served
        nanoseconds = rows.pop("ns")
        so_far, buckets = 0, []
        for micros in sorted(rows, key=float):  # "inf" is the last one
            so_far += rows[micros]
            buckets.append((_seconds(micros), so_far))
        durations.add_metric([transport], buckets, nanoseconds / 1e9)
    return durations


def _seconds(micros: str) -> str:
    return "+Inf" if micros == "inf" else str(int(micros) / 1e6)
