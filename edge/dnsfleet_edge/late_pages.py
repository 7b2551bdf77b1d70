"""Pages at an address of the node, which an edge before this one may still have."""

import logging
import threading
from collections.abc import Callable, Mapping

from dnsfleet_following.workers import Worker
from dnsfleet_io.listen_addresses import Address
from dnsfleet_io.logs import line
from dnsfleet_io.pages import Page, PageServer

RETRY_SECONDS = 1.0

log = logging.getLogger(__name__)


class LatePages:
    """Serves `pages` as soon as it can; nothing that answers DNS waits for that."""

    def __init__(self, address: Address, pages: Mapping[str, Callable[[], Page]]) -> None:
        self._address = address
        self._pages = pages
        self._stopping = threading.Event()
        self._server: PageServer | None = None
        self.worker = Worker("pages", self._run)

    def start(self) -> None:
        """Try until it works."""
        self.worker.start()

    def stop(self) -> None:
        """Serve no more."""
        self._stopping.set()
        self.worker.join()
        if self._server is not None:
            self._server.stop()

    def _run(self) -> None:
        told = False
        while not self._stopping.is_set():
            try:
                self._server = PageServer(self._address, self._pages)
            except OSError as error:
                if not told:
                    log.info(line("pages_wait", problem=error.strerror))
                told = True
                self._stopping.wait(RETRY_SECONDS)
            else:
                self._server.start()
                if told:
                    log.info(line("pages_served"))
                return
