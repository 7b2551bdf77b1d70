"""Columns of text, as kubectl prints them. Values come from outside: each stays in its line."""

from collections.abc import Iterable, Sequence

from dnsfleet.violations import printable

GAP = "   "
ABSENT = "-"
"""What a cell shows where there is nothing."""


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows under a head, each column as wide as its widest cell; no trailing blanks."""
    cells = [list(head), *([printable(str(cell)) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return "\n".join(
        GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def fields(pairs: Iterable[tuple[str, object]]) -> str:
    """Names and values, a pair a line, the values in one column; None is left out."""
    shown = [(name, printable(str(value))) for name, value in pairs if value is not None]
    width = max(len(name) for name, _ in shown)
    return "\n".join(f"{name.ljust(width)}{GAP}{value}" for name, value in shown)
