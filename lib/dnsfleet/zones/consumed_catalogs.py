"""Catalog zones that others made (RFC 9432): what they list, or why nothing may be made of them.

    version               TXT "2"                       exactly this
    LABEL.zones           PTR the origin of a member    one record, and each origin once
    coo.LABEL.zones       PTR the catalog it moves to   one record
    group.LABEL.zones     TXT its group                 any number

A catalog that is not so is broken (section 5.1): nothing of it is processed, and what came of an
earlier version stays. Names beside these are properties that others know, and are ignored. So are
the name servers at the apex, which need not be `invalid.` (section 4).
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from dnsfleet_engine import Delta, Zone

from dnsfleet import names
from dnsfleet.violations import Violation
from dnsfleet.zones import plans
from dnsfleet.zones.catalogs import VERSION

MAX_MEMBERS = 10_000
"""Members that are taken: each is an object in etcd, and a zone that is asked for on and on. With a
refresh of an hour these are three questions a second."""
BROKEN = "BrokenCatalog"
TOO_MANY = "TooManyMembers"


class Listed(NamedTuple):
    """How a catalog lists one zone."""

    label: str
    """`LABEL`. Another one means that the zone is to begin anew (section 5.4)."""
    group: str = ""
    """Empty for none, or for several: which of these counts, nobody says."""
    moves_to: str = ""
    """The origin of the catalog that may take the zone over (section 4.3.1); empty for none."""


Members = Mapping[str, Listed]
"""By origin."""


class BrokenCatalogError(ValueError):
    """Nothing may be made of a catalog; the message says why."""

    def __init__(self, message: str, reason: str = BROKEN) -> None:
        super().__init__(message)
        self.reason = reason


def read(zone: Zone) -> dict[str, Listed]:
    """What a catalog lists; it goes through the whole zone. BrokenCatalogError where it is none."""
    _check_version(zone)
    rows = _rows(zone)
    origins: dict[str, str] = {}
    for label, targets in rows["PTR", ""].items():
        origin = _only(targets, f"{label}.zones", "PTR")
        if (other := origins.setdefault(origin, label)) != label:
            raise BrokenCatalogError(
                f"it lists {origin} twice, as {min(label, other)} and as {max(label, other)}"
            )
    if len(origins) > MAX_MEMBERS:
        raise BrokenCatalogError(
            f"it lists {len(origins)} zones, which is more than {MAX_MEMBERS}; divide it into "
            "several catalogs",
            TOO_MANY,
        )
    moves = {
        label: _only(targets, f"coo.{label}.zones", "PTR")
        for label, targets in rows["PTR", "coo"].items()
    }
    groups = rows["TXT", "group"]
    return {
        origin: Listed(label, _group(groups.get(label, [])), moves.get(label, ""))
        for origin, label in origins.items()
    }


def violation(zone: Zone, where: str) -> Violation | None:
    """Why nothing may be made of a catalog, or None."""
    try:
        read(zone)
    except BrokenCatalogError as error:
        return Violation(error.reason, f"the catalog cannot be taken: {error}", where)
    return None


def unsafe(old: Zone, new: Zone, delta: Delta, is_live: Callable[[str], bool]) -> Violation | None:
    """Why a change needs an approval by what it lists no more, or None (see `plans`).

    RRsets do not say it: the properties of a member may stay without it, and a record of the same
    owner may list another one. `delta` is that of `old` and `new`; members that are not `is_live`
    do not count, because nobody serves them.
    """
    before, after = _members(old), _members(new)
    gone = sum(is_live(origin) for origin in before.keys() - after.keys())
    if not (plans.is_large(gone, len(before)) or (gone and not after)):
        return None
    does = f"the change lists {gone} of {len(before)} members no more"
    how = plans.how_to_approve(plans.plan_hash(delta))
    return Violation(plans.REASON, f"{does}; {how}", old.origin)


def _members(zone: Zone) -> Members:
    try:
        return read(zone)
    except BrokenCatalogError:
        return {}


def _check_version(zone: Zone) -> None:
    owner = f"version.{zone.origin}"
    try:
        found = zone.get(owner, "TXT")
    except ValueError:  # its origin leaves no room for such a name
        found = None
    if found is None:
        raise BrokenCatalogError(f"it has no TXT record at {owner}")
    if found[1] != [f'"{VERSION}"']:
        raise BrokenCatalogError(
            f'the TXT RRset at {owner} is {", ".join(found[1])}, and "{VERSION}" is the only '
            "version that is known"
        )


def _rows(zone: Zone) -> dict[tuple[str, str], dict[str, list[str]]]:
    """The data of member nodes and their properties, by type and property, and by label."""
    found: dict[tuple[str, str], dict[str, list[str]]] = {
        ("PTR", ""): {},
        ("PTR", "coo"): {},
        ("TXT", "group"): {},
    }
    below = f".zones.{zone.origin}"
    for line in zone.to_text().splitlines():
        owner, _, rtype, data = line.split(" ", 3)
        own = owner.removesuffix(below)
        if own == owner or not names.is_absolute(f"{own}."):
            continue  # the dot before `zones` may be a part of a label
        first, label = "", own
        for known in ("coo", "group"):
            if own.startswith(f"{known}."):
                first, label = known, own.removeprefix(f"{known}.")
        if (rtype, first) in found and _is_one_label(label):
            # Upper and lower case are the same in names, and records keep what was written.
            found[rtype, first].setdefault(label, []).append(
                data.lower() if rtype == "PTR" else data
            )
    return found


def _is_one_label(text: str) -> bool:
    """Whether a name in master file form is of one label: a dot in one is escaped."""
    return "." not in text.replace(r"\\", "").replace(r"\.", "")


def _only(data: list[str], owner: str, rtype: str) -> str:
    if len(data) != 1:
        raise BrokenCatalogError(f"{owner} has {len(data)} {rtype} records; there may be one")
    return data[0]


def _group(data: list[str]) -> str:
    """The group of a member: one record with one string that needs no quotes within it."""
    text = data[0][1:-1] if len(data) == 1 else ""
    return "" if '"' in text or "\\" in text else text
