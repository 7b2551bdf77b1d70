"""The commands to load all zones anew, as the replica has them.

They are signed Pop commands (see `dnsfleet.replication.pop_commands`), of which this kind is for
edges. Only the newest one counts: it does what those before it ask for. An edge keeps no journal of
them. One that starts anew while the command has not expired does it once more, and serves the same
after it as before.
"""

import time
from collections.abc import Sequence

from dnsfleet.replication import events, pop_commands
from dnsfleet.replication.pop_commands import SNAPSHOT
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet.replication.revisions import Revision

# A small read of the replica.
LOOK_SECONDS = 1.0


class RefreshCommands:
    """What one edge was told. Not thread-safe: it belongs to the link's thread."""

    def __init__(self, pop: str, trusted: PublicKeys) -> None:
        self.trusted = trusted
        self.pop = pop
        self._seen: tuple[Sequence[bytes], PublicKeys] | None = None
        self._taken = Revision(0, 0)

    def take(self, entries: Sequence[bytes]) -> events.Refresh | None:
        """What is to be done by these entries, and was not told before."""
        if (entries, self.trusted) == self._seen:
            return None  # to verify them again would cost more than to read them
        self._seen = (entries, self.trusted)
        now_ms = time.time_ns() // 1_000_000
        numbers = [
            each.sequence
            for each in pop_commands.readable(entries, self.pop, self.trusted)
            if each.request.verb == SNAPSHOT and now_ms < each.request.expires_ms
        ]
        newest = max(numbers, default=self._taken)
        if newest <= self._taken:
            return None
        self._taken = newest
        return events.Refresh(newest)
