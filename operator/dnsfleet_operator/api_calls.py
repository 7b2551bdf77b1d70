"""Calls to the API server, counted where they are sent.

kopf has a client of its own, for its watches of a few kinds and for nothing else (see
`kopf_calls`).
"""

import re
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from kubernetes.client.exceptions import ApiException
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

NO_ANSWER = "none"
VERSION_RESOURCE = "version"
"""The resource of which the API server's clock is asked."""
SECONDS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""From one object out of a cache to the longest that a page of a list may take."""
_BY_RBAC = re.compile(r"cannot \S+ resource")
"""In what the API server says where RBAC denies a call. Quotas, and namespaces that end, refuse
with the same status, and no right would help there."""


class APICalls:
    """What /metrics says of them. Verbs and resources are those of Kubernetes, as in RBAC."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter(
            "dnsfleet_operator_api_calls_total",
            "Calls to the API server that have ended, by verb, resource and HTTP status (403: the "
            "operator lacks a right, 409: somebody else wrote first, 429: too many, none: no "
            "answer). Those of kopf, which watches some kinds, count when their answer begins.",
            ["verb", "resource", "code"],
            registry=registry,
        )
        self._seconds = Histogram(
            "dnsfleet_operator_api_seconds",
            "How long calls to the API server took, those of kopf and watches left out: a watch "
            "lasts as long as it may.",
            ["verb"],
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )

        self._denied = Gauge(
            "dnsfleet_operator_api_denied",
            "1 while RBAC denies the operator a verb of a resource: the newest such call that was "
            "answered, in one namespace at least. No series for what it is allowed.",
            ["verb", "resource"],
            registry=registry,
        )
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], set[str]] = {}
        """The namespaces in which a verb of a resource is denied, "" for the whole cluster.

        Each is judged by its own calls: what RBAC allows in one says nothing of another.
        """

    def sent(self, verb: str, resource: str, send: Callable[[], Any], namespace: str = "") -> Any:
        """The response that `send` gives, counted by its status; what it raises goes on."""
        began, code = time.monotonic(), NO_ANSWER
        try:
            answer = send()
            code = str(answer.status)
            self._judge(verb, resource, namespace, denied=False)
            return answer
        except ApiException as error:
            code = code_of(error)
            if code != NO_ANSWER:
                self._judge(verb, resource, namespace, is_denied(error))
            raise
        finally:
            self._calls.labels(verb, resource, code).inc()
            self._seconds.labels(verb).observe(time.monotonic() - began)

    def ended(self, verb: str, resource: str, code: str, namespace: str = "") -> None:
        """Count a call that only reads, has ended, and was not sent by `sent`."""
        self._calls.labels(verb, resource, code).inc()
        if code != NO_ANSWER:
            self._judge(verb, resource, namespace, code == str(HTTPStatus.FORBIDDEN.value))

    def watched(self, resource: str, error: Exception | None, namespace: str = "") -> None:
        """A watch has ended, with an error or well."""
        code = str(HTTPStatus.OK.value) if error is None else code_of(error)
        self._calls.labels("watch", resource, code).inc()
        if code != NO_ANSWER:
            denied = error is not None and is_denied(error)
            self._judge("watch", resource, namespace, denied)

    def _judge(self, verb: str, resource: str, namespace: str, denied: bool) -> None:
        """The API server has answered a call, and denied it or not."""
        key = verb, resource
        with self._lock:
            if denied:
                self._known.setdefault(key, set()).add(namespace)
                self._denied.labels(*key).set(1)
            elif namespace in (left := self._known.get(key, set())):
                left.discard(namespace)
                if not left:
                    del self._known[key]
                    self._denied.remove(*key)


def is_denied(error: Exception) -> bool:
    """Whether RBAC lets us not do what was asked."""
    if not isinstance(error, ApiException) or error.status != HTTPStatus.FORBIDDEN:
        return False
    body = error.body or ""
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
    return _BY_RBAC.search(text) is not None


def code_of(error: Exception) -> str:
    """The status that the API server answered, or NO_ANSWER."""
    status = error.status if isinstance(error, ApiException) else None
    return str(status or NO_ANSWER)
