"""Serves a web application from a thread of its own."""

import logging
import socket
import threading

import uvicorn
from starlette.applications import Starlette

STOP_SECONDS = 2
"""How long answers may take that are under way when it stops."""


class AppServer:
    """Serves on a socket that listens, until `stop`."""

    def __init__(self, app: Starlette, listening: socket.socket) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listening],), name="app", daemon=True
        )

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    @property
    def is_serving(self) -> bool:
        """Whether it takes requests: a thread that failed takes none."""
        return self._server.started and self._thread.is_alive()

    def stop(self) -> None:
        """Serve no more."""
        self._server.should_exit = True
        self._thread.join()
