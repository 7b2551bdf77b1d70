"""What a round found, for people and as JSON."""

import time
from collections.abc import Iterator
from typing import Any

from dnsfleet import tables
from dnsfleet.probing.judging import TRANSPORTS, Verdict
from dnsfleet.tables import ABSENT
from dnsfleet.violations import printable

from dnsfleet_probe.prober import Round

AS_PUBLISHED, DIFFERS, UNKNOWN = 0, 1, 2
"""Exit statuses."""
_HEAD = ("POP", "ADDRESS", "UDP", "TCP", "ZONES", "INSIDE", "OUTSIDE")


def status(found: Round) -> int:
    """0: all is as published; 1: something is not; 2: no Pop answers anywhere that can be asked."""
    if any(verdict.faults for verdict in found.verdicts):
        return DIFFERS
    return AS_PUBLISHED if any(verdict.replies for verdict in found.verdicts) else UNKNOWN


def text(found: Round) -> str:
    """A table, what is wrong, and how old the list is where it is old."""
    rows = (row for verdict in found.verdicts for row in _rows(verdict))
    lines = [tables.table(_HEAD, rows)]
    lines += [printable(str(fault)) for verdict in found.verdicts for fault in verdict.faults]
    now_ms = time.time_ns() // 1_000_000
    if found.list.is_old(now_ms):
        seconds = (now_ms - found.list.time_ms) // 1000
        lines.append(
            f"the probe list is {seconds} s old: what is inside may be otherwise by now; see that "
            "its writer runs, and that the replica follows the core"
        )
    drained = [pop.name for pop in found.list.pops if pop.drained]
    if drained:
        lines.append(f"not asked, as they are drained: {', '.join(drained)}")
    return "\n".join(lines)


def as_json(found: Round) -> dict[str, Any]:
    """The same for programs."""
    return {
        "listTime": found.list.time_ms / 1000,
        "pops": [_verdict(each) for each in found.verdicts],
        "drained": [pop.name for pop in found.list.pops if pop.drained],
    }


def _rows(verdict: Verdict) -> Iterator[tuple[str, ...]]:
    inside, outside = _inside(verdict), "differs" if verdict.faults else "as published"
    by_address: dict[str, dict[str, str]] = {}
    zones: dict[str, set[str]] = {}
    for each in verdict.replies:
        said = "no answer" if each.problem else f"{_middle(each.seconds) * 1000:.1f} ms"
        by_address.setdefault(each.address, {})[each.transport] = said
        zones.setdefault(each.address, set()).update(each.soa)
    if not by_address:
        yield verdict.pop.name, *[ABSENT] * 4, inside, "has no address"
    for address, answered in by_address.items():
        good = len(zones[address] - verdict.wrong)
        counts = f"{good}/{len(verdict.asked)}"
        transports = (answered.get(each, ABSENT) for each in TRANSPORTS)
        yield verdict.pop.name, address, *transports, counts, inside, outside


def _inside(verdict: Verdict) -> str:
    if verdict.pop.answers < 0:
        return "no proof"
    current = all(zone.is_current_in(verdict.pop) for zone in verdict.asked)
    return "current" if current else "behind"


def _middle(seconds: tuple[float, ...]) -> float:
    return sorted(seconds)[len(seconds) // 2] if seconds else 0.0


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "pop": verdict.pop.name,
        "inside": _inside(verdict),
        "disagrees": verdict.disagrees,
        "addresses": [
            {
                "address": each.address,
                "transport": each.transport,
                "up": not each.problem,
                "seconds": [round(one, 6) for one in each.seconds],
            }
            for each in verdict.replies
        ],
        "zones": {zone: zone not in verdict.wrong for zone in sorted(verdict.answered)},
        "faults": [
            {"reason": each.reason, "where": each.where, "zone": each.zone, "text": each.text}
            for each in verdict.faults
        ],
    }
