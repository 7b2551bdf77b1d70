"""A trace as people read it: a table of stations, and what the logs do not show."""

import itertools
import time
from collections.abc import Iterable, Iterator, Sequence

from dnsfleet import tables
from dnsfleet.tables import ABSENT

from dnsfleet_cli.tracing import following
from dnsfleet_cli.tracing.following import Log, Missing, Station, Trace

MAX_CHANGES = 5
"""Other changes that are named."""
SLACK_SECONDS = 0.5
"""Who writes to the core logs it when the answer is there. Others may see it earlier, by the way of
that answer, so a smaller negative gap says nothing of clocks."""
CLOCKS = (
    "Each time is by the clock where the process runs: GAP and TOTAL between two processes\n"
    "include the difference of their clocks."
)
_SHOWN = ("kind", "object", "generation", "source", "serial", "records", "failing", "reason")
"""Fields of a line that say more than the columns do."""


def text(zone: str, trace: Trace | None, logs: Sequence[Log], unread: Sequence[str] = ()) -> str:
    """The whole report; `unread` says which logs could not be read, and why."""
    nothing = f"no line of {len(logs)} logs tells of a change of {zone}"
    found = nothing if trace is None else _found(trace)
    hidden = following.left_out(logs, 0 if trace is None else trace.lsn)
    told = f"{hidden} publications have no line: a change of it may be one of them"
    if trace is not None:
        told = f"{hidden} publications after that have no line: a newer change may be one of them"
    return "\n\n".join(filter(None, (found, told if hidden else "", "\n".join(unread))))


def _found(trace: Trace) -> str:
    others = [str(lsn) for lsn in trace.changes if lsn != trace.lsn][-MAX_CHANGES:]
    head = tables.fields(
        [
            ("Zone", trace.zone),
            ("LSN", trace.lsn),
            ("Revision", trace.revision or ABSENT),
            ("Other LSNs", ", ".join(others) or None),
        ]
    )
    first = trace.stations[0] if trace.stations else None
    rows = [_row(each, trace.lsn, first) for each in trace.stations]
    body = tables.table(["STATION", "PROCESS", "TIME", "GAP", "TOTAL", "DETAIL"], rows)
    parts = (head, body, "\n".join(_not_shown(trace)), CLOCKS, "\n".join(_behind(trace.stations)))
    return "\n\n".join(filter(None, parts))


def _row(station: Station, lsn: int, first: Station | None) -> list[object]:
    total = None if first is None or station is first else station.at - first.at
    detail = [f"{key}={station.fields[key]}" for key in _SHOWN if key in station.fields]
    reached = station.fields.get("lsn", "")
    if reached not in ("", str(lsn)):
        detail.append(f"lsn={reached}")
    return [
        station.name,
        station.process,
        _time(station.at),
        _signed(station.gap),
        _signed(total),
        " ".join(detail),
    ]


def _not_shown(trace: Trace) -> Iterator[str]:
    found = {each.name for each in trace.stations}
    if not found & {"published", "removed"}:
        yield "no writer's log that was read has it"
    elif "seen" not in found | {each.name for each in trace.missing}:
        yield "no line tells which object or file was changed: it was found by a look at all, or"
        yield "the core had to be written anew"
    for process, missing in itertools.groupby(trace.missing, lambda each: each.process):
        for why, alike in itertools.groupby(missing, _why):
            yield f"{process}: {' or '.join(each.name for each in alike)}: {why}"
    if "propagated" not in found:
        yield "no line tells that it was answered everywhere"


def _why(missing: Missing) -> str:
    if missing.left_out:
        return f"not shown, {missing.left_out} such lines were left out"
    if missing.acked and missing.name == "told":
        return "no line, though it acked"
    if missing.acked:
        return "no line; its Pop is not to serve the zone, or it had the change already"
    if missing.reads_from is not None:
        return f"not since {_time(missing.reads_from)}, older lines were not read"
    return "not yet, as far as its log goes"


def _behind(stations: Iterable[Station]) -> Iterator[str]:
    """Each pair of processes whose clocks differ so much that an effect precedes its cause."""
    told = set()
    for each in stations:
        if each.since is None or each.gap is None or each.gap > -SLACK_SECONDS:
            continue
        pair = (each.process, each.since.process)
        if each.process != each.since.process and pair not in told:
            told.add(pair)
            behind = f"behind that of {each.since.process} by {-each.gap:.3f} s or more"
            yield f"the clock of {each.process} is {behind}"


def _time(at: float) -> str:
    seconds, millis = divmod(round(at * 1000), 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{millis:03d}Z"


def _signed(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:+.3f}"
