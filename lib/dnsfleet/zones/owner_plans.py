"""Plans of single owners: whose part of a change waits for an approval, and whose goes on. Pure.

`plans` judges the change of a whole zone. Where that is unsafe and the zone has several owners,
what it removes is told apart by whose it was:

    one owner removes so much alone           that owner waits
    the others together still remove so much  each of them that removes something waits

Whoever removes nothing never waits. What somebody approved counts for nothing here. An owner is the
Zone, with its file and the list in it, or a RecordSet; a removed RRset counts for each RecordSet
that shared it.

The measure is the zone as it was when its first hold began, where that was smaller: names that
others add meanwhile are no reason to let the change of a held owner go.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
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


class OwnerHold(NamedTuple):
    """A change of one owner that waits."""

    owner: Reference
    hash: str
    """What approves it: of an object by its own annotation, its Zone's, or the Fleet's."""
    text: str
    """What it does, for people."""
    diff: tuple[str, ...]
    """The first records that it would take away or add."""
    deleted: bool = False
    """Whether its object is gone from the Zone, so that it can neither tell nor approve it."""
    replaced: bool = False
    """Whether another object has its name and its Zone; that one waits until the hold ends."""

    @property
    def message(self) -> str:
        """For the owner itself, or for whoever has its name."""
        text = f"a RecordSet that had this name: {self.text}" if self.replaced else self.text
        where = "Zone" if self.deleted else self.owner.kind
        return f"{text}; {plans.how_to_approve(self.hash, where)}"


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
) -> frozenset[Reference]:
    """The owners whose changes are to wait.

    `before` and `left` are the ordinary RRsets of the zone now and after the change; `doubtful` is
    an owner whose part may not be whole, so that it may remove nothing.
    """
    counted = {owner: keys for owner, keys in removed.items() if owner not in approved}
    alone = {
        owner
        for owner, keys in counted.items()
        if plans.is_large(len(keys), before) or owner == doubtful
    }
    stay = _union(counted[owner] for owner in alone)
    rest = _union(keys for owner, keys in counted.items() if owner not in alone) - stay
    emptied = bool(rest) and left + len(stay) <= plans.APEX_RRSETS
    if emptied or plans.is_large(len(rest), before):
        return frozenset(counted)
    return frozenset(alone)


def of_record_set(
    owner: Reference,
    before: RecordSet | None,
    after: RecordSet | None,
    text: str,
) -> OwnerHold:
    """The hold of a RecordSet, from its records as they are published and as they would be.

    The hash is of these alone, so it stays the same whatever others change.
    """
    old, new = _records(before), _records(after)
    lines = [*(f"- {each}" for each in sorted(old - new))]
    lines += [f"+ {each}" for each in sorted(new - old)]
    return _hold(owner, lines, text)


def of_zone(
    zone: Reference, delta: Delta, old: Zone, new: Zone, others: Set[RRsetKey], text: str
) -> OwnerHold:
    """The hold of a Zone: what differs, but for `others`, the RRsets that RecordSets have."""
    lines = [line for line in delta.lines(old.records + new.records) if _key(line) not in others]
    return _hold(zone, lines, text)


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
    if hash_of_all(holds) in zone:
        return frozenset(each.owner for each in holds)
    return frozenset(
        each.owner for each in holds if each.hash in zone | fleet | own.get(each.owner, frozenset())
    )


def violations(holds: Sequence[OwnerHold], zone: Reference) -> list[Violation]:
    """What is told of these: to each owner why it waits, and to the Zone who waits."""
    found = [
        Violation(plans.REASON, each.message, f"{each.owner}: spec")
        for each in holds
        if each.replaced or not each.deleted
    ]
    others = [each for each in holds if each.owner != zone]
    if others:
        said = [f"{each.owner}: {each.text}" for each in others[:MAX_NAMED]]
        more = len(others) - MAX_NAMED
        told = "; ".join([*said, *([f"and {more} more"] if more > 0 else [])])
        message = f"{told}; {plans.how_to_approve(hash_of_all(others), zone.kind)}"
        found.append(Violation(plans.REASON, message, f"{zone}: spec.recordSets", "warning"))
    return found


def _hold(owner: Reference, lines: Sequence[str], text: str) -> OwnerHold:
    digest = plans.hash_of("\n".join([str(owner), *lines]).encode())
    return OwnerHold(owner, digest, text, tuple(lines[: plans.MAX_DIFF]))


def _records(record_set: RecordSet | None) -> set[str]:
    records = () if record_set is None else record_set.spec.records
    return {f"{each.name} {each.ttl} {each.type} {data}" for each in records for data in each.data}


def _key(line: str) -> RRsetKey:
    """The owner name and type of a line of `Delta.lines`."""
    _, owner, _, rtype, _ = line.split(" ", 4)
    return owner, rtype


def _union(sets: Iterable[Set[RRsetKey]]) -> set[RRsetKey]:
    found: set[RRsetKey] = set()
    return found.union(*sets)
