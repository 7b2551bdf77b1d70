"""Tells in the log why updates are refused.

Only a client of EDNS hears the reason, and ExternalDNS and cert-manager are none. They also send
again and again what was refused, so that the same reason of a key is not told each time.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable

import dns.rcode
from dnsfleet_io.logs import line

from dnsfleet_gate.updating.outcomes import Outcome

AGAIN_SECONDS = 600.0
"""After that a reason that lasts is told again."""
MOST_KNOWN = 1000
"""Reasons that are remembered; a key whose updates have more of them is told of more often."""

log = logging.getLogger(__name__)


class RefusedUpdates:
    """What was told, and when."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives seconds."""
        self._clock = clock
        self._told: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def tell(self, key: str, zone: str, outcome: Outcome) -> None:
        """Log the reason of an outcome that stays one when the client tries again."""
        if not outcome.why or outcome.rcode == dns.rcode.SERVFAIL:
            return
        subject, now = (key, zone, outcome.why), self._clock()
        if now - self._told.get(subject, -AGAIN_SECONDS) < AGAIN_SECONDS:
            return
        self._told[subject] = now
        self._told.move_to_end(subject)
        if len(self._told) > MOST_KNOWN:
            self._told.popitem(last=False)
        log.warning(line("update_refused", key=key, zone=zone, reason=outcome.why))
