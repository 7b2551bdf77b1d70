"""Settling: the claims on a zone on its way through a publication.

Before it is published its claims are wide: they cover what is served and what will be. Once it is,
they are settled, and cover what is served alone. Those on what is held, or fails, stay wide until a
later publication of it is done. See `claims` for what that is good for.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from dnsfleet.zones.owner_plans import Holder, OwnerHold

from dnsfleet_publisher import claims
from dnsfleet_publisher.claims import Claims, Ledger
from dnsfleet_publisher.last_good import Assembled
from dnsfleet_publisher.publishing import Outcome, State
from dnsfleet_publisher.store_errors import StoreError

_DONE = (State.PUBLISHED, State.UNCHANGED)

_log = logging.getLogger(__name__)


class Settling:
    """Which zones have settled claims, and what is to be noted of the others."""

    def __init__(self, ledger: Ledger, holds: Callable[[str], Sequence[OwnerHold]]) -> None:
        """`holds` gets an origin and gives what waits there."""
        self._ledger = ledger
        self._holds = holds
        self._settled: dict[str, Assembled] = {}

    def new(self, zones: Iterable[Assembled]) -> dict[str, Claims]:
        """The claims on each zone that was built anew since its claims were settled."""
        return {
            each.origin: self._claims(each)
            for each in zones
            if each.zone is not None and self._settled.get(each.origin) is not each
        }

    def _claims(self, built: Assembled) -> Claims:
        found = claims.of_zone(built.record_sets, built.resource)
        for hold in self._holds(built.origin):
            if hold.holder is not Holder.THERE and hold.owner in found:
                found[hold.owner] = replace(found[hold.owner], gone=True)
        return found

    def begin(self, wanted: Mapping[str, Claims]) -> None:
        """Note wide claims; StoreError where that failed, and nothing may be published then."""
        for origin in wanted:
            self._settled.pop(origin, None)
        self._ledger.before(wanted)

    def end(
        self,
        zones: Iterable[Assembled],
        wanted: Mapping[str, Claims],
        outcomes: Mapping[str, Outcome],
    ) -> None:
        """Note the claims on what is published now."""
        settled: dict[str, Claims] = {}
        for origin, outcome in outcomes.items():
            if outcome.state is State.REMOVED and self._ledger.has_notes(origin):
                self._ledger.measures.put(origin, None)
                settled[origin] = {}
        settled |= {
            origin: own for origin, own in wanted.items() if outcomes[origin].state in _DONE
        }
        try:
            self._ledger.after(settled)
        except StoreError as error:
            _log.warning("%s", error)  # they stay wide until the next pass over these zones
            return
        self._settled |= {each.origin: each for each in zones if each.origin in settled}

    def forget(self, origin: str) -> None:
        """Nothing is wanted of a zone any more."""
        self._settled.pop(origin, None)
