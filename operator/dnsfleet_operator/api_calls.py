"""Calls to the API server, counted where they are sent.

kopf has a client of its own, for its watches of a few kinds and for nothing else (see
`kopf_calls`).
"""

import time
from collections.abc import Callable
from typing import Any

from kubernetes.client.exceptions import ApiException
from prometheus_client import CollectorRegistry, Counter, Histogram

NO_ANSWER = "none"
VERSION_RESOURCE = "version"
"""The resource of which the API server's clock is asked."""
SECONDS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""From one object out of a cache to the longest that a page of a list may take."""


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

    def sent(self, verb: str, resource: str, send: Callable[[], Any]) -> Any:
        """The response that `send` gives, counted by its status; what it raises goes on."""
        began, code = time.monotonic(), NO_ANSWER
        try:
            answer = send()
            code = str(answer.status)
            return answer
        except ApiException as error:
            code = code_of(error)
            raise
        finally:
            self._calls.labels(verb, resource, code).inc()
            self._seconds.labels(verb).observe(time.monotonic() - began)

    def ended(self, verb: str, resource: str, code: str) -> None:
        """Count a call that has ended, and was not sent by `sent`."""
        self._calls.labels(verb, resource, code).inc()


def code_of(error: Exception) -> str:
    """The status that the API server answered, or NO_ANSWER."""
    status = error.status if isinstance(error, ApiException) else None
    return str(status or NO_ANSWER)
