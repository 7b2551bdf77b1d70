"""What a rehearsal foresees, in the words of a report: a diff of each zone, holds and findings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dnsfleet.violations import Violation, errors
from dnsfleet.zones import placements, plans
from dnsfleet.zones.owner_plans import Holder, OwnerHold
from dnsfleet.zones.placements import Hold as PlacementHold
from dnsfleet_engine import Zone
from dnsfleet_publisher.publishing import Outcome, State
from dnsfleet_publisher.rehearsals import Findings, Foreseen, Served

from dnsfleet_cli import zone_rrsets

NO_CHANGE = 0
FAILED = 1
"""Something is wrong with the files, or the plan could not be made."""
CHANGES = 2
"""The same three as `terraform plan -detailed-exitcode` has, which pipelines know."""
_HELD = (plans.REASON, placements.REASON)
"""Reasons of violations that are told as holds."""


@dataclass(frozen=True)
class RRsetChange:
    """What changes in one RRset; both empty for none of it before, or after."""

    name: str
    rtype: str
    removed: tuple[str, ...]
    """TTL and rdata of each record that goes."""
    added: tuple[str, ...]


@dataclass(frozen=True)
class Hold:
    """Something that would wait for an approval."""

    owner: str
    """The object, such as `RecordSet shop/web`."""
    text: str
    hash: str
    """Empty where there is nothing to approve: it waits for other holds, or for a higher serial."""
    approve: str
    """The object to annotate, as `kubectl annotate` takes it; empty likewise."""


@dataclass(frozen=True)
class ZoneChange:
    """What becomes of one zone."""

    origin: str
    resource: str
    """The Zone object."""
    is_new: bool
    rrsets: tuple[RRsetChange, ...]
    """What would be published; what is held is not in it."""
    pops_before: tuple[str, ...] | None
    """None is all Pops."""
    pops_after: tuple[str, ...] | None
    holds: tuple[Hold, ...]
    failed: str = ""
    """Why it could not be published."""

    @property
    def placed_anew(self) -> bool:
        """Whether other Pops would serve it."""
        return not self.is_new and self.pops_before != self.pops_after

    def __bool__(self) -> bool:
        return bool(self.rrsets or self.is_new or self.placed_anew or self.holds or self.failed)


@dataclass(frozen=True)
class Report:
    """All of a plan."""

    zones: tuple[ZoneChange, ...]
    """Those that change, or of which something waits."""
    findings: tuple[Violation, ...]
    """What is wrong, at its place in the files."""
    others: int
    """Zones that were looked at and stay as they are."""

    @property
    def status(self) -> int:
        """The exit status."""
        if errors(self.findings) or any(each.failed for each in self.zones):
            return FAILED
        return CHANGES if self.zones else NO_CHANGE


def report(found: Findings, findings: Sequence[Violation]) -> Report:
    """The report of a rehearsal; `findings` are all that is wrong, in place."""
    zones = [_zone(each) for each in found.zones]
    findings = [each for each in findings if each.reason not in _HELD]  # told with their zones
    changed = tuple(each for each in zones if each)
    return Report(changed, tuple(findings), len(zones) - len(changed))


def _zone(found: Foreseen) -> ZoneChange:
    before, after, outcome = found.before, found.after, found.outcome
    failed = ""
    if outcome is not None and outcome.state is State.FAILED:
        failed = outcome.message
    return ZoneChange(
        found.origin,
        str(found.resource),
        before is None and after is not None,
        tuple(_rrsets(before, after)),
        None if before is None else before.pops,
        None if after is None else after.pops,
        tuple(_holds(found, outcome)),
        failed,
    )


def _rrsets(before: Served | None, after: Served | None) -> Iterable[RRsetChange]:
    if after is None or (before is not None and before.zone is after.zone):
        return []
    if before is None:
        # Publishing sets the serial of a zone that is not signed, and it is another one each time.
        zone = after.zone if after.zone.signed else after.zone.with_serial(1)
        return [
            RRsetChange(each.owner, each.rtype, (), tuple(f"{each.ttl} {d}" for d in each.data))
            for each in zone_rrsets.of(zone)
        ]
    return _changed(before.zone, after.zone)


def _changed(old: Zone, new: Zone) -> list[RRsetChange]:
    sides: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for line in plans.change(old, new).lines(old.records + new.records):
        sign, owner, ttl, rtype, rdata = line.split(" ", 4)
        removed, added = sides.setdefault((owner, rtype), ([], []))
        (removed if sign == "-" else added).append(f"{ttl} {rdata}")
    return [
        RRsetChange(owner, rtype, tuple(removed), tuple(added))
        for (owner, rtype), (removed, added) in sides.items()
    ]


def _holds(found: Foreseen, outcome: Outcome | None) -> Iterable[Hold]:
    zone = found.resource
    yield from (_owner_hold(each, found) for each in found.holds)
    if outcome is None:
        return
    if outcome.state is State.HELD:
        approve = f"zone {zone.name} -n {zone.namespace}" if outcome.plan else ""
        yield Hold(str(zone), outcome.message, outcome.plan, approve)
    if outcome.placement is not None:
        yield _placement_hold(outcome.placement, found)


def _owner_hold(hold: OwnerHold, found: Foreseen) -> Hold:
    if hold.blocked:
        return Hold(str(hold.owner), hold.message, "", "")
    of = hold.owner if hold.holder is Holder.THERE else found.resource
    return Hold(
        str(hold.owner), hold.told, hold.hash, f"{of.kind.lower()} {of.name} -n {of.namespace}"
    )


def _placement_hold(hold: PlacementHold, found: Foreseen) -> Hold:
    zone = found.resource
    return Hold(str(zone), hold.text, hold.hash, f"zone {zone.name} -n {zone.namespace}")
