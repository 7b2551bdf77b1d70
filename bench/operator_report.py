"""The operator's part of the page: its figures beside earlier ones, and its goals."""

from collections.abc import Callable, Iterator
from textwrap import wrap
from typing import Any

from bench.operator_figures import growth, spread
from bench.ratios import Ratio, ratio

PART = "operator"
BEFORE, NOW = "before", "now"
SMALL, HALF, LARGE, HUGE = "100", "5000", "10000", "100000"
"""Zones of the fleets, with five RecordSets each but for HUGE."""

Figures = dict[str, Any]
Figure = Callable[[Figures], Ratio | float]
Row = tuple[str, float | None, Figure]
"""Its text, its limit, and how it is computed from a column."""

MIB = 2**20
ABSENT = ""


def rows() -> list[Row]:
    """The figures of a column, in the order of the page."""
    change = "change to core"
    return [
        (f"{change}, 100 Zones + 500 RecordSets, p50 ms", None, _ms(LARGE, "small", "p50_ms")),
        (f"{change}, 100 Zones + 500 RecordSets, p99 ms", None, _ms(LARGE, "small", "p99_ms")),
        (f"{change}, 10,000 + 50,000, p50 ms", None, _ms(LARGE, "large", "p50_ms")),
        (f"{change}, 10,000 + 50,000, p99 ms", None, _ms(LARGE, "large", "p99_ms")),
        (f"{change}, 10,000 + 50,000, p50, of that at 100", 1.5, _beside(LARGE, "p50_ms")),
        (f"{change}, 10,000 + 50,000, p99, of that at 100", 4, _beside(LARGE, "p99_ms")),
        (f"{change}, 100,000 Zones, p50 ms", None, _ms(HUGE, "large", "p50_ms")),
        (f"{change}, 100,000 Zones, p99 ms", None, _ms(HUGE, "large", "p99_ms")),
        (f"{change}, 100,000 Zones, p50, of that at 100", 2, _beside(HUGE, "p50_ms")),
        (f"{change} while all is listed, 10,000 + 50,000, p50 ms", None, _listing("p50_ms")),
        (f"{change} while all is listed, 10,000 + 50,000, p99 ms", None, _listing("p99_ms")),
        ("CPU of a new label of an unused ConfigMap, ms", None, _event("config_map_cpu_ms")),
        ("CPU of a new Namespace, ms", None, _event("namespace_cpu_ms")),
        ("CPU of a new Namespace, of such a label", 2, _namespace),
        ("change to core right after 100 such labels, ms", None, _event("after_config_maps_ms")),
        ("change to core right after 100 Namespaces, ms", None, _event("after_namespaces_ms")),
        ("idle CPU at 10,000 + 50,000, % of a core", 1, _idle),
        ("CPU of a complete list, seconds", None, _list("cpu_seconds")),
        ("complete list, first to last page, seconds", None, _list("seconds")),
        ("RSS at 10,000 + 50,000, MiB", 600, _memory(LARGE, "now")),
        ("RSS at 10,000 + 50,000, most since the start, MiB", None, _memory(LARGE, "most")),
        ("RSS at 5,000 + 25,000, MiB", None, _memory(HALF, "now")),
        ("RSS at 100 + 500, MiB", None, _memory(SMALL, "now")),
        ("RSS at 100,000 Zones, MiB", None, _memory(HUGE, "now")),
        ("RSS an object above 5,000 + 25,000, of that below", 1.25, _growth),
        ("start to all published, empty core, seconds", 15, _seconds("start_seconds")),
        ("start to all compared, full core, seconds", None, _seconds("start_full_seconds")),
        ("core wiped to all published again, seconds", 10, _seconds("wiped_seconds")),
        ("first change after the lists of a start, seconds", 2, _seconds("first_change_seconds")),
        ("start to all statuses written, seconds", None, lambda f: f["settled_seconds"][LARGE]),
    ]


def measured(part: Figures) -> Iterator[tuple[str, float, Ratio | float]]:
    """Each goal of the newest column: what it is, its limit, and what was measured."""
    for what, limit, figure in rows():
        found = _found(part.get(NOW), figure)
        if limit is not None and found is not None:
            yield what, limit, found


def section(part: Figures, width: int) -> Iterator[str]:
    """The lines of the section without its table."""
    yield "## Operator"
    yield ""
    yield from wrap(
        "The whole operator process, on a real Valkey, against an API server in another process, "
        "with one Pop whose edge acks at once. A change is one record of a Zone, or one RecordSet; "
        "it is in the core when its entry of the log is there, counted from when the API server "
        "took it. Fleets of both sizes get changes in turns, four a second each, whether the one "
        "before has arrived or not. The CPU time of a Namespace is that of the operator's process "
        "for 100 new ones and one change after them, less that for the change alone; so is that of "
        "the ConfigMaps. A list is that of all objects every five minutes, with what follows "
        "within 30 s. Before: the operator as it was when a change still walked the whole fleet.",
        width,
    )
    yield ""
    for name in (BEFORE, NOW):
        if name in part:
            load = ", ".join(f"{each:.1f}" for each in part[name]["load"])
            yield f"Load average in the run {name}, {part[name]['taken']['date']}: {load}."
    yield ""


def table(part: Figures) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the table."""
    told = [
        [what, "" if limit is None else f"{limit:g}"]
        + [_text(_found(part.get(name), figure)) for name in (BEFORE, NOW)]
        for what, limit, figure in rows()
    ]
    return ["figure", "at most", BEFORE, NOW], told


def told(column: Figures) -> Iterator[str]:
    """A line for each figure of a column."""
    return (f"{what}: {_text(_found(column, figure))}" for what, _, figure in rows())


def _found(column: Figures | None, figure: Figure) -> Ratio | float | None:
    """The figure; None where the run did not get that far."""
    try:
        return None if column is None else figure(column)
    except KeyError:
        return None


def _text(found: Ratio | float | None) -> str:
    if found is None:
        return ABSENT
    return str(found) if isinstance(found, Ratio) else f"{found:,.0f}"


def _ms(size: str, which: str, name: str) -> Figure:
    return lambda f: spread([each[which][name] for each in f["rounds"][size]])


def _beside(size: str, name: str) -> Figure:
    def figure(f: Figures) -> Ratio:
        rounds = f["rounds"][size]
        large, small = ([each[which][name] for each in rounds] for which in ("large", "small"))
        return ratio(large, small)

    return figure


def _listing(name: str) -> Figure:
    return lambda f: float(f["listing"][name])


def _event(name: str) -> Figure:
    return lambda f: spread([each[name] for each in f["events"]])


def _namespace(f: Figures) -> Ratio:
    made, labelled = (
        [each[name] for each in f["events"]] for name in ("namespace_cpu_ms", "config_map_cpu_ms")
    )
    return ratio(made, labelled)


def _idle(f: Figures) -> Ratio:
    return spread([100 * each for each in f["idle"]])


def _list(name: str) -> Figure:
    return lambda f: spread([each[name] for each in f["lists"]])


def _memory(size: str, name: str) -> Figure:
    return lambda f: f["memory"][size][name] / MIB


def _growth(f: Figures) -> Ratio:
    found = growth({int(size) * 6: f["memory"][size]["now"] for size in (SMALL, HALF, LARGE)})
    return Ratio(found, found, found)


def _seconds(name: str) -> Figure:
    return lambda f: spread(f[name])
