"""Which alerts fire, as Alertmanager or Prometheus says it. Neither is trusted with more than text.

Alertmanager knows what is silenced and what another alert stands for; Prometheus knows what its
rules say. Only alerts of dnsfleet are asked for: others of the same cluster are for other pages.
"""

import json
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit

from dnsfleet_status.looks import Alert, Alerts

PREFIX = "Dnsfleet"
"""The names of all alerts of files/alerts.yaml in the chart begin so."""
SECONDS = 3.0
"""How long an answer may take: a page waits for it."""
MAX_OCTETS = 4 * 1024**2
"""Of an answer that is read: a thousand alerts with long descriptions."""
MAX_ALERTS = 200
"""Shown on a page; where more fire, the first by severity and name."""
_SEVERITIES = ("critical", "warning", "info")


def nowhere(how: str) -> Callable[[], Alerts]:
    """What knows of none, and says how to give it somebody to ask."""
    alerts = Alerts(problem=f"Which alerts fire is not known here: {how}")
    return lambda: alerts


def from_alertmanager(url: str) -> Callable[[], Alerts]:
    """What the Alertmanager at an address says; ValueError for an address that is none."""
    query = {"filter": f'alertname=~"{PREFIX}.*"', "silenced": "false", "inhibited": "false"}
    return _asking(url, f"/api/v2/alerts?{urlencode(query)}", _of_alertmanager)


def from_prometheus(url: str) -> Callable[[], Alerts]:
    """What the Prometheus at an address says; ValueError for an address that is none."""
    return _asking(url, "/api/v1/alerts", _of_prometheus)


def _asking(url: str, path: str, read: Callable[[Any], Iterable[Alert]]) -> Callable[[], Alerts]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url} is no address like http://alertmanager.monitoring.svc:9093")
    whole = url.rstrip("/") + path

    def ask() -> Alerts:
        try:
            with urllib.request.urlopen(whole, timeout=SECONDS) as reply:  # noqa: S310 - see above
                found = read(json.loads(reply.read(MAX_OCTETS)))
                ours = [each for each in found if each.name.startswith(PREFIX)]
        except (URLError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            return Alerts(problem=f"Which alerts fire is not known: {url} does not say it: {error}")
        return Alerts(tuple(sorted(ours, key=_order)[:MAX_ALERTS]))

    return ask


def _of_alertmanager(said: Any) -> Iterable[Alert]:
    return [_alert(each["labels"], each["annotations"], each["startsAt"]) for each in said]


def _of_prometheus(said: Any) -> Iterable[Alert]:
    return [
        _alert(each["labels"], each["annotations"], each["activeAt"])
        for each in said["data"]["alerts"]
        if each["state"] == "firing"
    ]


def _alert(labels: Mapping[str, str], annotations: Mapping[str, str], since: str) -> Alert:
    runbook = str(annotations.get("runbook_url", ""))
    return Alert(
        str(labels["alertname"]),
        str(labels.get("severity", "")),
        str(since),
        str(annotations.get("summary", "")),
        str(annotations.get("description", "")),
        runbook if urlsplit(runbook).scheme in ("http", "https") else "",
    )


def _order(alert: Alert) -> tuple[int, str, str]:
    known = alert.severity in _SEVERITIES
    return (
        _SEVERITIES.index(alert.severity) if known else len(_SEVERITIES),
        alert.name,
        alert.summary,
    )
