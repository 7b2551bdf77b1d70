"""What is taken or refused as one: a RecordSet, or one RRset of a dynamic one.

The RRsets of a dynamic RecordSet came one after the other, each by an update of its own (RFC 2136).
So each stands for itself, with an age of its own: it was claimed when it came, and not before its
RecordSet was made. A dynamic RecordSet is what as many RecordSets with one RRset each would be,
but that its own zone cuts hide no names of others (see `cuts`), and that its size counts as a
whole. What may not be is left out alone, and told in a warning, as its RecordSet is taken all the
same.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from typing import NamedTuple

from dnsfleet.resources import Record, RecordSet, Reference
from dnsfleet.violations import Violation


class Claimant(NamedTuple):
    """A RecordSet, or one RRset of a dynamic one."""

    record_set: RecordSet
    position: int | None = None
    """Which of the records of a dynamic one; None where all stand and fall together."""

    @property
    def records(self) -> Iterator[tuple[int, Record]]:
        """Its records, each with its index in the RecordSet."""
        found = self.record_set.spec.rrsets
        return (
            enumerate(found)
            if self.position is None
            else iter([(self.position, found[self.position])])
        )

    @property
    def age(self) -> tuple[str, str, str, int]:
        """Sorts claimants, the oldest first; no two have the same."""
        _, namespace, name = self.record_set.reference
        created, position = self.record_set.metadata.creation_timestamp, self.position
        if position is None:
            return created, namespace, name, 0
        dynamic = self.record_set.spec.dynamic_records or ()
        return max(created, dynamic[position].since), namespace, name, position


def of(record_sets: Iterable[RecordSet], first: Set[Reference] = frozenset()) -> list[Claimant]:
    """The claimants in these, the oldest first; those of RecordSets in `first` before all others.

    An empty RecordSet has none.
    """
    found = [each for item in record_sets for each in _of_one(item)]
    return sorted(found, key=lambda each: (each.record_set.reference not in first, each.age))


def _of_one(record_set: RecordSet) -> Iterator[Claimant]:
    if not record_set.spec.dynamic:
        yield Claimant(record_set)
        return
    for index in range(len(record_set.spec.rrsets)):
        yield Claimant(record_set, index)


def taken(record_sets: Iterable[RecordSet], found: Iterable[Claimant]) -> tuple[RecordSet, ...]:
    """Those of these RecordSets that are among the claimants, a dynamic one with what is.

    A dynamic one of which nothing is found has no records.
    """
    own: dict[Reference, list[Claimant]] = {}
    for claimant in found:
        own.setdefault(claimant.record_set.reference, []).append(claimant)
    kept = []
    for each in record_sets:
        of_it = own.get(each.reference, [])
        if each.spec.dynamic:
            kept.append(_with_only(each, of_it))
        elif of_it:
            kept.append(each)
    return tuple(kept)


def joined(found: Sequence[Claimant]) -> tuple[RecordSet, ...]:
    """The RecordSets of claimants, each with what is found of it."""
    return taken({each.record_set.reference: each.record_set for each in found}.values(), found)


def _with_only(record_set: RecordSet, found: Sequence[Claimant]) -> RecordSet:
    whole = found[0].record_set if found else record_set
    if len(found) == len(whole.spec.rrsets):
        return whole
    indices = sorted(each.position for each in found if each.position is not None)
    spec = whole.spec.with_rrsets(whole.spec.rrsets[index] for index in indices)
    return whole.model_copy(update={"spec": spec})


def told(claimant: Claimant, violations: Iterable[Violation]) -> list[Violation]:
    """What is told of a claimant that may not be: its RecordSet is refused, or it is left out."""
    if claimant.position is None:
        return [*violations]
    return [
        each
        if each.severity == "warning"
        else each._replace(message=f"{each.message}; this RRset is left out", severity="warning")
        for each in violations
    ]
