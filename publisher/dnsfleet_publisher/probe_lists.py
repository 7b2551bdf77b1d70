"""The writer's side of probing: a signed list every LIST_SECONDS (see `dnsfleet.probing.lists`).

Zones come in turn. The names of all are taken once at the beginning of each turn, so a list costs
what is in it, however many zones there are. A zone that is new meanwhile waits for the next turn.
"""

import itertools
import logging
import random
from collections.abc import Callable, Iterable, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet import names
from dnsfleet.probing import lists
from dnsfleet.probing.lists import MAX_RECORD_OCTETS, MAX_ZONES, ProbedPop, ProbedZone, ProbeList
from dnsfleet.replication import keys
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet.zones import questions
from dnsfleet.zones.questions import Question

from dnsfleet_publisher.record_store import RecordStore

READ_RECORDS = 5_000
"""A zone with more gives a probe record of its apex. To draw another one reads the whole zone, and
changes wait for that: MAX_ZONES zones of so many take 0.2 s, and one of a million 1 to 3 s."""
TRIED_QUESTIONS = 7
"""Where so many RRsets are too large, or in another zone, a list goes without one of that zone."""

_log = logging.getLogger(__name__)


class ProbeLists:
    """One writer's. `write` may raise StoreError and Fenced."""

    def __init__(self, store: RecordStore, origins: Callable[[], Iterable[str]]) -> None:
        """`origins` gives all that may be published."""
        self._store = store
        self._origins = origins
        self._left: list[str] = []
        """What the turn has not come to yet, the next one last."""
        self._seq = 0
        self._told = False
        self._chance = random.Random()  # noqa: S311 - no secret

    def write(self, pops: Sequence[ProbedPop], now_ms: int, key: Ed25519PrivateKey) -> bool:
        """Publish the next list; `exceptions` of `pops` are all that there are, of whichever zone.

        False where this writer has nothing to say yet, or there are so many Pops that no list holds
        them.
        """
        if not self._store.fence:
            return False
        self._seq += 1
        at = Revision(self._store.fence, self._seq)
        zones = tuple(self._zone(each) for each in self._next())
        asked = {zone.zone for zone in zones}
        told = tuple(
            pop._replace(exceptions=tuple(sorted(asked.intersection(pop.exceptions))))
            for pop in pops
        )
        while True:
            try:
                signed = lists.sign(ProbeList(at, now_ms, told, zones), key)
                break
            except ValueError as error:  # too long: fewer zones, which come to their turn again
                if not zones:
                    self._tell(f"{len(pops)} Pops are too many for a probe list: {error}")
                    return False
                zones = zones[: len(zones) // 2]
        self._tell("")
        self._store.note(self._store.core.note_probes, {keys.PROBE_LIST: signed})
        return True

    def _tell(self, problem: str) -> None:
        """Log why there is no list, once while it is so."""
        if problem and not self._told:
            _log.warning("%s", problem)
        self._told = bool(problem)

    def _next(self) -> list[Manifest]:
        """The newest manifests of the next zones that are live."""
        found: dict[str, Manifest] = {}
        begun = False
        while len(found) < MAX_ZONES:
            if not self._left:
                if begun:
                    break
                begun, self._left = True, sorted(self._origins(), reverse=True)
                continue
            origin = self._left.pop()
            if (manifest := self._live(origin)) is not None:
                found[origin] = manifest
        return list(found.values())

    def _live(self, origin: str) -> Manifest | None:
        manifest = self._store.held(origin)
        return None if manifest is None or manifest.tombstone else manifest

    def _zone(self, manifest: Manifest) -> ProbedZone:
        record = self._record(manifest.zone)
        return ProbedZone(manifest.zone, manifest.lsn, manifest.serial, manifest.pops, record)

    def _record(self, origin: str) -> Question | None:
        """A probe record of a zone, another one each time."""
        zone = self._store.load(origin)
        if zone is None:
            return None
        below = self._chance.randrange
        if zone.records > READ_RECORDS:
            found = questions.at_apex(zone, below)
        else:
            found = questions.drawn(zone, frozenset(), below)
        for each in itertools.islice(found, TRIED_QUESTIONS):
            small = sum(map(len, each.rdata)) <= MAX_RECORD_OCTETS
            if small and not self._is_in_another(each.name, origin):
                return each
        return None

    def _is_in_another(self, name: str, origin: str) -> bool:
        """Whether a zone below this one has the name, so that edges answer from that."""
        for each in (name, *names.ancestors(name)):
            if each == origin:
                return False
            if self._live(each) is not None:
                return True
        return False
