"""How each Pop stands to one zone: the revision that it answers, and since when it is behind. Pure.

The status of a Zone has the five slowest Pops and no more, so that a Zone costs the same with six
Pops and with six hundred. The rest is in the acks of the edges, in the core (see `core_looks`).

An ack names a position of the log. So what a Pop answers is the newest revision of the zone at or
before the lowest position of its edges, as the log has it. The log is bounded, so a Pop that was
cut off for long may answer one that has no entry there any more.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from dnsfleet import tables
from dnsfleet.replication import edge_words
from dnsfleet.replication.announcements import Announcement
from dnsfleet.replication.edge_words import Word
from dnsfleet.replication.manifests import Manifest
from dnsfleet.tables import ABSENT
from dnsfleet_status import cluster_looks, matrix
from dnsfleet_status.matrix import Cell, State

from dnsfleet_cli.kubectl import objects
from dnsfleet_cli.kubectl.objects import Object

_BEHIND = (State.LATE, State.FAILING, State.SILENT)


class ZonePop(NamedTuple):
    """One Pop that is to serve the zone. The names of the fields are those of the document."""

    pop: str
    state: str
    """See `matrix.State`."""
    revision: str | None
    """EPOCH.SEQ that all its edges answer; None where that is not known."""
    behind: int | None
    """Revisions that came after that one; None where that is not known."""
    edges: int
    """That are to answer the newest revision."""
    current: int
    """Those of them that prove that they do."""
    since: str | None
    """When the first revision was published that it lacks, RFC 3339. The core keeps the time of the
    newest one only; the time of an older one is what the operator says of the slowest Pops. None
    where it is not behind, or nobody knows."""
    message: str


def rows(
    manifest: Manifest,
    pops: Iterable[Object],
    words: Mapping[str, Sequence[Word]],
    log: Sequence[Announcement],
    lags: Mapping[str, float],
    now: float,
) -> list[ZonePop]:
    """The Pops that are to serve a published zone, by name.

    `words` are what the edges of each Pop say; `log` are the publications of this zone that the log
    still has, the oldest first; `lags` are the seconds that the slowest Pops are behind, as the
    status of the Zone says; `now` is Unix time in seconds.
    """
    zone = cluster_looks.zone(manifest, "")
    log = [each for each in log if each.lsn <= manifest.lsn]
    found = []
    for each in pops:
        said = words.get(objects.name(each), ())
        cell = matrix.cell(zone, cluster_looks.pop(each), said)
        if cell.state is not State.ELSEWHERE:
            row = _row(cell, manifest, said, log)
            lag = lags.get(cell.pop)
            if cell.state in _BEHIND and row.since is None and lag is not None:
                row = row._replace(since=_text(now - lag))
            found.append(row)
    return found


def _row(
    cell: Cell, manifest: Manifest, words: Sequence[Word], log: Sequence[Announcement]
) -> ZonePop:
    revision: str | None = None
    behind: int | None = None
    if cell.state is State.CURRENT:
        revision, behind = str(manifest.revision), 0
    elif cell.state in _BEHIND and words:
        floor = edge_words.floor(words)
        before = [each for each in log if each.lsn <= floor]
        if before and not any(manifest.zone in (*each.failing, *each.ahead) for each in words):
            revision, behind = str(before[-1].revision), len(log) - len(before)
    return ZonePop(
        cell.pop,
        str(cell.state),
        revision,
        behind,
        cell.edges,
        cell.proved,
        _text(manifest.time_ms / 1000) if behind == 1 else None,
        cell.message,
    )


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def table(found: Iterable[ZonePop]) -> str:
    """Them as text."""
    return tables.table(
        ["POP", "STATE", "REVISION", "BEHIND", "EDGES", "SINCE", "MESSAGE"],
        (
            [
                each.pop,
                each.state,
                each.revision or ABSENT,
                ABSENT if each.behind is None else each.behind,
                f"{each.current}/{each.edges}",
                each.since or ABSENT,
                each.message,
            ]
            for each in found
        ),
    )
