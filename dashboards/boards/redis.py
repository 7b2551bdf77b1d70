"""Redis: the core that the operator publishes to, and the replica in each Pop."""

from dashboards import bounds
from dashboards.model import POP, Board, Row, Series, Unit, panel, quantiles

_CORE = '{redis="core"}'
_REPLICA = '{redis="replica", pop=~"$pop"}'

_THE_CORE = Row(
    "Core",
    (
        panel(
            "Response time of the core",
            "For the operator, with the way there and back.",
            Unit.SECONDS,
            *quantiles("dnsfleet_redis_response_seconds", _CORE),
        ),
        panel(
            "Memory of the core",
            "What the data takes, with its buffers, and where the core ends.",
            Unit.OCTETS,
            Series(f"max(dnsfleet_redis_memory_bytes{_CORE})", "used"),
            Series(f"max(dnsfleet_redis_memory_max_bytes{_CORE})", "limit, 0 for none"),
        ),
        panel(
            "Memory of the core, of its limit",
            "At the limit the core refuses writes, and nothing is published.",
            Unit.SHARE,
            Series(
                f"max(dnsfleet_redis_memory_bytes{_CORE})"
                f" / (max(dnsfleet_redis_memory_max_bytes{_CORE}) > 0)",
                "core",
            ),
            red_from=bounds.CORE_MEMORY_SHARE,
        ),
        panel(
            "The core takes writes",
            "0: it is out of memory, reads only, or is away.",
            Unit.FLAG,
            Series(f"max(dnsfleet_redis_writable{_CORE})", "writable"),
            red_below=1,
        ),
        panel(
            "Fragmentation of the core",
            "Memory that the system gave by memory that is used. Far above 1.5 a restart gives it "
            "back.",
            Unit.NONE,
            Series(f"max(dnsfleet_redis_memory_fragmentation_ratio{_CORE})", "core"),
        ),
    ),
)
_REPLICAS = Row(
    "Replicas",
    (
        panel(
            "Behind the core",
            "Octets of the replication stream that a replica has not got yet.",
            Unit.OCTETS,
            Series(
                f"scalar(max(dnsfleet_redis_replication_offset_bytes{_CORE}))"
                f" - max by (pop) (dnsfleet_redis_replication_offset_bytes{_REPLICA})",
                "{{pop}}",
            ),
        ),
        panel(
            "Link to the core",
            "0 while a replica has no connection to the core; its edges answer what they have.",
            Unit.FLAG,
            Series(f"min by (pop) (dnsfleet_redis_link_up{_REPLICA})", "{{pop}}"),
            red_below=1,
        ),
        panel(
            "Response time of replicas",
            "For the edges beside them.",
            Unit.SECONDS,
            *quantiles("dnsfleet_redis_response_seconds", _REPLICA, "pop"),
        ),
        panel(
            "Memory of replicas",
            "Without a limit: a replica that refused to grow would serve nobody.",
            Unit.OCTETS,
            Series(f"max by (pop) (dnsfleet_redis_memory_bytes{_REPLICA})", "{{pop}}"),
        ),
        panel(
            "Fragmentation of replicas",
            "Memory that the system gave by memory that is used.",
            Unit.NONE,
            Series(
                f"max by (pop) (dnsfleet_redis_memory_fragmentation_ratio{_REPLICA})", "{{pop}}"
            ),
        ),
        panel(
            "Connections that failed",
            "Connections a second from edges to their replica that failed or broke.",
            Unit.EVENTS,
            Series(
                'sum by (pop) (rate(dnsfleet_edge_link_failures_total{pop=~"$pop"}'
                "[$__rate_interval]))",
                "{{pop}}",
            ),
        ),
    ),
)

BOARD = Board(
    "redis",
    "Redis",
    "The core that the operator publishes to, and the replicas of the Pops.",
    (_THE_CORE, _REPLICAS),
    (POP,),
)
