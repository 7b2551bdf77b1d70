"""The writer's side of Pops that run in other clusters: their signed specs out, their reports in.

A spec is written when it differs from what the core has, and once more by each writer under its own
fence: so it is above whatever a Pop saw from writers before, also where the core went back to an
older copy. One counter numbers the specs of all Pops: so that of a Pop that was deleted and made
anew is above those of the earlier one, which its cluster may still hold. The core is compared with
what was written at each look, so one that it lost comes back.
"""

from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import pop_reports, pop_specs
from dnsfleet.replication.pop_reports import Report
from dnsfleet.replication.pop_specs import SignedPop
from dnsfleet.replication.revisions import Revision

from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import StoreResetError


class PopWish(NamedTuple):
    """What one Pop is to be, before it is signed."""

    generation: int
    spec: Mapping[str, object]
    public_keys: str
    version: str
    uid: str = ""
    """Of the object, so that a report tells of which Pop of this name it is."""


class RemotePops:
    """One writer's Pops in other clusters. Every method may raise StoreError."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self._written: dict[str, tuple[PopWish, Revision, bytes]] = {}
        self._last = Revision(0, 0)
        """The revision of the spec that was made last, of whichever Pop. It outlives the Pops: one
        that leaves and comes back takes no revision that it had before."""

    def publish(self, pop: str, wish: PopWish, key: Ed25519PrivateKey) -> Revision:
        """Let the spec of a Pop be this one; its revision. ValueError where it is too large."""
        known = self._written.get(pop)
        fence = self._store.fence
        if known is not None and known[0] == wish and known[1].epoch == fence:
            return known[1]
        seq = self._last.seq + 1 if self._last.epoch == fence else 1
        self._last = Revision(fence, seq)
        made = SignedPop(pop, self._last, *wish)
        signed = pop_specs.sign(made, key)
        # An attempt whose answer gets lost may still be carried out: its revision is used up.
        self._written[pop] = (wish, made.revision, signed)
        try:
            self._note({pop: signed})
        except BaseException:
            self._written[pop] = (wish._replace(generation=-1), made.revision, signed)
            raise
        return made.revision

    def lost(self) -> list[str]:
        """The Pops of which the core has another spec than was written; each is to be published."""
        names = list(self._written)
        stored = self._store.core.pops(names)
        lost = [name for name in names if stored.get(name) != self._written[name][2]]
        for name in lost:
            wish, revision, signed = self._written[name]
            self._written[name] = (wish._replace(generation=-1), revision, signed)
        return lost

    def revisions(self) -> dict[str, Revision]:
        """What was written last, by Pop."""
        return {pop: revision for pop, (_, revision, _) in self._written.items()}

    def forget(self, pop: str) -> None:
        """Write this Pop no more. What the core has of it stays."""
        self._written.pop(pop, None)

    def end_others(self, known: Container[str]) -> list[str]:
        """Take out of the core what is there of other Pops than these; the names of those.

        The spec is the last to go: while it is there, the rest is looked for again.
        """
        gone = [pop for pop in self._store.core.pop_names() if pop not in known]
        if gone:
            self._store.core.empty_pops(gone)
            self._note(dict.fromkeys(gone))
        return gone

    def reports(self, pops: Iterable[str]) -> dict[str, Report]:
        """What the clusters of these Pops said last, as far as it can be read."""
        said = self._store.core.pop_reports(list(pops))
        read = {pop: pop_reports.decode(data) for pop, data in said.items()}
        return {pop: report for pop, report in read.items() if report is not None}

    def _note(self, changes: Mapping[str, bytes | None]) -> None:
        fence = self._store.fence
        for stored in self._store.core.note_pops(fence, changes):
            if stored != str(fence):
                raise StoreResetError(
                    f"{self._store.core.place}: its fence is {stored or 'gone'}, not {fence}"
                )
