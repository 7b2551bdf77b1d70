"""The engine of an edge: its shards, its cache, and what it does not answer."""

from dashboards import bounds
from dashboards.model import POD, POP, Board, Kind, Row, Series, Unit, panel, quantiles, rate

_M = '{pop=~"$pop", pod=~"$pod"}'
_R = "[$__rate_interval]"
_BY_SHARD = f"sum by (pop, pod, shard) (rate(dnsfleet_edge_queries_total{_M}{_R}))"
_DROPS = f"sum by (pod, shard) (rate(dnsfleet_edge_receive_drops_total{_M}{_R}))"
_ALL = f"sum by (pop, pod) (rate(dnsfleet_edge_queries_total{_M}{_R}))"

_SHARDS = Row(
    "Shards",
    (
        panel(
            "Queries by shard",
            "Queries a second. A name is always with one shard, so one that is asked for often "
            "fills one shard.",
            Unit.RATE,
            rate("dnsfleet_edge_queries_total", _M, "pod", "shard"),
        ),
        panel(
            "Busiest shard",
            "The queries of the busiest shard by the average of the others of its edge; only "
            "edges with two shards or more have it.",
            Unit.NONE,
            Series(
                f"max by (pop, pod) ({_BY_SHARD}) / (({_ALL} - max by (pop, pod) ({_BY_SHARD}))"
                f" / (count by (pop, pod) ({_BY_SHARD}) - 1 > 0))",
                "{{pod}}",
            ),
            red_from=bounds.IMBALANCE,
        ),
        panel(
            "Dropped by the kernel",
            "The share of the datagrams that the kernel dropped since a receive buffer was full: "
            "the shard is too slow, or waits for its processor.",
            Unit.SHARE,
            Series(
                f"{_DROPS} / ({_DROPS} + sum by (pod, shard)"
                f" (rate(dnsfleet_edge_queries_total{_M}{_R})))",
                "{{pod}} {{shard}}",
            ),
            red_from=bounds.DROPPED_SHARE,
        ),
        panel(
            "Processor",
            "Processors that each edge uses; one of its shards can use one.",
            Unit.COUNT,
            rate("process_cpu_seconds_total", _M, "pod"),
        ),
    ),
)
_TIME = Row(
    "Time",
    (
        panel(
            "Response time",
            "From receipt by the engine to sending, sampled, over all edges that are chosen.",
            Unit.SECONDS,
            Series(
                f"sum by (le) (increase(dnsfleet_edge_response_duration_seconds_bucket{_M}{_R}))",
                "{{le}}",
            ),
            kind=Kind.HEAT,
        ),
        panel(
            "Response time by transport",
            "From receipt by the engine to sending, sampled.",
            Unit.SECONDS,
            *quantiles("dnsfleet_edge_response_duration_seconds", _M, "transport"),
            red_from=bounds.LATENCY_SECONDS,
        ),
    ),
)
_CACHE = Row(
    "Answer cache",
    (
        panel(
            "Hits by shard",
            "The share of the look-ups that the answer cache had.",
            Unit.SHARE,
            Series(
                f"sum by (pod, shard) (rate(dnsfleet_edge_cache_hits_total{_M}{_R}))"
                f" / sum by (pod, shard) (rate(dnsfleet_edge_cache_hits_total{_M}{_R})"
                f" + rate(dnsfleet_edge_cache_misses_total{_M}{_R}))",
                "{{pod}} {{shard}}",
            ),
        ),
        panel(
            "Evictions by shard",
            "Answers a second that gave way to others: more names are asked for than have room.",
            Unit.EVENTS,
            rate("dnsfleet_edge_cache_evictions_total", _M, "pod", "shard"),
        ),
    ),
)
_CLIENTS = Row(
    "Clients",
    (
        panel(
            "Cookies",
            "Queries a second with a DNS cookie: client has none of ours yet. Invalid ones come "
            "after a rotation that a client slept through, or from an attacker.",
            Unit.RATE,
            rate("dnsfleet_edge_cookies_total", _M, "cookie"),
        ),
        panel(
            "Rate-limited",
            "Responses a second over the rate limit.",
            Unit.RATE,
            rate("dnsfleet_edge_rate_limited_total", _M, "pod", "action"),
        ),
        panel(
            "Truncated and TCP",
            "Responses a second with TC=1, and connections that were closed for want of room.",
            Unit.EVENTS,
            Series(rate("dnsfleet_edge_truncated_total", _M, "pod").expression, "{{pod}} TC=1"),
            Series(rate("dnsfleet_edge_tcp_evicted_total", _M, "pod").expression, "{{pod}} closed"),
        ),
        panel(
            "Not answered",
            "Messages without a response, datagrams without the PROXY header that they must have, "
            "and queries on which the engine failed, which is a fault of ours.",
            Unit.EVENTS,
            Series(rate("dnsfleet_edge_dropped_total", _M, "pod").expression, "{{pod}} dropped"),
            Series(
                rate("dnsfleet_edge_proxy_refused_total", _M, "pod").expression, "{{pod}} no PROXY"
            ),
            Series(rate("dnsfleet_edge_panics_total", _M, "pod").expression, "{{pod}} failed"),
        ),
    ),
)
_BUILD = Row(
    "Versions",
    (
        panel(
            "Versions",
            "What runs. Two versions for long are a rolling update that does not end.",
            Unit.COUNT,
            Series(
                f"count by (pop, version, engine_version) (dnsfleet_edge_build_info{_M})", "Edges"
            ),
            kind=Kind.TABLE,
        ),
        panel(
            "Cookie secrets",
            "Secrets with which DNS cookies are accepted; 0 where cookies are not answered.",
            Unit.COUNT,
            Series(f"max by (pod) (dnsfleet_edge_cookie_secrets{_M})", "{{pod}}"),
        ),
    ),
)

BOARD = Board(
    "engine",
    "Engine",
    "How edges answer: shards, response time, answer cache, clients that are held back.",
    (_SHARDS, _TIME, _CACHE, _CLIENTS, _BUILD),
    (POP, POD),
)
