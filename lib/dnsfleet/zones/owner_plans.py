"""Plans of single owners: whose part of a change waits for an approval, and whose goes on. Pure.

`plans` judges the change of a whole zone. Where that is unsafe and the zone has several owners,
what it removes is told apart by whose it was:

    one owner removes so much alone           that owner waits
    the others together still remove so much  those that remove the most wait

The second rule holds owners until the rest is harmless; those that remove equally much wait
together. Whoever removes nothing never waits. Whose change is approved does not wait either, but
what it removes counts in the sum of the others: an approval of one of them lets no other go. An
owner is the Zone, with its file and the list in it, or a RecordSet; a removed RRset counts for each
RecordSet that shared it.

The measure is the zone as it was when its first hold began, where that was smaller: names that
others add meanwhile are no reason to let the change of a held owner go.

What went of the same change, as the harmless rest or by an approval, counts on in the sum of those
that wait by the second rule: else they would look harmless as soon as the rest is published. It
counts for nobody else. Whoever comes later is judged as in a zone where nobody waits.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence, Set
from enum import Enum, auto
from typing import NamedTuple

from dnsfleet_engine import Delta, Zone

from dnsfleet.resources import RecordSet, Reference
from dnsfleet.violations import Violation
from dnsfleet.zones import plans
from dnsfleet.zones.sharing import RRsetKey

MADE_BY_SIGNING = frozenset(
    {"DNSKEY", "RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "CDS", "CDNSKEY", "ZONEMD"}
)
"""Types that count for no plan, as in the engine (`Zone.ordinary_rrsets`)."""
MAX_NAMED = 2
"""Owners that one message names: their names may have 300 characters, a condition 1000."""

Removed = Mapping[Reference, Set[RRsetKey]]
"""What each owner loses; nobody is in it who loses nothing."""
Owners = Mapping[RRsetKey, Sequence[Reference]]
"""The RecordSets that an RRset of the published zone came from; the Zone has all others."""


class Holder(Enum):
    """What became of the object whose change waits."""

    THERE = auto()
    GONE = auto()
    """It was deleted, or refers to another Zone; it can neither tell nor approve what waits."""
    REPLACED = auto()
    """Another object has its name and its Zone. That one waits, too, and cannot approve it."""


class OwnerHold(NamedTuple):
    """A change of one owner that waits."""

    owner: Reference
    hash: str
    """What approves it: of an object by its own annotation, its Zone's, or the Fleet's."""
    text: str
    """What it does, for people."""
    diff: tuple[str, ...]
    """The first records that it would take away or add."""
    holder: Holder = Holder.THERE
    blocked: bool = False
    """Whether it waits for other holds alone, so that there is nothing to approve."""

    @property
    def told(self) -> str:
        """What it does, and of which object."""
        is_replaced = self.holder is Holder.REPLACED
        return f"a RecordSet that had this name: {self.text}" if is_replaced else self.text

    @property
    def message(self) -> str:
        """For the owner itself, or for whoever has its name."""
        if self.blocked:
            return f"{self.told}; it goes on when those are approved or undone"
        where = self.owner.kind if self.holder is Holder.THERE else "Zone"
        return f"{self.told}; {plans.how_to_approve(self.hash, where)}"


def removed_by(delta: Delta, old: Zone, new: Zone, zone: Reference, owners: Owners) -> Removed:
    """What each owner loses by the change `delta` from `old` to `new`."""
    found: dict[Reference, set[RRsetKey]] = {}
    for line in delta.lines(old.records + new.records):
        key = _key(line)
        if line[0] == "-" and key[1] not in MADE_BY_SIGNING and new.get(*key) is None:
            for owner in owners.get(key, (zone,)):
                found.setdefault(owner, set()).add(key)
    return found


def to_hold(
    removed: Removed,
    before: int,
    left: int,
    approved: Set[Reference] = frozenset(),
    doubtful: Reference | None = None,
    went: int = 0,
    since: Set[Reference] | None = None,
    together: int | None = None,
) -> frozenset[Reference]:
    """The owners whose changes are to wait.

    `before` and `left` are the ordinary RRsets of the zone now and after the change; `doubtful` is
    an owner whose part may not be whole, so that it may remove nothing. The owners `since` wait for
    a change of which `went` RRsets went already, of `together` that the zone had then; None are all
    owners, and `before`.
    """
    alone = large(removed, before, doubtful)
    held = set(alone - approved)
    stay = _all_of(removed, held)
    others = removed.keys() - alone
    earlier = others if since is None else others & since
    of = before if together is None else together
    for candidates, gone, there in ((earlier, went, of), (others, 0, before)):
        rest = _all_of(removed, candidates - held) - stay
        by_size = sorted(candidates - held - approved, key=lambda owner: -len(removed[owner]))
        for _, same in itertools.groupby(by_size, key=lambda owner: len(removed[owner])):
            emptied = bool(rest) and left + len(stay) <= plans.APEX_RRSETS
            if not emptied and not plans.is_large(len(rest) + gone, there):
                break
            for owner in same:
                held.add(owner)
                stay |= removed[owner]
                rest -= removed[owner]
    return frozenset(held)


def count(removed: Removed) -> int:
    """How many RRsets these lose, each counted once."""
    return len(_all_of(removed, removed))


def _all_of(removed: Removed, owners: Iterable[Reference]) -> set[RRsetKey]:
    """What these lose, each RRset once."""
    return set().union(*(removed[owner] for owner in owners))


def large(removed: Removed, before: int, doubtful: Reference | None = None) -> frozenset[Reference]:
    """The owners that remove too much alone, whatever others do."""
    return frozenset(
        owner
        for owner, keys in removed.items()
        if plans.is_large(len(keys), before) or owner == doubtful
    )


def of_record_set(
    owner: Reference,
    before: RecordSet | None,
    after: RecordSet | None,
    text: str,
    uid: str = "",
) -> OwnerHold:
    """The hold of a RecordSet, from its records as they are published and as they would be.

    The hash is of these alone, so it stays the same whatever others change. That of one whose
    object is gone has the `uid` of the object, too: another one that has the same records and is
    deleted later is another change.
    """
    old, new = _records(before), _records(after)
    lines = [*(f"- {each}" for each in sorted(old - new))]
    lines += [f"+ {each}" for each in sorted(new - old)]
    return _hold(owner, lines, text, uid)


def of_zone(
    zone: Reference,
    delta: Delta,
    old: Zone,
    new: Zone,
    theirs: tuple[Set[RRsetKey], Set[RRsetKey]],
    text: str,
) -> OwnerHold:
    """The hold of a Zone: what differs of its own RRsets.

    `theirs` are the RRsets that RecordSets have, in `old` and in `new`. What the Zone gives up and
    a RecordSet takes is a removal as any other, so the hash stays the same when somebody does.
    """
    before, after = theirs
    lines = []
    for line in delta.lines(old.records + new.records):
        key = _key(line)
        if key not in after and (line[0] == "+" or key not in before):
            lines.append(line)
    for key in after - before:
        ttl, data = old.get(*key) or (0, [])
        lines += [f"- {key[0]} {ttl} {key[1]} {each}" for each in data]
    return _hold(zone, sorted(lines, key=lambda line: (line[0] != "-", line)), text)


def to_approve(holds: Sequence[OwnerHold]) -> list[OwnerHold]:
    """Those of RecordSets that their Zone may approve all at once."""
    return [each for each in holds if each.owner.kind != "Zone" and not each.blocked]


def hash_of_all(holds: Sequence[OwnerHold]) -> str:
    """What approves all of these on their Zone: the hash of the only one, or one for the set."""
    if len(holds) == 1:
        return holds[0].hash
    return plans.hash_of("\n".join(sorted(each.hash for each in holds)).encode())


def approved(
    holds: Sequence[OwnerHold],
    zone: Set[str],
    fleet: Set[str],
    own: Mapping[Reference, Set[str]],
) -> frozenset[Reference]:
    """The owners whose holds are approved: on the Zone, on the Fleet, or on the object itself."""
    record_sets, said = to_approve(holds), zone | fleet
    together = hash_of_all(record_sets) in zone
    found = {each.owner for each in record_sets} if together else set()
    found |= {
        each.owner
        for each in holds
        if not each.blocked and (each.hash in said or each.hash in own.get(each.owner, frozenset()))
    }
    return frozenset(found)


def violations(holds: Sequence[OwnerHold], zone: Reference) -> list[Violation]:
    """What is told of these: to each owner why it waits, and to the Zone who waits."""
    found = [
        Violation(plans.REASON, each.message, f"{each.owner}: spec")
        for each in holds
        if each.holder is not Holder.GONE
    ]
    others = to_approve(holds)
    if others:
        said = [f"{each.owner}: {each.text}" for each in others[:MAX_NAMED]]
        more = len(others) - MAX_NAMED
        told = "; ".join([*said, *([f"and {more} more"] if more > 0 else [])])
        message = f"{told}; {plans.how_to_approve(hash_of_all(others), zone.kind)}"
        found.append(Violation(plans.REASON, message, f"{zone}: spec.recordSets", "warning"))
    return found


def _hold(owner: Reference, lines: Sequence[str], text: str, uid: str = "") -> OwnerHold:
    of = [f"{owner}", *([uid] if uid else []), *lines]
    digest = plans.hash_of("\n".join(of).encode())
    return OwnerHold(owner, digest, text, tuple(lines[: plans.MAX_DIFF]))


def _records(record_set: RecordSet | None) -> set[str]:
    records = () if record_set is None else record_set.spec.rrsets
    return {f"{each.name} {each.ttl} {each.type} {data}" for each in records for data in each.data}


def _key(line: str) -> RRsetKey:
    """The owner name and type of a line of `Delta.lines`."""
    _, owner, _, rtype, _ = line.split(" ", 4)
    return owner, rtype
