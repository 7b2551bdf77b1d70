"""Zones by Pops: cells, pages and filters."""

import pytest
from dnsfleet.replication.edge_words import Word
from dnsfleet_status import matrix
from dnsfleet_status.looks import Look, Pop, Zone
from dnsfleet_status.matrix import COLUMNS, ROWS, State
from support.status_pages import pop, zone

ZONE = "a.example."


@pytest.mark.parametrize(
    ("words", "state", "proved", "message"),
    [
        ([Word("0", 1, 5), Word("1", 1, 9)], State.CURRENT, 2, ""),
        ([Word("0", 2, 5)], State.CURRENT, 2, ""),
        ([Word("0", 1, 5), Word("1", 1, 4)], State.LATE, 1, "1 of 2 edges answer it"),
        ([Word("0", 1, -1), Word("1", 1, 9)], State.LATE, 1, "1 of 2 edges answer it"),
        (
            [Word("0", 1, 5), Word("1", 1, 9, silent=True)],
            State.LATE,
            1,
            "1 of 2 edges answer it; 1 Ready edges were not heard",
        ),
        ([Word("0", 1, 9, silent=True)], State.SILENT, 0, "no edge was heard for 21 s"),
        ([], State.SILENT, 0, "no edge was heard for 21 s"),
        (
            [Word("0", 1, 9, failing={ZONE: "no memory"}), Word("1", 1, 9)],
            State.FAILING,
            1,
            "0 cannot load it: no memory",
        ),
        (
            [Word("0", 1, 9), Word("1", 1, 9, ahead=frozenset([ZONE]))],
            State.AHEAD,
            1,
            "1: it answers a newer revision than the core has; the core publishes above it",
        ),
    ],
)
def test_a_cell_says_what_edges_prove(
    words: list[Word], state: State, proved: int, message: str
) -> None:
    found = matrix.cell(zone(ZONE, 5), pop("fra", edges=2), words)
    assert found == matrix.Cell("fra", state, proved, 2, message)


@pytest.mark.parametrize(
    "more",
    [
        Word("old", 1, 4),
        Word("made-up", 1, -1, failing={ZONE: "bad"}),
        Word("made-up", 1, 9, ahead=frozenset([ZONE])),
    ],
)
def test_where_more_edges_are_heard_than_are_ready_none_of_them_decides(more: Word) -> None:
    found = matrix.cell(
        zone(ZONE, 5), pop("fra", edges=2), [Word("0", 1, 5), Word("1", 1, 5), more]
    )
    told = "2 of 3 edges answer it; 2 are Ready"
    assert found == matrix.Cell("fra", State.LATE, 2, 3, told)


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ([], State.DRAINED),
        ([Word("0", 1, 9, silent=True)], State.DRAINED),
        ([Word("0", 1, 5)], State.CURRENT),
        ([Word("0", 1, 4)], State.LATE),
    ],
)
def test_a_pop_out_of_service_is_drained_once_its_edges_are_silent(
    words: list[Word], state: State
) -> None:
    out = pop("fra", edges=len(words), state="Drained")
    assert matrix.cell(zone(ZONE, 5), out, words).state is state


def test_an_exception_for_one_zone_says_nothing_of_others() -> None:
    words = [Word("0", 1, 9, failing={"b.example.": "bad"}, ahead=frozenset(["c.example."]))]
    assert matrix.cell(zone(ZONE, 5), pop("fra"), words).state is State.CURRENT


def test_a_pop_that_is_not_to_serve_a_zone_is_not_late() -> None:
    elsewhere = zone(ZONE, 5, frozenset(["iad"]))
    assert matrix.cell(elsewhere, pop("fra"), []).state is State.ELSEWHERE
    unpublished = Zone(ZONE, "dns/a", None, "", 0, None, None)
    assert matrix.cell(unpublished, pop("fra"), []).state is State.ELSEWHERE


def fleet(zones: int, pops: int, answers: int = 10_000_000) -> Look:
    names = [f"p{number:03}" for number in range(pops)]
    return Look(
        "",
        "",
        tuple(map(pop, names)),
        {f"z{n:05}.example.": zone(f"z{n:05}.example.", n) for n in range(zones)},
        {name: (Word(f"{name}-0", 1, answers),) for name in names},
    )


def test_only_the_cells_of_one_page_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made = 0
    cell = matrix.cell

    def counting(*args: object) -> matrix.Cell:
        nonlocal made
        made += 1
        return cell(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(matrix, "cell", counting)
    large = fleet(10_000, 60)
    found = matrix.matrix(large, page=3, pop_page=2)
    assert (found.zones, found.pages, found.pop_pages) == (10_000, 200, 2)
    assert found.rows[0].origin == "z00100.example."
    assert found.pops[0] == "p030"
    assert made == ROWS * COLUMNS
    assert matrix.matrix(large, late=True).rows == ()
    assert made == ROWS * COLUMNS  # where all is well the filter for late zones makes none


@pytest.mark.parametrize(("asked", "shown"), [(0, 1), (1, 1), (2, 2), (3, 2), (10**6, 2)])
def test_a_page_that_is_not_there_is_the_nearest(asked: int, shown: int) -> None:
    assert matrix.matrix(fleet(ROWS + 1, 1), page=asked).page == shown
    assert matrix.matrix(fleet(1, COLUMNS + 1), pop_page=asked).pop_page == shown


def test_an_empty_fleet_has_one_empty_page() -> None:
    found = matrix.matrix(fleet(0, 0))
    assert (found.page, found.pages, found.rows, found.pops) == (1, 1, (), ())


def test_filters_choose_rows_and_columns() -> None:
    found = matrix.matrix(fleet(200, 12), zone="Z0001", pop="P01")
    assert [row.origin for row in found.rows] == [f"z{n:05}.example." for n in range(10, 20)]
    assert found.pops == ("p010", "p011")


def test_the_filter_for_late_zones_finds_all_of_them() -> None:
    look = fleet(40, 3, answers=30)
    words = {**look.words, "p001": (Word("p001-0", 1, 10_000, failing={"z00005.example.": "bad"}),)}
    zones = {
        **look.zones,
        "z00020.example.": zone("z00020.example.", 20, message="held"),
        "z00035.example.": zone("z00035.example.", 35, frozenset(["p001"])),
    }
    look = Look("", "", look.pops, zones, words)
    late = [int(row.origin[1:6]) for row in matrix.matrix(look, late=True).rows]
    assert late == [5, 20, *(n for n in range(31, 40) if n != 35)]


def test_a_pop_out_of_service_makes_no_zone_late() -> None:
    look = fleet(40, 3)
    drained = pop("p003", edges=0, state="Drained")
    look = Look("", "", (*look.pops, drained), look.zones, look.words)
    assert matrix.matrix(look, late=True).rows == ()


def test_pops_out_of_service_do_not_count_for_an_arrival() -> None:
    words = {"fra": (Word("0", 1, 5),), "iad": (Word("0", 1, 4),), "sin": ()}
    pops: tuple[Pop, ...] = (pop("fra"), pop("iad"), pop("sin", state="Drained"))
    assert matrix.reached(Look("", "", pops, {}, words), zone(ZONE, 5)) == (1, 2)


def test_what_a_pop_is_behind_with() -> None:
    a, b, elsewhere = (
        zone(ZONE, 5),
        zone("b.example.", 6),
        zone("c.example.", 1, frozenset(["iad"])),
    )
    zones = [a, b, elsewhere]
    assert matrix.behind(pop("fra"), zones, [Word("0", 1, 5)]) == ([b], 2)
    assert matrix.behind(pop("fra"), zones, [Word("0", 1, 9, failing={ZONE: "bad"})]) == ([a], 2)
    assert matrix.behind(pop("fra", edges=2), zones, [Word("0", 1, 9)]) == ([a, b], 2)
    assert matrix.behind(pop("fra"), zones, []) == ([a, b], 2)
