"""Has Zones show which serials their secondaries have (see `gates.secondary_passes`)."""

from collections.abc import Callable, Iterable

from dnsfleet.resources import Reference
from dnsfleet.tsig_keys import UsableKey

from dnsfleet_operator.gates import secondary_passes
from dnsfleet_operator.gates.secondaries import Zones
from dnsfleet_operator.gates.secondary_passes import SecondaryPasses
from dnsfleet_operator.leading.dependencies import Dependencies
from dnsfleet_operator.statuses.looks import View
from dnsfleet_operator.statuses.secondaries import Shown
from dnsfleet_operator.work_queue import Key

SECONDARIES = Key("Secondaries")
RETRY_SECONDS = 1.0
"""Until a new leader is looked at again that does not know enough yet."""


class SecondarySerials:
    """One leader's; without gates it does nothing."""

    def __init__(
        self,
        given: Dependencies,
        view: View,
        owner: Callable[[str], Reference | None],
        keys: Callable[[], Iterable[UsableKey] | None],
        touch: Callable[[Iterable[Reference]], None],
    ) -> None:
        """`owner` gives the Zone of an origin, and `touch` has statuses made.

        `keys` gives those of gates; None while they, or all Zones, are not known.
        """
        self._given = given
        self._view = view
        self._owner = owner
        self._keys = keys
        self._touch = touch
        self._passes: SecondaryPasses | None = None
        if given.configuration.gate:
            zones = Zones(self._serial, self._shown)
            self._passes = SecondaryPasses(given.cluster, given.configuration, zones)
            view.secondaries = self._passes.known.shown
            given.waiting.add(SECONDARIES)

    def published(self, origins: Iterable[str]) -> None:
        """A pass took these zones."""
        if self._passes is not None:
            self._passes.known.published(origins)

    def run(self, key: Key) -> bool:
        """Read gates; the next look at the fleet writes what is new of it."""
        if self._passes is None:
            return False
        keys = self._keys()
        if keys is None or not self._view.results.outcomes:  # what gates tell is about zones
            self._given.waiting.add(key, RETRY_SECONDS)
            return False
        news = self._passes.look(keys, lambda: self._view.results.outcomes)
        self._touch(filter(None, map(self._owner, news)))
        self._given.waiting.add(key, secondary_passes.LOOK_SECONDS)
        return bool(news)

    def close(self) -> None:
        """Read no more."""
        if self._passes is not None:
            self._passes.close()

    def _serial(self, origin: str) -> int | None:
        manifest = self._view.results.manifest(origin)
        return None if manifest is None else manifest.serial

    def _shown(self, origin: str) -> Shown | None:
        reference = self._owner(origin)
        known = None if reference is None else self._given.observation.get(reference)
        return None if known is None else known.status.get("secondaries")
