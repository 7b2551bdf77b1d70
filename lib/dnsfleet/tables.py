"""Columns of text, as kubectl prints them. Values come from outside: each stays in its line."""

from collections.abc import Iterable, Sequence, Set

from dnsfleet.violations import printable

GAP = "   "
NARROW_GAP = "  "
"""Between the columns of a table that has many."""
ABSENT = "-"
"""What a cell shows where there is nothing."""


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    right: Set[int] = frozenset(),
    gap: str = GAP,
) -> str:
    """Rows under a head, each column as wide as its widest cell; no trailing blanks.

    The columns in `right`, counted from 0, are aligned to the right.
    """
    cells = [list(head), *([printable(str(cell)) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return "\n".join(
        gap.join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )


def fields(pairs: Iterable[tuple[str, object]]) -> str:
    """Names and values, a pair a line, the values in one column; None is left out."""
    shown = [(name, printable(str(value))) for name, value in pairs if value is not None]
    width = max(len(name) for name, _ in shown)
    return "\n".join(f"{name.ljust(width)}{GAP}{value}" for name, value in shown)
