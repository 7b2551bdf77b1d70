"""What a dashboard is made of, without the words of Grafana."""

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """Units, by the names that Grafana has for them."""

    COUNT = "short"
    RATE = "reqps"
    EVENTS = "cps"
    SECONDS = "s"
    SHARE = "percentunit"
    OCTETS = "bytes"
    FLAG = "bool_yes_no"
    NONE = "none"


class Kind(StrEnum):
    """How a panel shows its series."""

    GRAPH = "timeseries"
    FIGURE = "stat"
    TABLE = "table"
    HEAT = "heatmap"


@dataclass(frozen=True)
class Series:
    """An expression, and how its series are called: text with `{{label}}`."""

    expression: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """One picture. A table has one column for each of its series, and one for each label."""

    title: str
    description: str
    """What it shows, and what to think of when it looks wrong."""
    unit: Unit
    series: tuple[Series, ...]
    kind: Kind
    red_from: float | None
    """The value from which on it is red, as an alert has it."""
    red_below: float | None
    """The value below which it is red."""
    width: int
    """Of 24."""
    units: tuple[Unit, ...]
    """Of the columns of a table; empty where all have that of the panel."""


@dataclass(frozen=True)
class Row:
    """Panels under a title."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Variable:
    """A choice at the head of a board: the values of a label of a metric."""

    name: str
    label: str
    metric: str


@dataclass(frozen=True)
class Board:
    """One dashboard."""

    name: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = ()


POP = Variable("pop", "Pop", "dnsfleet_edge_ready")
POD = Variable("pod", "Edge", 'dnsfleet_edge_ready{pop=~"$pop"}')
ZONE = Variable("zone", "Zone", '{__name__=~"dnsfleet_edge_zone_serial|dnsfleet_zone_accepted"}')


def panel(
    title: str,
    description: str,
    unit: Unit,
    *series: Series,
    kind: Kind = Kind.GRAPH,
    red_from: float | None = None,
    red_below: float | None = None,
    width: int = 12,
    units: tuple[Unit, ...] = (),
) -> Panel:
    """A panel with these series."""
    return Panel(title, description, unit, series, kind, red_from, red_below, width, units)


def quantiles(metric: str, matchers: str, *by: str) -> tuple[Series, ...]:
    """The median and the 99th percentile of a histogram, for each value of the labels `by`."""
    names = " ".join(f"{{{{{label}}}}}" for label in by)
    return tuple(
        Series(
            f"histogram_quantile({share}, sum by ({', '.join(('le', *by))}) "
            f"(rate({metric}_bucket{matchers}[$__rate_interval])))",
            f"{names} {text}".strip(),
        )
        for share, text in ((0.5, "median"), (0.99, "99 %"))
    )


def rate(metric: str, matchers: str, *by: str) -> Series:
    """How much a counter grows a second, for each value of the labels `by`."""
    grouping = f" by ({', '.join(by)})" if by else ""
    return Series(
        f"sum{grouping} (rate({metric}{matchers}[$__rate_interval]))",
        " ".join(f"{{{{{label}}}}}" for label in by),
    )
