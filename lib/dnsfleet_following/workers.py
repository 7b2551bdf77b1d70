"""Workers: the threads of an edge, and what ended one that nobody foresaw.

The engine answers from threads of its own, so clients would not notice that one of ours has ended.
Each piece of work therefore catches what is not foreseen: it costs that one write, ack or zone, a
line in the log and a count, and the thread goes on. What ends a thread all the same is told by
/healthz, and the orchestrator restarts the edge. The thread that serves /healthz tells it by its
silence.

A panic of the native engine reaches Python as an exception that is no `Exception`. So what is not
foreseen is a `BaseException` here; `KeyboardInterrupt` is never raised in these threads.
"""

import logging
import threading
from collections.abc import Callable

from dnsfleet_io.logs import line

log = logging.getLogger(__name__)


class Worker(threading.Thread):
    """A thread that does `work`, which returns when it was told to stop."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self.problem = ""
        """Which exception ended it; empty while it works, and after a stop."""

    def run(self) -> None:
        """Do the work; an exception is logged and kept as `problem`."""
        try:
            self._work()
        except BaseException as error:
            self.problem = f"the thread {self.name} has ended: {error!r}"
            log.critical(line("thread_ended", thread=self.name), exc_info=True)
