"""The operator, the tunnel by which Pops of other clusters reach its core, and secondaries."""

from dashboards import bounds
from dashboards.model import Board, Kind, Row, Series, Unit, panel, quantiles, rate

_LEADS = "and on (instance) dnsfleet_operator_leader == 1"
"""What another replica said last, while it led, is as it was then."""

_WORK = Row(
    "Work",
    (
        panel(
            "Leaders",
            "Replicas that lead. None: nothing is published; the core refuses a second one.",
            Unit.COUNT,
            Series("sum by (role) (dnsfleet_operator_leader)", "{{role}}"),
            kind=Kind.FIGURE,
            red_below=1,
            width=6,
        ),
        panel(
            "Core takes writes",
            "Whether the core did what the last look and the last pass asked.",
            Unit.FLAG,
            Series(f"min(dnsfleet_operator_core_up {_LEADS})"),
            kind=Kind.FIGURE,
            red_below=1,
            width=6,
        ),
        panel(
            "Secret of the keys lost",
            "Whether the Secret with the keys is gone or unusable.",
            Unit.FLAG,
            Series("max(dnsfleet_operator_keys_lost)"),
            kind=Kind.FIGURE,
            red_from=1,
            width=6,
        ),
        panel(
            "Releases that stand aside",
            "Replicas of a second release in this cluster, which do nothing.",
            Unit.COUNT,
            Series("sum(dnsfleet_operator_stands_aside)"),
            kind=Kind.FIGURE,
            red_from=1,
            width=6,
        ),
        panel(
            "Since the last turn",
            "The work loop turns at least every second.",
            Unit.SECONDS,
            Series(f"time() - min(dnsfleet_operator_last_pass_timestamp_seconds {_LEADS})", "turn"),
            red_from=bounds.PASS_SECONDS,
        ),
        panel(
            "Since the last full list",
            "All objects are listed every five minutes; nothing waits for it.",
            Unit.SECONDS,
            Series(f"time() - min(dnsfleet_operator_last_sync_timestamp_seconds {_LEADS})", "list"),
        ),
        panel(
            "Keys that wait",
            "Objects that wait to be reconciled. It grows while changes come faster than they go.",
            Unit.COUNT,
            Series(f"max(dnsfleet_operator_queue_depth {_LEADS})", "keys"),
        ),
        panel(
            "Reconciliations",
            "A second, by kind and result.",
            Unit.EVENTS,
            rate("dnsfleet_operator_reconcile_total", "", "kind", "result"),
        ),
        panel(
            "Primaries that were asked",
            "For transferred zones, a second, by what came of it.",
            Unit.EVENTS,
            rate("dnsfleet_operator_primaries_asked_total", "", "outcome"),
        ),
        panel(
            "Time of a reconciliation",
            "By kind.",
            Unit.SECONDS,
            *quantiles("dnsfleet_operator_pass_seconds", "", "kind"),
        ),
        panel(
            "Time of a look",
            "A look reads the acks of all edges.",
            Unit.SECONDS,
            *quantiles("dnsfleet_operator_look_seconds", ""),
        ),
        panel(
            "Corrections",
            "Differences that a full list found in what changes had made; each is a fault of ours.",
            Unit.EVENTS,
            rate("dnsfleet_operator_resync_corrections_total", ""),
        ),
    ),
)
_API = Row(
    "API server",
    (
        panel(
            "Calls",
            "A second, by verb and status code. 409 and 404 now and then are normal; 403 is a "
            "missing right, 5xx an API server in trouble.",
            Unit.EVENTS,
            rate("dnsfleet_operator_api_calls_total", "", "verb", "code"),
        ),
        panel(
            "Time of a call",
            "By verb.",
            Unit.SECONDS,
            *quantiles("dnsfleet_operator_api_seconds", "", "verb"),
        ),
        panel(
            "Writes to statuses",
            "A second, by kind.",
            Unit.EVENTS,
            rate("dnsfleet_operator_status_writes_total", "", "kind"),
        ),
        panel(
            "Pops that are heard",
            "0 while nothing was heard of a Pop that should be heard.",
            Unit.FLAG,
            Series("max by (pop) (dnsfleet_pop_connected)", "{{pop}}"),
            red_below=1,
        ),
    ),
)
_TUNNEL = Row(
    "Tunnel",
    (
        panel(
            "Connections",
            "Connections that are carried, and those that have not shown a certificate yet.",
            Unit.COUNT,
            Series("sum(dnsfleet_tunnel_connections)", "carried"),
            Series("sum(dnsfleet_tunnel_handshakes)", "handshakes"),
        ),
        panel(
            "Not carried",
            "Connections a second that were not carried, or not on, by reason.",
            Unit.EVENTS,
            rate("dnsfleet_tunnel_failures_total", "", "reason"),
        ),
        panel(
            "Certificates end in",
            "The operator renews those that it made before they end.",
            Unit.SECONDS,
            Series(
                "min by (certificate) (dnsfleet_tunnel_certificate_expiry_timestamp_seconds)"
                " - time()",
                "{{certificate}}",
            ),
            Series(
                "min by (pop) (dnsfleet_pop_certificate_expiry_timestamp_seconds) - time()",
                "{{pop}}",
            ),
            red_below=bounds.CERTIFICATE_SECONDS,
        ),
        panel(
            "Versions",
            "What runs of operator and tunnel.",
            Unit.COUNT,
            Series("count by (version) (dnsfleet_operator_build_info)", "Operators"),
            Series("count by (version) (dnsfleet_tunnel_build_info)", "Tunnels"),
            kind=Kind.TABLE,
        ),
    ),
)

_SECONDARIES = Row(
    "Secondaries",
    (
        panel(
            "Behind",
            "For how long no gate has seen the newest serial of some zone at a secondary.",
            Unit.SECONDS,
            Series("min by (secondary) (dnsfleet_gate_secondary_behind_seconds)", "{{secondary}}"),
            red_from=bounds.SECONDARY_SECONDS,
        ),
        panel(
            "Zones that are not Current",
            "By secondary and state, as the gate that sees fewest has it.",
            Unit.COUNT,
            Series(
                'min by (secondary, state) (dnsfleet_gate_secondary_zones{state!="Current"}) > 0',
                "{{secondary}} {{state}}",
            ),
        ),
        panel(
            "NOTIFY",
            "Messages a second to secondaries: answered, tried again, or given up.",
            Unit.EVENTS,
            rate("dnsfleet_gate_notifies_total", "", "outcome"),
        ),
        panel(
            "Queries to secondaries",
            "For the SOA of a zone, a second, by what came.",
            Unit.EVENTS,
            rate("dnsfleet_gate_secondary_queries_total", "", "answer"),
        ),
    ),
)

BOARD = Board(
    "operator",
    "Operator",
    "What the operator does, what the API server says to it, the tunnel between clusters, and the "
    "secondaries of gates.",
    (_WORK, _API, _TUNNEL, _SECONDARIES),
)
