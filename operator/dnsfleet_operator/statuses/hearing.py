"""Whether it is known what edges say. They say it to the core.

While the core is away nobody hears any edge. That is told once, of the core, and not of each Pop:
what was said of a Pop before holds meanwhile. When the core is back, its edges have as long to be
heard again as it takes to call one silent.
"""

from dnsfleet.replication import edge_words


class Hearing:
    """Since when the core does what it is asked. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._since: float | None = None

    def look(self, core_works: bool, now: float) -> None:
        """Take whether the core does what it is asked."""
        if not core_works:
            self._since = None
        elif self._since is None:
            self._since = now

    def knows(self, silent: bool, now: float) -> bool:
        """Whether it is known how an edge is that was heard lately, or was not."""
        if self._since is None:
            return False
        return not silent or now - self._since >= edge_words.SILENT_MS / 1000
