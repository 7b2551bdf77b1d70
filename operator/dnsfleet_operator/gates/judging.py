"""What becomes of each TsigKey: the key that gates get, and its condition. Pure.

Absence is no order to take a key away from a secondary. So a key that gates have stays

    while its Secret is gone, or holds no secret    with the secret that it had
    while its TsigKey is not understood             as it is
    when its TsigKey went with its CRD              as it is

and its condition says so. It ends with its TsigKey. A secret stays with the TsigKey that had it, by
uid: one that is made anew under the same name needs its Secret. A key that is for primaries only is
none of theirs; while it cannot be used, the zones that it is for stay as they are.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from dnsfleet import resources, tsig_keys
from dnsfleet.resources import Reference, Secret, TsigKey
from dnsfleet.tsig_keys import NAME_TAKEN, PrimaryKey
from dnsfleet.violations import Violation

from dnsfleet_operator.gates import tables, update_zones
from dnsfleet_operator.gates.tables import Owner, Row
from dnsfleet_operator.gates.update_zones import FindOwner
from dnsfleet_operator.objects import Object, reference_of
from dnsfleet_operator.statuses.conditions import Condition

MAX_OCTETS = 900 * 1024
"""Of all keys together: a Secret holds 1 MiB. That is some 3,000 keys with a zone each."""

READY = "Ready"
GIVEN = Condition(READY, True, "Given", "gates are given this key")
USED = Condition(READY, True, "Used", "zones are fetched from primaries with this key")


class Judged(NamedTuple):
    """What all TsigKeys of the release come to."""

    rows: list[Row]
    """The keys that gates get."""
    conditions: dict[Reference, Condition]
    """Whether each TsigKey is in use as it is."""
    primary_keys: Mapping[str, PrimaryKey]
    """By which zones are fetched from primaries, by the names of the TsigKeys."""


class Listed(NamedTuple):
    """The TsigKeys that there are, read."""

    owners: dict[Reference, Owner]
    keys: list[TsigKey]
    """Those that are understood."""
    violations: list[Violation]
    """Of the others."""


def read(objects: Iterable[Object]) -> Listed:
    """The TsigKeys in the objects of a list."""
    found = Listed({}, [], [])
    for each in objects:
        reference, metadata = reference_of(each), each["metadata"]
        found.owners[reference] = Owner(
            metadata["name"], metadata["uid"], metadata["creationTimestamp"]
        )
        key, violations = resources.parse(each, str(reference))
        found.violations.extend(violations)
        if isinstance(key, TsigKey):
            found.keys.append(key)
    return found


def judge(
    listed: Listed,
    secrets: Mapping[Reference, Secret],
    before: Sequence[Row],
    stays: Callable[[Owner], bool],
    find_owner: FindOwner | None,
) -> Judged:
    """The keys for gates and the conditions.

    `before` is what gates have; `stays` says of a TsigKey that is gone whether nobody meant to
    delete it. `find_owner` is None while not all Zones are known.
    """
    found, violations = tsig_keys.resolve(listed.keys, secrets)
    had = {row.owner.uid: row for row in before}
    rows, conditions = [], {}
    for key in listed.keys:
        reference, owner = key.reference, listed.owners[key.reference]
        if reference in found:
            if key.is_for_gates:
                rows.append(Row(found[reference], owner))
            conditions[reference] = GIVEN if key.is_for_gates else USED
            continue
        why = next(each for each in violations if each.where.startswith(f"{reference}:"))
        kept = key.is_for_gates and owner.uid in had and why.reason != NAME_TAKEN
        if kept:
            rows.append(Row(tsig_keys.usable(key, had[owner.uid].key.secret), owner))
        conditions[reference] = _refused(
            [why], reference, "; until then it has the secret as before" * kept
        )
    names = {row.key.name for row in rows}
    understood = {key.reference for key in listed.keys}
    for reference in listed.owners.keys() - understood:
        old = had.get(listed.owners[reference].uid)
        kept = old is not None and old.key.name not in names
        if old is not None and kept:
            rows.append(old)
        wrong = [each for each in listed.violations if each.where.startswith(f"{reference}:")]
        conditions[reference] = _refused(wrong, reference, "; until then it is as before" * kept)
    rows += _stayed(before, listed, {row.key.name for row in rows}, stays)
    rows = list(update_zones.fill(rows, before, find_owner))
    kept_rows = _bounded(rows, listed, conditions)
    if find_owner is not None:
        _tell_of_zones(kept_rows, listed, conditions)
    return Judged(kept_rows, conditions, tsig_keys.for_primaries(listed.keys, found))


def _stayed(
    before: Iterable[Row], listed: Listed, names: set[str], stays: Callable[[Owner], bool]
) -> list[Row]:
    """Of the keys whose TsigKeys are gone, those that nobody meant to end."""
    uids = {owner.uid for owner in listed.owners.values()}
    again = {owner.name for owner in listed.owners.values()}
    gone = [row for row in before if row.owner.uid not in uids]
    free = [row for row in gone if row.owner.name not in again and row.key.name not in names]
    return [row for row in free if stays(row.owner)]


def _bounded(rows: list[Row], listed: Listed, conditions: dict[Reference, Condition]) -> list[Row]:
    """As many of the keys, the oldest first, as the Secret holds; the others are told."""
    references = {owner.uid: reference for reference, owner in listed.owners.items()}
    kept: list[Row] = []
    octets = 0
    for row in sorted(rows, key=lambda row: (row.owner.created, row.owner.name)):
        octets += tables.octets([row])
        if octets <= MAX_OCTETS:
            kept.append(row)
        elif (reference := references.get(row.owner.uid)) is not None:
            why = f"the keys of older TsigKeys fill the {MAX_OCTETS} octets that there are for all"
            conditions[reference] = Condition(READY, False, "TooManyKeys", why)
    return kept


def _tell_of_zones(
    rows: Iterable[Row], listed: Listed, conditions: dict[Reference, Condition]
) -> None:
    """Add to the conditions of keys that are given which of their origins no Zone has."""
    given = {row.owner.uid: row.key for row in rows}
    for reference, owner in listed.owners.items():
        if conditions[reference] != GIVEN:
            continue
        if lost := update_zones.missing(given[owner.uid]):
            conditions[reference] = GIVEN._replace(message=f"{GIVEN.message}; {lost}")


def _refused(wrong: Sequence[Violation], reference: Reference, then: str) -> Condition:
    told = "; ".join(
        f"{each.where.removeprefix(f'{reference}: ')}: {each.message}" for each in wrong[:3]
    )
    return Condition(READY, False, wrong[0].reason, told + then)
