"""Which alerts fire, as Alertmanager or Prometheus says it. Neither is trusted with more than text.

One question is under way at a time, in a thread of its own, and a page waits SECONDS for its
answer: a server that says an octet now and then holds up no page for longer.

Alertmanager knows what is silenced and what another alert stands for; Prometheus knows what its
rules say. Only alerts of dnsfleet are asked for: others of the same cluster are for other pages.
"""

import http.client
import json
import threading
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit

from dnsfleet_status.looks import Alert, Alerts

PREFIX = "Dnsfleet"
"""The names of all alerts of files/alerts.yaml in the chart begin so."""
SECONDS = 3.0
"""How long a page waits for an answer."""
MAX_OCTETS = 4 * 1024**2
"""Of an answer that is read: a thousand alerts with long descriptions."""
MAX_ALERTS = 200
"""Shown on a page; where more fire, the first by severity and name."""
_FAILURES = (
    *(URLError, OSError, http.client.HTTPException),
    *(ValueError, KeyError, TypeError, AttributeError, RecursionError),
)
"""Of the server, or of what is between: an answer may be anything."""
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


class _Asked:
    """The answer to a question; pages that come while it is under way share it."""

    def __init__(self, url: str, ask: Callable[[], Alerts]) -> None:
        self._url = url
        self._ask = ask
        self._lock = threading.Lock()
        self._answer: Future[Alerts] | None = None

    def __call__(self) -> Alerts:
        with self._lock:
            if self._answer is None or self._answer.done():
                self._answer = Future()
                threading.Thread(
                    target=self._run, args=[self._answer], name="alerts", daemon=True
                ).start()
            answer = self._answer
        try:
            return answer.result(SECONDS)
        except TimeoutError:
            return _unknown(self._url, f"no answer within {SECONDS:g} s")

    def _run(self, answer: "Future[Alerts]") -> None:
        try:
            answer.set_result(self._ask())
        except Exception as error:
            answer.set_exception(error)


def _asking(url: str, path: str, read: Callable[[Any], Iterable[Alert]]) -> Callable[[], Alerts]:
    _check(url)
    whole = url.rstrip("/") + path

    def ask() -> Alerts:
        try:
            with urllib.request.urlopen(whole, timeout=SECONDS) as reply:  # noqa: S310 - see above
                found = read(json.loads(reply.read(MAX_OCTETS)))
                ours = [each for each in found if each.name.startswith(PREFIX)]
        except _FAILURES as error:
            return _unknown(url, error)
        return Alerts(tuple(sorted(ours, key=_order)[:MAX_ALERTS]))

    return _Asked(url, ask)


def _check(url: str) -> None:
    """ValueError for what is no address of a server, in words that show no password."""
    if "@" in url:
        raise ValueError("the address to ask for alerts has a user or a password: none is sent")
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or " " in url or not url.isprintable():
        raise ValueError(f"{url} is no address like http://alertmanager.monitoring.svc:9093")


def _unknown(url: str, why: object) -> Alerts:
    return Alerts(problem=f"Which alerts fire is not known: {url} does not say it: {why}")


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
