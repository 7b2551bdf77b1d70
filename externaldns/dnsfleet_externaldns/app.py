"""The protocol over HTTP (ExternalDNS: docs/tutorials/webhook-provider.md, api/webhook.yaml).

    GET  /                  the domains to ask for
    GET  /records           the endpoints of this instance
    POST /adjustendpoints   wanted endpoints, as they are read after they were written
    POST /records           changes; 204

ExternalDNS tries again after a 5xx, in its next round; after any other error, or 15 s without an
answer, it ends. So what may be well the next time is a 503, and only what the request itself has
wrong is a 4xx.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from dnsfleet_io.logs import line
from dnsfleet_kubernetes.calls import UnavailableError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dnsfleet_externaldns import endpoints
from dnsfleet_externaldns.endpoints import MEDIA_TYPE, BodyError
from dnsfleet_externaldns.metrics import WebhookMetrics
from dnsfleet_externaldns.provider import Provider

MAX_ENDPOINTS = 32 * 1024 * 1024
"""Octets of a list of endpoints: what ExternalDNS takes of an answer by default."""
MAX_CHANGES = 4 * MAX_ENDPOINTS
"""Octets of changes: where all endpoints change at once, as they do with the address of their load
balancer, each is there as it was and as it is to be, and twice more with the TXT of its owner."""
ANSWER_SECONDS = 13.0
"""For an answer, whatever the API server does: ExternalDNS ends where it waits for 15 s in vain."""
_ANY = frozenset({"", "*/*", "application/*"})

_log = logging.getLogger(__name__)

Operation = Callable[[bytes], Any]
"""From the body of a request to what the answer has; None for none."""


class _RequestError(Exception):
    """The request is not one of the protocol."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def make(provider: Provider, metrics: WebhookMetrics) -> Starlette:
    """The application; operations run in threads."""

    def records(_body: bytes) -> Any:
        return endpoints.to_json(provider.records())

    def adjust(body: bytes) -> Any:
        return endpoints.to_json(provider.adjust(endpoints.endpoints(body)))

    def apply(body: bytes) -> None:
        provider.apply(endpoints.changes(body))

    def route(path: str, method: str, name: str, operation: Operation, most: int = 0) -> Route:
        return Route(path, _answering(name, operation, most, metrics), methods=[method])

    return Starlette(
        routes=[
            route("/", "GET", "negotiate", lambda _body: provider.negotiate()),
            route("/records", "GET", "records", records),
            route("/records", "POST", "apply", apply, MAX_CHANGES),
            route("/adjustendpoints", "POST", "adjust", adjust, MAX_ENDPOINTS),
        ]
    )


def _answering(
    name: str, operation: Operation, most: int, metrics: WebhookMetrics
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        began = time.monotonic()
        response = await _answer(request, name, operation, most)
        metrics.requests.labels(name, response.status_code).inc()
        metrics.seconds.labels(name).observe(time.monotonic() - began)
        return response

    return answer


async def _answer(request: Request, name: str, operation: Operation, most: int) -> Response:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            body = await _body(request, most)
            found = await asyncio.to_thread(operation, body)
    except _RequestError as error:
        return PlainTextResponse(f"{error}\n", error.status)
    except BodyError as error:
        _log.warning(line("bad_request", operation=name, reason=error))
        return PlainTextResponse(f"{error}\n", HTTPStatus.BAD_REQUEST)
    except UnavailableError as error:
        _log.warning(line("unavailable", operation=name, reason=error))
        return PlainTextResponse(f"{error}\n", HTTPStatus.SERVICE_UNAVAILABLE)
    except TimeoutError:  # the operation goes on, and the next one waits for it
        message = f"no answer after {ANSWER_SECONDS:.0f} s: the API server is slow, or has much"
        _log.warning(line("too_slow", operation=name, reason=message))
        return PlainTextResponse(f"{message}\n", HTTPStatus.SERVICE_UNAVAILABLE)
    except Exception:
        _log.exception(line("operation_failed", operation=name))
        return PlainTextResponse("see the log\n", HTTPStatus.INTERNAL_SERVER_ERROR)
    if found is None:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return Response(json.dumps(found), media_type=MEDIA_TYPE)


async def _body(request: Request, most: int) -> bytes:
    """The body of a request, `most` octets, after a look at what it says of itself;
    _RequestError."""
    accepted = {
        each.partition(";")[0].strip() for each in request.headers.get("accept", "").split(",")
    }
    if not accepted & (_ANY | {MEDIA_TYPE.partition(";")[0]}):
        raise _RequestError(HTTPStatus.NOT_ACCEPTABLE, f"this answers with {MEDIA_TYPE}")
    if request.method != "POST":
        return b""
    given = request.headers.get("content-type", "").replace(" ", "")
    if given != MEDIA_TYPE:
        raise _RequestError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the content is to be {MEDIA_TYPE}")
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > most:
            raise _RequestError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"such a request has {most} octets at most"
            )
    return bytes(found)
