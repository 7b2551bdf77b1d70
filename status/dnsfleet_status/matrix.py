"""Zones by Pops: which Pop answers the newest revision of which zone. Pure.

Ten thousand zones at sixty Pops are six hundred thousand cells. So only those of one page are made.
The filter for zones that are late makes few others: a zone can be late only where its position is
above what all edges of a Pop answer, or where an edge names it as an exception.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from dnsfleet.replication import edge_words
from dnsfleet.replication.edge_words import AHEAD, SILENT_MS, Word

from dnsfleet_status.looks import Look, Pop, Zone

ROWS = 50
"""Zones on a page: what a person can look through."""
COLUMNS = 30
"""Pops on a page: as many as fit a wide screen."""

T = TypeVar("T")


class State(StrEnum):
    """How a Pop stands to the newest revision of a zone."""

    CURRENT = "current"
    """Every edge that was heard proves that it answers it, and as many were heard as are Ready."""
    LATE = "late"
    FAILING = "failing"
    """An edge cannot load it; not said where more edges are heard than are Ready."""
    AHEAD = "ahead"
    """An edge answers a newer one than the core has."""
    SILENT = "silent"
    """No edge was heard lately."""
    DRAINED = "drained"
    """The Pop is out of service, and no edge of it was heard lately."""
    ELSEWHERE = "elsewhere"
    """The Pop is not to serve the zone."""


@dataclass(frozen=True)
class Cell:
    """One zone at one Pop."""

    pop: str
    state: State
    proved: int
    """Edges that prove that they answer the newest revision."""
    edges: int
    """Edges that should."""
    message: str = ""


@dataclass(frozen=True)
class Row:
    """One zone."""

    origin: str
    name: str
    serial: int | None
    revision: str
    records: int | None
    message: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Matrix:
    """One page of zones, at one page of Pops."""

    zone: str
    """What is in the origin of every zone shown."""
    pop: str
    """What is in the name of every Pop shown."""
    late: bool
    """Whether only zones are shown that some Pop shown does not answer as published."""
    page: int
    pages: int
    zones: int
    """Zones on all pages."""
    pop_page: int
    pop_pages: int
    pops: tuple[str, ...]
    """The columns."""
    rows: tuple[Row, ...]


def matrix(
    look: Look,
    zone: str = "",
    pop: str = "",
    late: bool = False,
    page: int = 1,
    pop_page: int = 1,
) -> Matrix:
    """The cells of a page; a page that is not there is the nearest one that is."""
    pops = [each for each in look.pops if pop.lower() in each.name]
    named = (each for each in look.zones.values() if zone.lower() in each.origin)
    found = sorted(_late(look, pops, named) if late else named, key=lambda each: each.origin)
    columns, pop_page, pop_pages = paged(pops, pop_page, COLUMNS)
    rows, page, pages = paged(found, page, ROWS)
    return Matrix(
        zone,
        pop,
        late,
        page,
        pages,
        len(found),
        pop_page,
        pop_pages,
        tuple(each.name for each in columns),
        tuple(_row(look, each, columns) for each in rows),
    )


def paged(items: Sequence[T], page: int, size: int) -> tuple[Sequence[T], int, int]:
    """The items of a page, its number from 1, and the number of pages, which is at least 1."""
    pages = max(1, -(-len(items) // size))
    page = min(max(1, page), pages)
    return items[(page - 1) * size : page * size], page, pages


def cell(zone: Zone, pop: Pop, words: Sequence[Word]) -> Cell:
    """How a Pop stands to a zone, by what its edges say."""
    if not zone.assigned(pop.name):
        return Cell(pop.name, State.ELSEWHERE, 0, 0)
    heard = [each for each in words if not each.silent]
    proved = sum(each.edges for each in heard if each.proves(zone.origin, zone.lsn))
    count = sum(each.edges for each in heard)
    edges = max(count, pop.edges_ready)
    if not heard and pop.state == "Drained":
        return Cell(pop.name, State.DRAINED, 0, 0)
    if not heard:
        silence = f"no edge was heard for {SILENT_MS // 1000} s"
        return Cell(pop.name, State.SILENT, 0, edges, silence)
    for each in heard if count <= pop.edges_ready else ():
        if zone.origin in each.failing:
            why = f"{each.edge} cannot load it: {each.failing[zone.origin]}"
            return Cell(pop.name, State.FAILING, proved, edges, why)
        if zone.origin in each.ahead:
            return Cell(pop.name, State.AHEAD, proved, edges, f"{each.edge}: {AHEAD}")
    if proved == edges:
        return Cell(pop.name, State.CURRENT, proved, edges)
    more = f"; {edges - count} Ready edges were not heard" if edges > count else ""
    if count > pop.edges_ready:
        more = f"; {pop.edges_ready} are Ready"
    return Cell(pop.name, State.LATE, proved, edges, f"{proved} of {edges} edges answer it{more}")


def reached(look: Look, zone: Zone) -> tuple[int, int]:
    """How many Pops in service answer a zone as published, and how many are to."""
    pops = [pop for pop in look.pops if pop.state == "Active" and zone.assigned(pop.name)]
    return sum(not _lacks(look, zone, pop) for pop in pops), len(pops)


def behind(pop: Pop, zones: Iterable[Zone], words: Sequence[Word]) -> tuple[list[Zone], int]:
    """The zones that a Pop does not answer as published, and how many it is to answer."""
    floor, exceptions = _floor(pop, words), edge_words.exceptions(words)
    own = [zone for zone in zones if zone.assigned(pop.name)]
    late = [zone for zone in own if zone.lsn > floor or zone.origin in exceptions]
    return late, len(own)


def _row(look: Look, zone: Zone, pops: Sequence[Pop]) -> Row:
    cells = tuple(cell(zone, pop, look.words.get(pop.name, ())) for pop in pops)
    return Row(
        zone.origin, zone.name, zone.serial, zone.revision, zone.records, zone.message, cells
    )


def _late(look: Look, pops: Sequence[Pop], zones: Iterator[Zone]) -> Iterator[Zone]:
    """Those with a message, and those that some of these Pops in service does not answer."""
    pops = [pop for pop in pops if pop.state == "Active"]
    floors = [(pop, _floor(pop, look.words.get(pop.name, ()))) for pop in pops]
    exceptions = {
        each for pop in pops for each in edge_words.exceptions(look.words.get(pop.name, ()))
    }
    for zone in zones:
        suspects = (pop for pop, floor in floors if floor < zone.lsn or zone.origin in exceptions)
        if zone.message or any(_lacks(look, zone, pop) for pop in suspects):
            yield zone


def _lacks(look: Look, zone: Zone, pop: Pop) -> bool:
    state = cell(zone, pop, look.words.get(pop.name, ())).state
    return state not in (State.CURRENT, State.ELSEWHERE)


def _floor(pop: Pop, words: Sequence[Word]) -> int:
    """Everything up to here is answered by as many edges as should, exceptions aside."""
    heard = [each for each in words if not each.silent]
    if sum(each.edges for each in heard) < max(1, pop.edges_ready):
        return -1
    return edge_words.floor(heard)
