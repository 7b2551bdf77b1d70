"""The edge's HTTP side: /metrics, /healthz and /readyz, for scrapers and probes."""

import logging
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from dnsfleet_edge.logs import line

# A client that says nothing must not keep its thread for ever.
CLIENT_TIMEOUT_SECONDS = 5.0

log = logging.getLogger(__name__)


class Page(NamedTuple):
    status: int
    content_type: str
    body: bytes


def text_page(ok: bool, text: str) -> Page:
    """A probe's answer: 200 or 503 and one line that says why."""
    return Page(200 if ok else 503, "text/plain; charset=utf-8", f"{text}\n".encode())


class HTTPServer:
    """Serves `pages` (path to what makes the page) from threads of its own.

    OSError on creation names the address that could not be bound.
    """

    def __init__(self, address: tuple[str, int], pages: Mapping[str, Callable[[], Page]]) -> None:
        class Server(ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
            daemon_threads = True

            def server_bind(self) -> None:
                """`::` is for both families, whatever the machine's own choice is."""
                if self.address_family == socket.AF_INET6:
                    self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                super().server_bind()

            def handle_error(self, _request: object, client_address: object) -> None:
                """A client that went away is no defect, and a page that failed is one line."""
                log.warning(line("http_failed", client=client_address, problem=sys.exception()))

        class Handler(BaseHTTPRequestHandler):
            timeout = CLIENT_TIMEOUT_SECONDS

            def do_GET(self) -> None:
                make = pages.get(self.path.partition("?")[0])
                page = make() if make else Page(404, "text/plain; charset=utf-8", b"not found\n")
                self.send_response(page.status)
                self.send_header("Content-Type", page.content_type)
                self.send_header("Content-Length", str(len(page.body)))
                self.end_headers()
                self.wfile.write(page.body)

            def log_message(self, format: str, *args: object) -> None:
                """Probes come every second; a line for each would bury the events."""

        try:
            self._server = Server(address, Handler)
        except OSError as error:
            where = f"{address[0]} port {address[1]}"
            raise OSError(
                error.errno, f"cannot serve HTTP on {where}: {error.strerror}, choose another port"
            ) from None
        self.address: tuple[str, int] = self._server.server_address[:2]  # type: ignore[assignment]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="http"
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
