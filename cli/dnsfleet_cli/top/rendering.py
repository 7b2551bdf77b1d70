"""The text of `top`: a line about the fleet, what is wrong, and a table of its Pops."""

from collections.abc import Sequence

from dnsfleet import tables
from dnsfleet.tables import ABSENT
from dnsfleet.violations import printable

from dnsfleet_cli.top.figures import Row
from dnsfleet_cli.troubles import counted

HEAD = ("POP", "EDGES", "ZONES", "QUERIES/S", "P50", "P99", "CACHE", "SERVFAIL", "LAG", "ATTENTION")
NUMBERS = frozenset(range(1, len(HEAD) - 1))
"""The columns between the name of a Pop and what is wrong with it."""
MAX_ALERTS = 5
"""More would hide the table; the number of all of them is told."""


def text(
    rows: Sequence[Row],
    alerts: Sequence[str] | None,
    time: str,
    width: int | None = None,
    height: int | None = None,
) -> str:
    """All of it, no line wider and no more lines than there is room for; None: any number."""
    lines = [_summary(rows, time), *_alerts(alerts), "", *_table(rows)]
    if height is not None and len(lines) > height:
        hidden = len(lines) - height + 1
        lines = [
            *lines[: height - 1],
            f"… {counted(hidden, 'more Pop')}, which need less attention",
        ]
    return "\n".join(line if width is None else line[:width] for line in lines)


def _summary(rows: Sequence[Row], time: str) -> str:
    if not rows:
        return f"{time}  no Pops"
    known = [row.queries for row in rows if row.queries is not None]
    rate = f"{sum(known):,.0f} queries/s" if known else "no rate yet"
    bad = sum(row.attention > 0 for row in rows)
    attention = f"{bad} need attention" if bad else "all well"
    edges = f"{sum(row.ready for row in rows)}/{sum(row.desired for row in rows)} edges"
    return f"{time}  {counted(len(rows), 'Pop')}, {attention}  {edges}  {rate}"


def _alerts(alerts: Sequence[str] | None) -> list[str]:
    if alerts is None:
        return []
    if not alerts:
        return ["no alerts"]
    shown = [printable(each) for each in alerts[:MAX_ALERTS]]
    more = len(alerts) - len(shown)
    return [*(f"! {each}" for each in shown), *([f"! and {more} more"] if more else [])]


def _table(rows: Sequence[Row]) -> list[str]:
    shown = tables.table(HEAD, map(_cells, rows), NUMBERS, tables.NARROW_GAP)
    return shown.splitlines()


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.pop,
        f"{row.ready}/{row.desired}",
        ABSENT if row.zones is None else f"{row.zones:,}",
        ABSENT if row.queries is None else f"{row.queries:,.0f}",
        _duration(row.median),
        _duration(row.slow),
        _percent(row.hits, 1),
        _percent(row.servfail, 2),
        ABSENT if row.lag is None else f"{row.lag:.1f} s",
        "; ".join(row.reasons),
    )


def _duration(seconds: float | None) -> str:
    """Three digits: `46.2 µs`, `1.20 ms`."""
    if seconds is None:
        return ABSENT
    value, unit = (seconds * 1e6, "µs") if seconds < 1e-3 else (seconds * 1e3, "ms")
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}"


def _percent(share: float | None, digits: int) -> str:
    return ABSENT if share is None else f"{share:.{digits}%}"
