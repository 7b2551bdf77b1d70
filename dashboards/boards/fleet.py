"""The board of whoever is on call: is all well, and if not, where."""

from dashboards import bounds
from dashboards.model import Board, Kind, Row, Series, Unit, panel, quantiles, rate

_SERVFAIL = (
    'sum{by}(rate(dnsfleet_edge_responses_total{{rcode="SERVFAIL"}}[$__rate_interval]))'
    " / sum{by}(rate(dnsfleet_edge_responses_total[$__rate_interval]))"
)
_HITS = (
    "sum{by}(rate(dnsfleet_edge_cache_hits_total[$__rate_interval]))"
    " / sum{by}(rate(dnsfleet_edge_cache_hits_total[$__rate_interval])"
    " + rate(dnsfleet_edge_cache_misses_total[$__rate_interval]))"
)
_BY_POP = " by (pop) "

_NOW = Row(
    "Now",
    (
        panel(
            "Alerts firing",
            "Alerts of dnsfleet that fire. Each has a runbook.",
            Unit.COUNT,
            Series('count(ALERTS{alertname=~"Dnsfleet.*", alertstate="firing"}) or vector(0)'),
            kind=Kind.FIGURE,
            red_from=1,
            width=4,
        ),
        panel(
            "Edges that answer",
            "Edges that say that they should get queries.",
            Unit.COUNT,
            Series("sum(dnsfleet_edge_ready)"),
            kind=Kind.FIGURE,
            red_below=1,
            width=4,
        ),
        panel(
            "Edges that do not",
            "Edges that are scraped and should get no queries: they start, drain, or lack zones.",
            Unit.COUNT,
            Series("sum(dnsfleet_edge_ready == bool 0)"),
            kind=Kind.FIGURE,
            width=4,
        ),
        panel(
            "Queries",
            "Queries a second that all edges got together.",
            Unit.RATE,
            rate("dnsfleet_edge_queries_total", ""),
            kind=Kind.FIGURE,
            width=4,
        ),
        panel(
            "SERVFAIL",
            "The share of the responses that are SERVFAIL: a zone is withheld, or an edge fails.",
            Unit.SHARE,
            Series(_SERVFAIL.format(by="")),
            kind=Kind.FIGURE,
            red_from=bounds.SERVFAIL_SHARE,
            width=4,
        ),
        panel(
            "Zones not live everywhere",
            "Zones of which some edge of an Active Pop still answers older data.",
            Unit.COUNT,
            Series("sum(dnsfleet_zone_unpropagated_seconds > bool 0)"),
            kind=Kind.FIGURE,
            red_from=1,
            width=4,
        ),
        panel(
            "Pops",
            "Each Pop by what its edges say, and what the operator asks for.",
            Unit.COUNT,
            Series("sum by (pop) (dnsfleet_edge_ready)", "Edges ready"),
            Series("max by (pop) (dnsfleet_edge_zones)", "Zones"),
            Series("sum by (pop) (rate(dnsfleet_edge_queries_total[$__rate_interval]))", "Queries"),
            Series("max by (pop) (dnsfleet_edge_replication_lag_seconds)", "Lag"),
            Series("max by (pop) (dnsfleet_edge_zones_failing)", "Zones failing"),
            kind=Kind.TABLE,
            units=(Unit.COUNT, Unit.COUNT, Unit.RATE, Unit.SECONDS, Unit.COUNT),
        ),
        panel(
            "Alerts",
            "The alerts that fire, with the labels that say where.",
            Unit.NONE,
            Series('ALERTS{alertname=~"Dnsfleet.*", alertstate="firing"}', "Firing"),
            kind=Kind.TABLE,
        ),
    ),
)
_TRAFFIC = Row(
    "Traffic",
    (
        panel(
            "Queries by Pop",
            "Queries a second. A Pop that falls to zero is unreachable, or its route is gone.",
            Unit.RATE,
            rate("dnsfleet_edge_queries_total", "", "pop"),
        ),
        panel(
            "Responses by code",
            "Responses a second. Many NXDOMAIN: somebody tries names, or attacks with random ones.",
            Unit.RATE,
            rate("dnsfleet_edge_responses_total", "", "rcode"),
        ),
        panel(
            "SERVFAIL by Pop",
            "The share of the responses that are SERVFAIL.",
            Unit.SHARE,
            Series(_SERVFAIL.format(by=_BY_POP), "{{pop}}"),
            red_from=bounds.SERVFAIL_SHARE,
        ),
        panel(
            "Response time by Pop",
            "From receipt by the engine to sending, sampled. The way to the client is not in it.",
            Unit.SECONDS,
            *quantiles("dnsfleet_edge_response_duration_seconds", "", "pop"),
            red_from=bounds.LATENCY_SECONDS,
        ),
        panel(
            "Cache hits by Pop",
            "The share of the look-ups that the answer cache had. It falls when names are random.",
            Unit.SHARE,
            Series(_HITS.format(by=_BY_POP), "{{pop}}"),
        ),
        panel(
            "Rate-limited by Pop",
            "The share of the queries whose response was held back, since their source asks too "
            "often.",
            Unit.SHARE,
            Series(
                "sum by (pop) (rate(dnsfleet_edge_rate_limited_total[$__rate_interval]))"
                " / sum by (pop) (rate(dnsfleet_edge_queries_total[$__rate_interval]))",
                "{{pop}}",
            ),
            red_from=bounds.LIMITED_SHARE,
        ),
    ),
)
_CHANGES = Row(
    "Changes",
    (
        panel(
            "Lag by Pop",
            "How long ago an edge last knew that its replica had nothing newer for it.",
            Unit.SECONDS,
            Series("max by (pop) (dnsfleet_edge_replication_lag_seconds)", "{{pop}}"),
            red_from=bounds.LAG_SECONDS,
        ),
        panel(
            "Until a change is live everywhere",
            "From publication until every Ready edge of the zone's Active Pops answers it.",
            Unit.SECONDS,
            *quantiles("dnsfleet_propagation_seconds", ""),
            red_from=bounds.PROPAGATION_SECONDS,
        ),
        panel(
            "Until a change is live, by Pop",
            "From publication until every Ready edge of the Pop answers it.",
            Unit.SECONDS,
            *quantiles("dnsfleet_pop_propagation_seconds", "", "pop"),
            red_from=bounds.PROPAGATION_SECONDS,
        ),
        panel(
            "Waiting for people",
            "Zones or Pops whose change is held, zones that are to leave the fleet, and zones "
            "without a Zone object.",
            Unit.COUNT,
            Series("max(dnsfleet_zones_held)", "changes held"),
            Series("max(dnsfleet_removals_held)", "removals held"),
            Series("max(dnsfleet_orphans)", "orphans"),
            red_from=1,
        ),
    ),
)
_OUTSIDE = Row(
    "Seen from outside",
    (
        panel(
            "Addresses that answer",
            "The share of the public addresses of a Pop that answered the last query of a prober.",
            Unit.SHARE,
            Series("avg by (pop) (dnsfleet_probe_up)", "{{pop}}"),
        ),
        panel(
            "Inside and outside disagree",
            "The share of probers that see something else than the edges of the Pop say.",
            Unit.SHARE,
            Series("avg by (pop) (dnsfleet_probe_disagreement)", "{{pop}}"),
            red_from=bounds.DISAGREEING_SHARE,
        ),
    ),
)

BOARD = Board(
    "fleet",
    "Fleet",
    "Is all well, and if not, where. Red is where an alert fires.",
    (_NOW, _TRAFFIC, _CHANGES, _OUTSIDE),
)
