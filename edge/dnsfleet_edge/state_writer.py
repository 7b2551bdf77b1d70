"""The thread that tells probes beside the edge what it would say on its pages."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from dnsfleet_following.workers import Worker
from dnsfleet_io.logs import line

from dnsfleet_edge import state_file
from dnsfleet_edge.state_file import PERIOD_SECONDS, Verdicts

log = logging.getLogger(__name__)


class StateWriter:
    """Writes what `verdicts` gives to the state file, until it is stopped."""

    def __init__(self, path: Path, verdicts: Callable[[], Verdicts]) -> None:
        self._path = path
        self._verdicts = verdicts
        self._stopping = threading.Event()
        self.worker = Worker("state", self._run)

    def start(self) -> None:
        """Begin to write."""
        self.worker.start()

    def stop(self) -> None:
        """Write no more."""
        self._stopping.set()
        self.worker.join()

    def _run(self) -> None:
        failed = False
        while True:
            try:
                self._write()
                failed = False
            except OSError as error:  # probes notice that the file grows old
                if not failed:
                    log.warning(line("state_failed", problem=error))
                failed = True
            if self._stopping.wait(PERIOD_SECONDS):
                return

    def _write(self) -> None:
        """Replace the file in one step; nobody needs it after a crash."""
        whole = self._path.with_suffix(".new")
        whole.write_text(state_file.text(self._verdicts(), time.monotonic()))
        whole.replace(self._path)
