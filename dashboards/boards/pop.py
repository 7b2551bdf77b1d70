"""One Pop, edge by edge: what it answers, how it follows the core, and what it costs."""

from dashboards import bounds
from dashboards.model import POP, Board, Row, Series, Unit, panel, quantiles, rate

_P = '{pop=~"$pop"}'

_ANSWERS = Row(
    "Answers",
    (
        panel(
            "Queries by edge",
            "Queries a second. Edges of a Pop should get about the same; a new one gets its share "
            "when resolvers open new connections.",
            Unit.RATE,
            rate("dnsfleet_edge_queries_total", _P, "pod"),
        ),
        panel(
            "Queries by transport and family",
            "Queries a second over UDP and TCP, IPv4 and IPv6.",
            Unit.RATE,
            rate("dnsfleet_edge_queries_total", _P, "transport", "family"),
        ),
        panel(
            "Queries by type",
            "Queries a second by the type that they ask for.",
            Unit.RATE,
            rate("dnsfleet_edge_queries_by_type_total", _P, "type"),
        ),
        panel(
            "Responses by code",
            "Responses a second.",
            Unit.RATE,
            rate("dnsfleet_edge_responses_total", _P, "rcode"),
        ),
        panel(
            "Response time by edge",
            "From receipt by the engine to sending, sampled.",
            Unit.SECONDS,
            *quantiles("dnsfleet_edge_response_duration_seconds", _P, "pod"),
            red_from=bounds.LATENCY_SECONDS,
        ),
        panel(
            "Responses held back",
            "Responses a second over the rate limit: slipped, so that real clients come back over "
            "TCP, or dropped.",
            Unit.RATE,
            rate("dnsfleet_edge_rate_limited_total", _P, "action"),
        ),
    ),
)
_FOLLOWING = Row(
    "Follows the core",
    (
        panel(
            "Lag by edge",
            "How long ago the edge last knew that its replica had nothing newer for it.",
            Unit.SECONDS,
            Series(f"max by (pod) (dnsfleet_edge_replication_lag_seconds{_P})", "{{pod}}"),
            red_from=bounds.LAG_SECONDS,
        ),
        panel(
            "Replica answers",
            "Whether the edge reaches its replica, and the replica the core.",
            Unit.FLAG,
            Series(f"min by (pod) (dnsfleet_edge_replica_connected{_P})", "{{pod}}: replica"),
            Series(
                'min by (pod) (dnsfleet_redis_link_up{redis="replica", pop=~"$pop"})',
                "{{pod}}: core",
            ),
            red_below=1,
        ),
        panel(
            "Position in the log",
            "Up to where everything is loaded. Lines that part are edges that fall behind.",
            Unit.NONE,
            Series(f"max by (pod) (dnsfleet_edge_lsn{_P})", "{{pod}}"),
        ),
        panel(
            "From publication to answers",
            "By the clocks of the core and of the edge.",
            Unit.SECONDS,
            *quantiles("dnsfleet_edge_propagation_seconds", _P, "pod"),
            red_from=bounds.PROPAGATION_SECONDS,
        ),
        panel(
            "Loads by source",
            "Revisions loaded a second. Snapshots where deltas should be mean gaps.",
            Unit.EVENTS,
            rate("dnsfleet_edge_zone_loads_total", _P, "source"),
        ),
        panel(
            "Gaps and full reads",
            "Announcements that were missing, and reads of the whole index.",
            Unit.EVENTS,
            Series(rate("dnsfleet_edge_gaps_total", _P, "pod").expression, "{{pod}}: gaps"),
            Series(rate("dnsfleet_edge_resyncs_total", _P, "pod").expression, "{{pod}}: reads"),
        ),
        panel(
            "Refused",
            "Revisions that could not be verified or loaded. Any of them is damage or tampering.",
            Unit.EVENTS,
            Series(rate("dnsfleet_edge_refusals_total", _P, "pod").expression, "{{pod}}: refused"),
            Series(
                rate("dnsfleet_edge_verify_failures_total", _P, "pod", "reason").expression,
                "{{pod}}: {{reason}}",
            ),
        ),
        panel(
            "What failed",
            "Connections to the replica, acks that the core did not take, writes to the disk.",
            Unit.EVENTS,
            Series(rate("dnsfleet_edge_link_failures_total", _P).expression, "connections"),
            Series(rate("dnsfleet_edge_ack_failures_total", _P).expression, "acks"),
            Series(rate("dnsfleet_edge_disk_failures_total", _P).expression, "disk"),
        ),
        panel(
            "Zones",
            "Zones that are answered from, and those whose newest revision is not loaded.",
            Unit.COUNT,
            Series(f"max by (pod) (dnsfleet_edge_zones{_P})", "{{pod}}"),
            Series(f"max by (pod) (dnsfleet_edge_zones_failing{_P})", "{{pod}}: failing"),
        ),
        panel(
            "Edges",
            "Edges that are ready, those that the Pop asks for, and those that prove nothing.",
            Unit.COUNT,
            Series(f"sum by (pop) (dnsfleet_edge_ready{_P})", "{{pop}}: say that they are ready"),
            Series(f"max by (pop) (dnsfleet_pop_edges_ready{_P})", "{{pop}}: ready"),
            Series(f"max by (pop) (dnsfleet_pop_edges_desired{_P})", "{{pop}}: desired"),
            Series(f"max by (pop) (dnsfleet_pop_edges_unverified{_P})", "{{pop}}: unverified"),
        ),
    ),
)
_OUTSIDE = Row(
    "Seen from outside",
    (
        panel(
            "Addresses that answer",
            "1 where the last query of a prober was answered.",
            Unit.FLAG,
            Series(
                f"min by (pop, address, transport) (dnsfleet_probe_up{_P})",
                "{{pop}} {{address}} {{transport}}",
            ),
            red_below=1,
        ),
        panel(
            "Zones that are wrong",
            "Zones that a prober was answered otherwise than they are published, of those that it "
            "asked for last; the board Zone tells which.",
            Unit.COUNT,
            Series(f"max by (pop) (dnsfleet_probe_zones_wrong{_P})", "{{pop}}"),
            red_from=1,
        ),
        panel(
            "Response time for probers",
            "With the way there and back.",
            Unit.SECONDS,
            *quantiles("dnsfleet_probe_duration_seconds", _P, "pop", "transport"),
        ),
    ),
)
_COST = Row(
    "Machine",
    (
        panel(
            "Memory",
            "Resident memory of each edge.",
            Unit.OCTETS,
            Series(f"max by (pod) (process_resident_memory_bytes{_P})", "{{pod}}"),
        ),
        panel(
            "Processor",
            "Processors that each edge uses; one of its shards can use one.",
            Unit.COUNT,
            rate("process_cpu_seconds_total", _P, "pod"),
        ),
        panel(
            "Open files",
            "The share of the files that an edge may have open; TCP connections are files.",
            Unit.SHARE,
            Series(
                f"max by (pod) (process_open_fds{_P} / process_max_fds{_P})",
                "{{pod}}",
            ),
        ),
        panel(
            "Writes to the disk",
            "One write with its fsync to the state folder. Answers never wait for it.",
            Unit.SECONDS,
            *quantiles("dnsfleet_edge_disk_write_seconds", _P, "pod"),
        ),
        panel(
            "Age of what the disk has",
            "How long ago the state folder last held every zone as it was answered. An edge that "
            "starts while the core is away begins with that.",
            Unit.SECONDS,
            Series(
                f"time() - min by (pod) (dnsfleet_edge_snapshot_timestamp_seconds{_P})", "{{pod}}"
            ),
            red_from=bounds.SNAPSHOT_SECONDS,
        ),
    ),
)

BOARD = Board(
    "pop",
    "Pop",
    "The edges of a Pop: what they answer, how they follow the core, what they cost.",
    (_ANSWERS, _FOLLOWING, _OUTSIDE, _COST),
    (POP,),
)
