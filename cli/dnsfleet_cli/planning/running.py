"""One run of `plan`: rehearse what files would change, print the report, give the exit status."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dnsfleet.resources import documents
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation
from dnsfleet.zones.placements import Fleet
from dnsfleet_publisher.rehearsals import Findings, Rehearsal
from dnsfleet_publisher.store_errors import StoreError

from dnsfleet_cli import zone_commands
from dnsfleet_cli.options import PlanForm
from dnsfleet_cli.planning import rendering, reports
from dnsfleet_cli.troubles import Trouble

TRIES = 3
"""A fleet that publishes a planned zone while it is read is read again; one that always does so is
told of."""


class Prepared(NamedTuple):
    """All that one rehearsal needs."""

    rehearsal: Rehearsal
    """It has begun with what there is now."""
    documents: Sequence[Document]
    """Those that would be applied."""
    fleet: Fleet
    findings: Sequence[Violation]
    """What is wrong with the files themselves, and what cannot be looked at."""


Told = Callable[[Violation], Violation]
"""How a finding is told where not everything can be looked at."""


def run(
    prepare: Callable[[], Prepared], form: PlanForm, told: Told, approval: rendering.Approval
) -> int:
    """Print the plan; 0 nothing changes, 1 something is wrong, 2 something changes or is held.

    Trouble where it cannot be made.
    """
    try:
        prepared, found = _rehearse(prepare)
    except StoreError as error:
        raise Trouble(str(error)) from None
    placed = documents.place(map(told, found.violations), prepared.documents)
    findings = dict.fromkeys(
        [*prepared.findings, *placed, *_not_looked_at(found), *_about_signatures(found)]
    )
    report = reports.report(found, list(findings))
    print(rendering.render(report, form, approval))
    if found.moved:
        raise Trouble("the fleet published some of these zones meanwhile: run it again")
    return report.status


def _rehearse(prepare: Callable[[], Prepared]) -> tuple[Prepared, Findings]:
    for _ in range(TRIES):
        prepared = prepare()
        found = prepared.rehearsal.change(prepared.documents, prepared.fleet)
        if not found.moved:
            break
    return prepared, found


def _not_looked_at(found: Findings) -> list[Violation]:
    why = (
        "the Zone is wrong already: what becomes of its last good version, which the writer that "
        "runs may have, is not looked at"
    )
    return [
        Violation("NotLookedAt", why, str(each.resource), "warning")
        for each in found.zones
        if each.remembered
    ]


def _about_signatures(found: Findings) -> list[Violation]:
    now = time.time()
    return [
        each
        for zone in found.zones
        if zone.after is not None and zone.after is not zone.before
        for each in zone_commands.about_signatures(zone.after.zone, str(zone.resource), now)
    ]
