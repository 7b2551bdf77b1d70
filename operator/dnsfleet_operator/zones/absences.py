"""Absences: what is published and has no object, and since when, noted in the core.

Who finds a published zone without a Zone object, or a claim without its RecordSet, notes the time
beside them. So the grace period goes on whoever leads, and also while nobody does. A note ends with
the absence, so there are never more notes than zones and claims. A core that lost its notes gets
those that the leader knows; where no leader knew them, the grace period begins again.

The times are those of the writer's clock, which is compared with others first (`RecordStore.now`).

An empty list is believed less than one that lacks a few: after the CRD was made anew it only says
that nobody brought the objects back yet. It counts for what was published since that CRD is there.
For what was not, the note says so, because a publication may be renewed with no object's word. The
same note is made of what is in a namespace that this operator does not see: no list of it lacks it.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Set
from datetime import datetime

from dnsfleet_publisher.record_store import RecordStore

from dnsfleet_operator.observed.deletions import Deletions
from dnsfleet_operator.zones import orphans


class Absences:
    """The notes, as far as one writer knows them: it reads them once."""

    def __init__(self, store: RecordStore, deletions: Deletions, grace_seconds: float) -> None:
        self._store = store
        self._deletions = deletions
        self._grace_seconds = grace_seconds
        self._noted: dict[str, float] = {}
        self._fence = 0

    def open(self) -> Iterator[None]:
        """Read what earlier writers noted, with a stop after each part.

        To be begun, and read to its end, once this writer has taken its fence.
        """
        self._noted.clear()
        for part in self._store.core.absences():
            self._noted |= {field: _decode(value) for field, value in part.items()}
            yield
        self._fence = self._store.fence

    def of_kind(self, kind: str) -> dict[str, float]:
        """What of this kind, Zone or RecordSet, is known to be absent, and since when.

        Unix time in seconds, infinite for an absence that does not count yet.
        """
        begin = f"{kind} "
        return {
            field.removeprefix(begin): since
            for field, since in self._noted.items()
            if field.startswith(begin)
        }

    def first_removal(self, kind: str) -> float | None:
        """When something of a kind may be removed at the earliest, Unix time in seconds.

        None where nothing is absent, or where no absence counts yet.
        """
        counting = filter(math.isfinite, self.of_kind(kind).values())
        return min((since + self._grace_seconds for since in counting), default=None)

    def sweep(
        self,
        kind: str,
        published: Set[str],
        named: Set[str],
        published_at: Callable[[str], float],
        now: float,
        unseen: Set[str] = frozenset(),
    ) -> frozenset[str]:
        """What is absent for too long; only after a complete list.

        `published` is what is served, origins or NAMESPACE/NAME of RecordSets, and `named` what has
        an object. `published_at` tells when something was published; times are Unix seconds. Of the
        `unseen` a list says nothing. What differs from the notes is noted before anything is
        removed. ClusterError, StoreError and Fenced end it.
        """
        made = -math.inf if named or not published else self._made(kind)
        found = orphans.sweep(
            published,
            named,
            self.of_kind(kind),
            now,
            self._grace_seconds,
            lambda name: made < published_at(name),
            unseen,
        )
        self._note(kind, found.since)
        return found.removed

    def end(self, kind: str, names: Set[str]) -> None:
        """These are absent no more: a later absence of one of them is another one."""
        ended = names & self.of_kind(kind).keys() if names else frozenset()
        if ended:
            self._note(kind, {n: s for n, s in self.of_kind(kind).items() if n not in ended})

    def _made(self, kind: str) -> float:
        """When the CRD of a kind was made; infinite where it is not there to stay."""
        created = self._deletions.definition_created(kind)
        return math.inf if created is None else datetime.fromisoformat(created).timestamp()

    def _note(self, kind: str, since: Mapping[str, float]) -> None:
        """Know these as all absences of a kind."""
        before = self.of_kind(kind)
        changes: dict[str, bytes | None] = {
            f"{kind} {name}": None for name in before.keys() - since
        }
        changes |= {
            f"{kind} {name}": _encode(first)
            for name, first in since.items()
            if before.get(name) != first
        }
        fence = self._store.fence
        if fence != self._fence:  # the core lost its data since, or went back to older notes
            there = [field for part in self._store.core.absences() for field in part]
            kept = {field: _encode(first) for field, first in self._noted.items()}
            changes = dict.fromkeys(there) | kept | changes
        self._store.note(self._store.core.note_absences, changes)
        self._fence = fence
        for field, value in changes.items():
            if value is None:
                self._noted.pop(field, None)
            else:
                self._noted[field] = _decode(value)


def _encode(since: float) -> bytes:
    return b"%d" % since if math.isfinite(since) else b"-"


def _decode(value: bytes) -> float:
    """Infinite for what is no time: a later version may note more than we know."""
    return float(value) if value.isdigit() else math.inf
