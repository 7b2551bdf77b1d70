"""The HTTP side of a role: /metrics, /healthz and /readyz, for scrapers and probes."""

import logging
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import NamedTuple

from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from dnsfleet_io import listen_addresses
from dnsfleet_io.listen_addresses import Address
from dnsfleet_io.logs import line

CLIENT_SECONDS = 5.0
"""How long a client may say nothing: it must not keep its thread for ever."""
POLL_SECONDS = 0.1
"""How long a stop may go unnoticed."""
# The library would add a gauge to each counter and histogram, that tells when its first value came.
disable_created_metrics()  # type: ignore[no-untyped-call]
_TEXT = "text/plain; charset=utf-8"

log = logging.getLogger(__name__)


class Page(NamedTuple):
    """What is answered to one GET."""

    status: int
    content_type: str
    body: bytes


def text_page(ok: bool, text: str) -> Page:
    """A probe's answer: 200 or 503 and one line that says why."""
    return Page(200 if ok else 503, _TEXT, f"{text}\n".encode())


def json_page(body: bytes) -> Page:
    """A page with JSON for another role."""
    return Page(200, "application/json", body)


def metrics_page(registry: CollectorRegistry) -> Page:
    """The page for /metrics, in the text format of Prometheus."""
    return Page(200, CONTENT_TYPE_LATEST, generate_latest(registry))


class PageServer:
    """Serves `pages` (path to what makes the page) from threads of its own.

    What makes one of `asked` gets the query component of the request, as it came. A page that
    cannot be made is status 500 and a line in the log. OSError on creation names the address that
    could not be bound.
    """

    def __init__(
        self,
        address: Address,
        pages: Mapping[str, Callable[[], Page]],
        asked: Mapping[str, Callable[[str], Page]] | None = None,
    ) -> None:
        host, port = listen_addresses.of_both_families(address)

        class Handler(_Handler):
            def do_GET(self) -> None:
                path, _, query = self.path.partition("?")
                make = pages.get(path)
                if asked is not None and path in asked:
                    make = partial(asked[path], query)
                self.send(_made(path, make) if make else Page(404, _TEXT, b"not found\n"))

        try:
            self._server = (_IPv6Server if ":" in host else _Server)((host, port), Handler)
        except OSError as error:
            raise OSError(
                error.errno,
                f"cannot serve HTTP on {host} port {port}: {error.strerror}, choose another port",
            ) from None
        self.address: Address = self._server.server_address[:2]  # type: ignore[assignment]
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": POLL_SECONDS},
            name="http",
            daemon=True,
        )

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _made(path: str, make: Callable[[], Page]) -> Page:
    try:
        return make()
    except Exception:
        log.exception(line("page_failed", path=path))
        return Page(500, _TEXT, b"the page could not be made, see the log\n")


class _Server(ThreadingTCPServer):
    """`http.server.HTTPServer` asks the resolver for its own name: a start must not wait for it."""

    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, _request: object, client_address: object) -> None:
        """A client that went away is no defect; what else was not foreseen is one line."""
        problem = sys.exception()
        if not isinstance(problem, OSError):
            log.error(line("http_failed", client=client_address), exc_info=problem)


class _IPv6Server(_Server):
    address_family = socket.AF_INET6

    def server_bind(self) -> None:
        """`::` is for both families, whatever the machine's own choice is."""
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


class _Handler(BaseHTTPRequestHandler):
    timeout = CLIENT_SECONDS

    def send(self, page: Page) -> None:
        self.send_response(page.status)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        self.wfile.write(page.body)

    def log_message(self, format: str, *args: object) -> None:
        """Probes come every second; a line for each would bury the events."""
