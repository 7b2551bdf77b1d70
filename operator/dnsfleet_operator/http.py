"""The operator's HTTP side: /metrics, /healthz and /readyz, for scrapers and probes."""

import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client.exposition import CONTENT_TYPE_LATEST, ThreadingWSGIServer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Health = Callable[[], str]
"""What is wrong; empty for nothing."""


class _QuietHandler(WSGIRequestHandler):
    timeout = 5.0

    def log_message(self, format: str, *args: object) -> None:
        """Probes come every few seconds; a line for each would bury the events."""


class _Server(ThreadingWSGIServer):
    """Takes clients of IPv6 and IPv4 by one socket, where the machine speaks IPv6."""

    address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


class HTTPServer:
    """Serves from threads of its own; OSError where the port cannot be bound."""

    def __init__(
        self, port: int, metrics: Callable[[], bytes], probes: Mapping[str, Health]
    ) -> None:
        def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
            path = environ["PATH_INFO"]
            if path == "/metrics":
                start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
                return [metrics()]
            if path in probes:
                problem = probes[path]()
                status = "503 Service Unavailable" if problem else "200 OK"
                start(status, [("Content-Type", "text/plain; charset=utf-8")])
                return [f"{problem or 'ok'}\n".encode()]
            start("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"not found\n"]

        self._server = make_server("", port, answer, _Server, _QuietHandler)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.1},
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
