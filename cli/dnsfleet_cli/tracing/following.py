"""From the lines of all processes to the stations of one change. Pure.

    writer   change_seen ─▶ zone_planned ─▶ zone_published            ─▶ zone_propagated
    edge                                     told ─▶ zone_loaded ─▶ acked

A change is known by its position in the log of the fleet (`lsn`). `zone_planned`, `zone_published`
and `zone_loaded` name it and the zone. `told` and `acked` name a position, and mean all up to it.
An edge may go to a newer revision at once; its line then has a higher position. `change_seen` names
an object and no zone: the last one before the plan is taken, of those objects that the zone is made
of. `zone_propagated` names the revision.

Lines are ordered by station, and within one process as it wrote them. Times decide nothing between
two processes: each is of its own machine's clock.
"""

from collections.abc import Collection, Iterator, Sequence, Set
from typing import NamedTuple

from dnsfleet.replication.revisions import Revision
from dnsfleet_io import log_reading, stations
from dnsfleet_io.log_bounds import LEFT_OUT
from dnsfleet_io.log_reading import Entry

from dnsfleet_cli.tracing import causes

PUBLISHED = (stations.PUBLISHED, stations.REMOVED)
LOADED = (stations.LOADED, stations.DROPPED)
REFUSED = (stations.REFUSED, stations.WITHHELD)
_REFUSALS = {"refused", "withheld"}
"""What these are called as stations."""
EDGE_STATIONS = ("told", "loaded", "acked")

_EVENTS = {"told": (stations.TOLD,), "loaded": LOADED, "acked": (stations.ACKED,)}


_Writers = Sequence[tuple[str, list[Entry]]]
"""Process and lines of each that is no edge."""


class Log(NamedTuple):
    """What was read of the log of one process."""

    process: str
    """Which process: `fra/0`, the name of a pod."""
    is_edge: bool
    lines: Sequence[str]
    """The oldest first, those of a container that ended before those of the one after it."""
    cut: bool = False
    """Whether older lines were left unread."""


class Station(NamedTuple):
    """One step on the way of a change."""

    name: str
    process: str
    at: float
    """Unix time in seconds, by the clock of the machine where it runs."""
    fields: dict[str, str]
    since: "Station | None" = None
    """The station before it; None for the first."""

    @property
    def gap(self) -> float | None:
        """Seconds since the station before it; negative where clocks differ by more."""
        return None if self.since is None else self.at - self.since.at


class Missing(NamedTuple):
    """A station of an edge of which no line was found."""

    process: str
    name: str
    left_out: int = 0
    """Lines of this kind that were counted and not written when this one was due."""
    reads_from: float | None = None
    """The time of the oldest line that was read, where older ones were left unread."""
    acked: bool = False
    """Whether the edge acked the change all the same."""


class Trace(NamedTuple):
    """One change."""

    zone: str
    lsn: int
    revision: str
    stations: list[Station]
    """In order: those of the writer, those of each edge, and the end."""
    missing: list[Missing]
    changes: list[int]
    """The positions of all changes of the zone that the logs have, the oldest first."""


def follow(
    zone: str,
    logs: Sequence[Log],
    objects: Collection[tuple[str, str]] | None = None,
    lsn: int | None = None,
) -> Trace | None:
    """The stations of the change at a position, or of the newest; None where no line has one.

    `objects` are kind and NAMESPACE/NAME of what the zone is made of; None takes any.
    """
    read = [(log, list(_entries(log))) for log in logs]
    writers = [(log.process, entries) for log, entries in read if not log.is_edge]
    changes = _changes(zone, read)
    if not changes or (lsn is not None and lsn not in changes):
        return None
    at = max(changes) if lsn is None else lsn
    way = _before(zone, at, writers, objects)
    published = next((each for each in way if each.name in ("published", "removed")), None)
    missing: list[Missing] = []
    if published is not None and not any(each.name == "seen" for each in way):
        missing += _seen_left_out(zone, published, writers)
    for log, entries in read:
        if log.is_edge:
            found = list(_at_edge(zone, at, log.process, entries, published))
            way += found
            missing += _missing(at, log, entries, {each.name for each in found})
    revision = changes[at]
    end = _end(zone, at, revision, writers, published)
    way += [] if end is None else [end]
    return Trace(zone, at, revision, way, missing, sorted(changes))


def _entries(log: Log) -> Iterator[Entry]:
    return filter(None, map(log_reading.read, log.lines))


def _changes(zone: str, read: Sequence[tuple[Log, list[Entry]]]) -> dict[int, str]:
    """The revision at each position at which the zone changed, by the writer or by any edge.

    In the cluster of a Pop alone, and where the writer left lines out, only edges say it.
    """
    return {
        lsn: each.fields.get("revision", "")
        for _, entries in read
        for each in entries
        if each.event in (*PUBLISHED, *LOADED) and each.fields.get("zone") == zone
        if (lsn := each.number("lsn")) is not None
    }


def left_out(logs: Sequence[Log], lsn: int) -> int:
    """How many publications after a position were counted by the writer and have no line."""
    return sum(
        each.number("lines") or 0
        for log in logs
        if not log.is_edge
        for each in _entries(log)
        if each.event == LEFT_OUT and each.fields.get("of") in PUBLISHED
        if (each.number("last_lsn") or 0) > lsn
    )


def _before(
    zone: str,
    lsn: int,
    writers: _Writers,
    objects: Collection[tuple[str, str]] | None,
) -> list[Station]:
    """What the writer logged until the core had the change."""
    for process, entries in writers:
        heard: list[Entry] = []
        planned: Station | None = None
        for each in entries:
            if each.event == stations.SEEN and _is_part(each, objects):
                heard.append(each)
            if each.fields.get("zone") != zone or each.event not in (*PUBLISHED, stations.PLANNED):
                continue
            if each.number("lsn") != lsn:
                if each.event in PUBLISHED:
                    heard.clear()  # that was the change before
                continue
            if each.event == stations.PLANNED:
                cause = causes.newest(heard, each.at)
                first = None if cause is None else Station("seen", process, *cause)
                planned = Station("planned", process, each.at, each.fields, first)
                continue
            name = each.event.removeprefix("zone_")
            done = Station(name, process, each.at, each.fields, planned)
            before = [] if planned is None else [*filter(None, [planned.since]), planned]
            return [*before, done]
    return []


def _is_part(entry: Entry, objects: Collection[tuple[str, str]] | None) -> bool:
    which = (entry.fields.get("kind", ""), entry.fields.get("object", ""))
    return objects is None or which in objects


def _seen_left_out(zone: str, published: Station, writers: _Writers) -> Iterator[Missing]:
    """Whether a line of what was changed may be one that was counted and not written."""
    for process, entries in writers:
        if process == published.process:
            earlier = (
                each.at
                for each in entries
                if each.event in PUBLISHED and each.fields.get("zone") == zone
                if each.at < published.at
            )
            left_out = causes.left_out(entries, max(earlier, default=0.0), published.at)
            if left_out:
                yield Missing(process, "seen", left_out)


def _at_edge(
    zone: str, lsn: int, process: str, entries: Sequence[Entry], published: Station | None
) -> Iterator[Station]:
    since, begin = published, 0
    for name in EDGE_STATIONS:
        for index in range(begin, len(entries)):
            each = entries[index]
            reached = (each.number("lsn") or 0) >= lsn
            own = name != "loaded" or each.fields.get("zone") == zone
            if each.event in _EVENTS[name] and reached and own:
                since = Station(name, process, each.at, each.fields, since)
                begin = index + 1
                yield since
                break
            refused = name == "loaded" and each.event in REFUSED
            if refused and since is not published and each.fields.get("zone") == zone:
                yield Station(
                    each.event.removeprefix("zone_"), process, each.at, each.fields, since
                )


def _missing(lsn: int, log: Log, entries: Sequence[Entry], found: Set[str]) -> Iterator[Missing]:
    reads_from = entries[0].at if log.cut and entries else None
    for name in EDGE_STATIONS:
        refused = name == "loaded" and not found.isdisjoint(_REFUSALS)
        if name not in found and not refused:
            left_out = sum(
                each.number("lines") or 0
                for each in entries
                if each.event == LEFT_OUT
                and each.fields.get("of") in _EVENTS[name]
                and (each.number("first_lsn") or 0) <= lsn
                and (name != "loaded" or lsn <= (each.number("last_lsn") or 0))
            )
            yield Missing(log.process, name, left_out, reads_from, "acked" in found)


def _end(
    zone: str, lsn: int, revision: str, writers: _Writers, since: Station | None
) -> Station | None:
    """Where it was told that every Pop of the zone answers this revision, or a newer one.

    The lowest of these counts, whatever process told it, and none from after a removal. Of a zone
    that was removed no revision is told, before it is published again. The time is compared with
    that of the publication, as a writer told both: an edge may have started at any time.
    """
    wanted = _revision(revision)
    if wanted is None:
        return None
    removed = since is not None and since.name == "removed"
    until = min((each for each in _removals(zone, writers) if each > wanted), default=None)
    found: list[tuple[Revision, Station]] = []
    for process, entries in writers:
        gone = False
        for each in entries:
            if each.fields.get("zone") != zone:
                continue
            if each.event in PUBLISHED:
                gone = removed and each.number("lsn") == lsn
            if each.event != stations.PROPAGATED:
                continue
            reached = _revision(each.fields.get("revision", ""))
            if removed:
                reached = wanted if gone and reached is None else None
            if reached is not None and wanted <= reached and (until is None or reached < until):
                station = Station("propagated", process, each.at, each.fields, since)
                found.append((reached, station))
    _, end = min(found, key=lambda each: (each[0], each[1].at), default=(None, None))
    return end


def _removals(zone: str, writers: _Writers) -> Iterator[Revision]:
    for _, entries in writers:
        for each in entries:
            if each.event == stations.REMOVED and each.fields.get("zone") == zone:
                revision = _revision(each.fields.get("revision", ""))
                if revision is not None:
                    yield revision


def _revision(text: str) -> Revision | None:
    try:
        return Revision.parse(text)
    except ValueError:
        return None
