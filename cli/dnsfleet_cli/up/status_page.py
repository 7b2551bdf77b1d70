"""The status page of a fleet on this machine, at a loopback port that its state folder keeps.

What serves it takes as long to import as all else that `up` imports, so that is done when the
first zones are published, in the thread that serves.
"""

import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from dnsfleet_status.looks import Look

from dnsfleet_cli.troubles import Trouble, reason
from dnsfleet_cli.up import redis_servers

if TYPE_CHECKING:
    from dnsfleet_io.app_servers import AppServer

NO_ALERTS = "start the fleet with --observe"


class StatusPage:
    """Serves looks from `start` until `stop`. Trouble where its port is taken meanwhile."""

    def __init__(
        self, look: Callable[[], Look], port: int, alertmanager: str | None = None
    ) -> None:
        """`alertmanager` is the address of one that knows the alerts of the fleet."""
        self._look = look
        self._alertmanager = alertmanager
        try:
            self._socket = socket.create_server((redis_servers.HOST, port))
        except OSError as error:
            raise Trouble(f"no status page at port {port}: {reason(error)}") from None
        self._starting = threading.Thread(target=self._start, name="status page", daemon=True)
        self._server: AppServer | None = None
        self.url = f"http://{redis_servers.HOST}:{port}/"

    def start(self) -> None:
        """Serve as soon as the server is imported."""
        self._starting.start()

    def stop(self) -> None:
        """Serve no more."""
        if self._starting.ident is not None:
            self._starting.join()
        if self._server is not None:
            self._server.stop()
        self._socket.close()

    def _start(self) -> None:
        from dnsfleet_io.app_servers import AppServer
        from dnsfleet_status import alerts, app

        url = self._alertmanager
        firing = alerts.nowhere(NO_ALERTS) if url is None else alerts.from_alertmanager(url)
        self._server = AppServer(app.make(self._look, firing), self._socket)
        self._server.start()
