"""A report as text for people, as Markdown for a pull request, and as a document for programs."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dnsfleet.zones.plans import APPROVE_ANNOTATION

from dnsfleet_cli import yaml_writing
from dnsfleet_cli.options import PlanForm
from dnsfleet_cli.planning.reports import Hold, Report, RRsetChange, ZoneChange
from dnsfleet_cli.troubles import counted

MAX_LINES = 200
"""Records of one zone that are told to people; JSON has all. A comment on GitHub may have 65,536
characters."""


Approval = Callable[[Hold], str]
"""What to do to approve what is held."""


def by_kubectl(hold: Hold) -> str:
    """In a cluster: a command."""
    return f"kubectl annotate --overwrite {hold.approve} {APPROVE_ANNOTATION}={hold.hash}"


def in_manifest(hold: Hold) -> str:
    """In a fleet of `up`: what to write into the manifest of the object."""
    return (
        f"in the manifest of {hold.owner}: "
        f"metadata: {{annotations: {{{APPROVE_ANNOTATION}: {hold.hash!r}}}}}"
    )


def render(report: Report, form: PlanForm, approval: Approval) -> str:
    """The report, without a line end; `approval` tells people how to approve."""
    match form:
        case PlanForm.JSON:
            return json.dumps(_document(report), indent=1)
        case PlanForm.MARKDOWN:
            return "\n".join(_markdown(report, approval))
        case PlanForm.YAML:
            return yaml_writing.dump(_document(report)).rstrip("\n")
        case PlanForm.TEXT:
            return "\n".join(_text(report, approval))


def _text(report: Report, approval: Approval) -> Iterator[str]:
    yield from (str(each) for each in report.findings)
    for zone in report.zones:
        yield _heading(zone)
        yield from (f"  {line}" for line in _lines(zone))
        for line in _told(zone, approval):
            yield f"  {line}"
    yield _summary(report)


def _markdown(report: Report, approval: Approval) -> Iterator[str]:
    yield "## DNS plan"
    yield ""
    yield _summary(report)
    if report.findings:
        yield ""
        yield from (f"- {_escaped(str(each))}" for each in report.findings)
    for zone in report.zones:
        yield ""
        yield f"### {_heading(zone)}"
        if lines := list(_lines(zone)):
            yield ""
            yield "```diff"
            yield from lines
            yield "```"
        for line in _told(zone, approval):
            yield ""
            yield _escaped(line)


def _escaped(text: str) -> str:
    """Text in which no character means something to Markdown."""
    return "".join(f"\\{each}" if each in "\\`*_{}[]<>#|" else each for each in text)


def _heading(zone: ZoneChange) -> str:
    what = "new" if zone.is_new else _counts(zone.rrsets)
    return f"{zone.origin} ({zone.resource}): {what}"


def _counts(rrsets: Iterable[RRsetChange]) -> str:
    found = list(rrsets)
    added = sum(not each.removed for each in found)
    removed = sum(not each.added for each in found)
    if not found:
        return "no record changes"
    return f"{added} RRsets added, {len(found) - added - removed} changed, {removed} removed"


def _lines(zone: ZoneChange) -> Iterator[str]:
    """The records as a diff has them."""
    found = [
        f"{sign} {rrset.name} {ttl} {rrset.rtype} {rdata}"
        for rrset in zone.rrsets
        for sign, side in (("-", rrset.removed), ("+", rrset.added))
        for ttl, rdata in (each.split(" ", 1) for each in side)
    ]
    yield from found[:MAX_LINES]
    if len(found) > MAX_LINES:
        yield f"# {len(found) - MAX_LINES} more records"


def _told(zone: ZoneChange, approval: Approval) -> Iterator[str]:
    if zone.placed_anew:
        yield f"Pops: {_pops(zone.pops_before)} -> {_pops(zone.pops_after)}"
    if zone.failed:
        yield f"cannot be published: {zone.failed}"
    for hold in zone.holds:
        yield f"held: {hold.owner}: {hold.text}"
        if hold.hash:
            yield f"approve: {approval(hold)}"


def _pops(names: tuple[str, ...] | None) -> str:
    return "all" if names is None else ", ".join(names) or "none"


def _summary(report: Report) -> str:
    holds = sum(len(each.holds) for each in report.zones)
    errors = sum(each.severity == "error" for each in report.findings)
    warnings = len(report.findings) - errors
    if not report.zones and not report.findings:
        return f"no changes; {counted(report.others, 'zone')} as before"
    return (
        f"{counted(len(report.zones), 'zone')} to change, {counted(holds, 'hold')}, "
        f"{counted(errors, 'error')}, {counted(warnings, 'warning')}; "
        f"{counted(report.others, 'zone')} as before"
    )


def _document(report: Report) -> dict[str, Any]:
    return {
        "kind": "Plan",
        "status": {0: "NoChange", 1: "Error", 2: "Changes"}[report.status],
        "zones": [_zone(each) for each in report.zones],
        "findings": [
            {
                "severity": each.severity,
                "reason": each.reason,
                "message": each.message,
                "where": each.where,
            }
            for each in report.findings
        ],
        "unchanged": report.others,
    }


def _zone(zone: ZoneChange) -> dict[str, Any]:
    return {
        "origin": zone.origin,
        "zone": zone.resource,
        "new": zone.is_new,
        "rrsets": [
            {"name": each.name, "type": each.rtype, "removed": each.removed, "added": each.added}
            for each in zone.rrsets
        ],
        "pops": {"before": zone.pops_before, "after": zone.pops_after},
        "holds": [
            {"owner": each.owner, "text": each.text, "hash": each.hash} for each in zone.holds
        ],
        "error": zone.failed,
    }
