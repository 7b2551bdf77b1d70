"""What the threads that watch beside kopf have in common."""

import logging
import threading
import time
from collections.abc import Callable

from dnsfleet_operator.cluster import ClusterError

RETRY_SECONDS = 1.0
"""Between the beginnings of watches: one that fails, or ends at once, costs a list each time."""

_log = logging.getLogger(__name__)


def start(name: str, watch: Callable[[], None], stopping: threading.Event) -> None:
    """Call `watch` again and again, in a thread of its own, until `stopping` is set."""
    threading.Thread(target=_run, args=(watch, stopping), name=name, daemon=True).start()


def _run(watch: Callable[[], None], stopping: threading.Event) -> None:
    while not stopping.is_set():
        again = time.monotonic() + RETRY_SECONDS
        try:
            watch()
        except Exception as error:
            # A defect must not end the thread: nobody would watch in its place.
            _log.warning("%s", error, exc_info=not isinstance(error, ClusterError))
        stopping.wait(max(0.0, again - time.monotonic()))
