"""The status of a Zone and of a RecordSet.

    Accepted    the spec is taken as it is
    Programmed  the core has it
    Propagated  every Ready edge of every Active Pop of the zone answers it
    Ready       all of these

One that is not accepted is not programmed either, although its last good version may be served.
A held placement is an exception: the rest of its Zone is programmed, and goes on.

A Zone that is signed has SignaturesValid beside them. It tells of what is published, and takes no
part in Ready: the signer has to mend it, and the fleet serves what it was given. So it is with
Refreshed of a Zone that has primaries: whether one of them said, as its SOA wants it, that what is
here is the newest. And so it is with MembersSynced of a catalog of primaries (`catalog_members`).

`conditions` computes these once for an object; its status and its metrics are both made of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dnsfleet.replication.manifests import Manifest
from dnsfleet.resources.zones import (
    MAX_SHARED,
    MAX_SHARED_VALUES,
    MAX_SHARERS,
    MAX_SHOWN_DATA,
)
from dnsfleet.violations import Violation
from dnsfleet.zones import placements, signatures
from dnsfleet.zones.shared_values import Shared
from dnsfleet.zones.signature_watch import Watched
from dnsfleet.zones.signatures import Level
from dnsfleet_publisher.publishing import Outcome, State
from dnsfleet_publisher.transferring.standings import Standing

from dnsfleet_operator.members.steps import Standing as Members
from dnsfleet_operator.statuses import catalog_members
from dnsfleet_operator.statuses.conditions import Condition, Status, accepted, merge
from dnsfleet_operator.statuses.propagation import ZoneState
from dnsfleet_operator.statuses.secondaries import Shown


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the zone that an object is about."""

    outcome: Outcome | None
    """What became of it in the last pass; None where it never came so far."""
    state: ZoneState | None
    """Where its newest revision is answered."""
    seconds: float | None = None
    """From publication to the last Pop's word; None until then."""
    shared: tuple[Shared, ...] = ()
    """The RRsets that several RecordSets share, for the status of the Zone."""
    given: Mapping[str, Any] | None = None
    """Its ZoneClass and what that gives it, for the status of the Zone."""
    is_catalog: bool = False
    """Whether it is a catalog, which is at no Pop."""
    signed: Watched | None = None
    """How the signatures of what is published are, where it is signed, for that status too."""
    transfer: Standing | None = None
    """How the fleet stands with its primaries, where it has some, for that status too."""
    secondaries: Shown | None = None
    """How its secondaries stand, where it has some, for that status too."""
    members: Members | None = None
    """What became of its members, where it is a catalog of primaries, for that status too."""

    @property
    def manifest(self) -> Manifest | None:
        """The newest manifest, unless the zone was removed."""
        found = None if self.outcome is None else self.outcome.manifest
        return None if found is None or found.tombstone else found


def zone(
    generation: int,
    found: Sequence[Condition],
    facts: Facts,
    before: Status,
    now: str,
) -> dict[str, Any]:
    """The status of a Zone of this generation, from its `conditions`. `now` is RFC 3339."""
    status: dict[str, Any] = {"observedGeneration": generation}
    if facts.manifest is not None:
        manifest, revision = facts.manifest, facts.manifest.revision
        status["serial"] = manifest.serial
        status["revision"] = {"epoch": revision.epoch, "seq": revision.seq}
        status["records"] = manifest.records
    if facts.manifest is not None and facts.state is not None:
        status["propagation"] = _propagation(facts.state, facts.seconds)
    if facts.given is not None:
        status["zoneClass"] = facts.given
    if facts.shared:
        status["shared"] = [_shared(each) for each in facts.shared[:MAX_SHARED]]
    if facts.transfer is not None:
        status["transfer"] = _transfer(facts.transfer)
    if facts.members is not None:
        status["catalog"] = catalog_members.status(facts.members)
    if facts.secondaries is not None:
        status["secondaries"] = facts.secondaries
    return {**status, "conditions": merge(found, generation, before, now)}


def record_set(
    generation: int,
    records: int,
    found: Sequence[Condition],
    before: Status,
    now: str,
) -> dict[str, Any]:
    """The status of a RecordSet with so many records, from its `conditions`."""
    return {
        "observedGeneration": generation,
        "records": records,
        "conditions": merge(found, generation, before, now),
    }


def conditions(subject: str, violations: Sequence[Violation], facts: Facts) -> list[Condition]:
    """The conditions of a Zone or RecordSet, in the order in which they come true.

    `subject` begins the places of the object's own fields in violations.
    """
    taken = accepted(violations, subject)
    outcome = facts.outcome
    if taken.status and outcome is not None and outcome.state is State.HELD:
        taken = Condition("Accepted", False, outcome.reason, outcome.message)
    programmed = _programmed(taken, facts)
    if taken.status and outcome is not None and outcome.placement is not None:
        taken = Condition("Accepted", False, placements.REASON, outcome.placement.message)
    propagated = _propagated(programmed, facts.state, is_catalog=facts.is_catalog)
    steps = [taken, programmed, propagated]
    missing = next((step for step in steps if not step.status), None)
    ready = Condition("Ready", True, "Ready")
    if missing is not None:
        ready = Condition("Ready", False, missing.reason, missing.message)
    members = catalog_members.conditions(facts.members, violations)
    return [*steps, ready, *_signatures_valid(facts), *_refreshed(facts), *members]


def _programmed(taken: Condition, facts: Facts) -> Condition:
    outcome = facts.outcome
    if not taken.status:
        return Condition("Programmed", False, "NotAccepted", "see condition Accepted")
    if outcome is None:
        return Condition("Programmed", False, "Pending", "not yet published")
    if outcome.state is State.FAILED:
        return Condition("Programmed", False, outcome.reason, outcome.message)
    return Condition("Programmed", True, "Published")


def _propagated(programmed: Condition, state: ZoneState | None, *, is_catalog: bool) -> Condition:
    if not programmed.status:
        return Condition("Propagated", False, "NotProgrammed", "see condition Programmed")
    if state is None:
        return Condition("Propagated", False, "Propagating", "no edge was asked yet")
    if is_catalog and state.pops == 0:
        message = "no Pop serves a catalog; gates transfer what is published"
        return Condition("Propagated", True, "CatalogZone", message)
    if state.propagated:
        return Condition("Propagated", True, "Propagated")
    if state.pops == 0:
        return Condition(
            "Propagated",
            False,
            "NoActivePop",
            "no Active Pop is selected; make one, or correct spec.placement.popSelector",
        )
    worst = state.late[0]
    told = "; ".join(f"{each.pop}: {each.message}" for each in state.late)
    return Condition("Propagated", False, worst.reason, told)


def _signatures_valid(facts: Facts) -> list[Condition]:
    if facts.signed is None:
        return []
    period, level = facts.signed
    valid = level in (Level.VALID, Level.NEAR_EXPIRY)
    return [Condition("SignaturesValid", valid, level.value, signatures.message(period, level))]


def _refreshed(facts: Facts) -> list[Condition]:
    if facts.transfer is None:
        return []
    reason, message = facts.transfer.reason, facts.transfer.message
    return [Condition("Refreshed", reason == "Current", reason, message)]


def _transfer(standing: Standing) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if standing.serial is not None:
        found |= {"serial": standing.serial, "primary": standing.primary}
    for field, at in (("lastRefresh", standing.refreshed), ("nextRefresh", standing.due)):
        if at is not None:
            found[field] = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return found


def _shared(rrset: Shared) -> dict[str, Any]:
    values = [
        {
            "data": data[:MAX_SHOWN_DATA],
            "recordSets": [f"{each.namespace}/{each.name}" for each in owners[:MAX_SHARERS]],
        }
        for data, owners in rrset.values[:MAX_SHARED_VALUES]
    ]
    return {"name": rrset.name, "type": rrset.rtype, "values": values}


def _propagation(state: ZoneState, seconds: float | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "pops": state.pops,
        "current": state.current,
        "text": f"{state.current}/{state.pops}",
    }
    if seconds is not None:
        found["seconds"] = seconds
    if state.late:
        found["slowest"] = [
            {"name": each.pop, "seconds": state.seconds, "message": each.message}
            for each in state.late
        ]
    return found
