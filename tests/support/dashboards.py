"""The expressions of the dashboards, as Grafana would send them, and which may give no data."""

import json
import re
from collections.abc import Collection
from typing import Any, NamedTuple

from support.releases import CHART

FOLDER = CHART / "files" / "dashboards"
CHOICES = {"$__rate_interval": "1m", "$pop": ".+", "$pod": ".+", "$zone": ".+"}
"""What Grafana puts in place of its variables, where All is chosen."""
_METRIC = re.compile(r"\b(?:dnsfleet_\w+|process_\w+|ALERTS)\b")

_NO_OPERATOR = "no operator runs beside `dnsfleet up`"
_NO_GATE = "there is no gate"
_NO_TUNNEL = "no tunnel runs beside `dnsfleet up`"

WITHOUT_DATA = {
    'alertstate="firing"': "all is well",
    'redis="core"': _NO_OPERATOR,
    "dnsfleet_gate_notifies_total": _NO_GATE,
    "dnsfleet_gate_secondary_behind_seconds": _NO_GATE,
    "dnsfleet_gate_secondary_queries_total": _NO_GATE,
    "dnsfleet_gate_secondary_zones": _NO_GATE,
    "dnsfleet_operator_api_calls_total": _NO_OPERATOR,
    "dnsfleet_operator_api_seconds": _NO_OPERATOR,
    "dnsfleet_operator_build_info": _NO_OPERATOR,
    "dnsfleet_operator_core_up": _NO_OPERATOR,
    "dnsfleet_operator_keys_lost": _NO_OPERATOR,
    "dnsfleet_operator_last_pass_timestamp_seconds": _NO_OPERATOR,
    "dnsfleet_operator_last_sync_timestamp_seconds": _NO_OPERATOR,
    "dnsfleet_operator_leader": _NO_OPERATOR,
    "dnsfleet_operator_look_seconds": _NO_OPERATOR,
    "dnsfleet_operator_pass_seconds": _NO_OPERATOR,
    "dnsfleet_operator_primaries_asked_total": _NO_OPERATOR,
    "dnsfleet_operator_queue_depth": _NO_OPERATOR,
    "dnsfleet_operator_reconcile_total": _NO_OPERATOR,
    "dnsfleet_operator_resync_corrections_total": _NO_OPERATOR,
    "dnsfleet_operator_stands_aside": _NO_OPERATOR,
    "dnsfleet_operator_status_writes_total": _NO_OPERATOR,
    "dnsfleet_orphans": _NO_OPERATOR,
    "dnsfleet_pop_certificate_expiry_timestamp_seconds": _NO_OPERATOR,
    "dnsfleet_pop_connected": _NO_OPERATOR,
    "dnsfleet_pop_edges_desired": _NO_OPERATOR,
    "dnsfleet_pop_edges_ready": _NO_OPERATOR,
    "dnsfleet_pop_edges_unverified": _NO_OPERATOR,
    "dnsfleet_pop_propagation_seconds": _NO_OPERATOR,
    "dnsfleet_probe_current": "no zone is wrong",
    "dnsfleet_propagation_seconds": _NO_OPERATOR,
    "dnsfleet_removals_held": _NO_OPERATOR,
    "dnsfleet_tunnel_build_info": _NO_TUNNEL,
    "dnsfleet_tunnel_certificate_expiry_timestamp_seconds": _NO_TUNNEL,
    "dnsfleet_tunnel_connections": _NO_TUNNEL,
    "dnsfleet_tunnel_failures_total": _NO_TUNNEL,
    "dnsfleet_tunnel_handshakes": _NO_TUNNEL,
    "dnsfleet_zone_accepted": _NO_OPERATOR,
    "dnsfleet_zone_expiry_timestamp_seconds": _NO_OPERATOR,
    "dnsfleet_zone_pop_current": _NO_OPERATOR,
    "dnsfleet_zone_propagated": _NO_OPERATOR,
    "dnsfleet_zone_signature_expiry_timestamp_seconds": _NO_OPERATOR,
    "dnsfleet_zone_unpropagated_seconds": _NO_OPERATOR,
    "dnsfleet_zones_held": _NO_OPERATOR,
}
"""Metrics, and matchers of labels, of which a healthy `dnsfleet up` has no series, and why."""

WITHOUT_DATA_IN_A_CLUSTER = {
    'alertstate="firing"': "all is well",
    "dnsfleet_gate_notifies_total": _NO_GATE,
    "dnsfleet_gate_secondary_behind_seconds": _NO_GATE,
    "dnsfleet_gate_secondary_queries_total": _NO_GATE,
    "dnsfleet_gate_secondary_zones": _NO_GATE,
    "dnsfleet_pop_certificate_expiry_timestamp_seconds": "no Pop is in another cluster",
    "dnsfleet_operator_primaries_asked_total": "no zone has primaries",
    "dnsfleet_probe_current": "no zone is wrong",
    "dnsfleet_zone_expiry_timestamp_seconds": "no zone has primaries",
    "dnsfleet_zone_pop_current": "no Pop is behind",
}
"""The same of a healthy release with all roles in one cluster."""


class Expression(NamedTuple):
    """One of them, ready to be evaluated."""

    where: str
    text: str

    @property
    def metrics(self) -> set[str]:
        """What it asks for, histograms by their own name."""
        found = set(_METRIC.findall(self.text))
        return {re.sub(r"_bucket$", "", each) for each in found}

    @property
    def has_data(self) -> bool:
        """Whether a healthy `dnsfleet up` has all that it asks for."""
        return self.has_data_without(WITHOUT_DATA)

    def has_data_without(self, missing: Collection[str]) -> bool:
        """Whether all that it asks for is there where these have no series."""
        return "vector(0)" in self.text or not any(map(self.asks_for, missing))

    def asks_for(self, key: str) -> bool:
        """Whether it has a metric, or a matcher of labels."""
        return key in (self.text if "=" in key else self.metrics)


def selector(key: str) -> str:
    """All series of a metric, or of a matcher of labels."""
    return f"{{{key}}}" if "=" in key else f'{{__name__=~"{key}(_count|_bucket)?"}}'


def boards() -> list[dict[str, Any]]:
    """The committed files."""
    return [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """Those with a picture."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def expressions() -> list[Expression]:
    """All of them, with what Grafana puts in place of variables."""
    return [
        Expression(f"{board['title']}: {panel['title']} {target['refId']}", _chosen(target["expr"]))
        for board in boards()
        for panel in panels(board)
        for target in panel["targets"]
    ]


def _chosen(text: str) -> str:
    for variable, value in CHOICES.items():
        text = text.replace(variable, value)
    return text
