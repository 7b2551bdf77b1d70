"""Curves as SVG: panels below each other over one axis of time, plain, in light and in dark.

A picture stands alone: it has a title and says in words what it shows, for those who do not see it.
The time in which the event went on is shaded. A gap is where nothing could be read.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from bench.signatures.recordings import Curve, Curves

WIDTH, LEFT, RIGHT = 720, 64, 128
PANEL_HEIGHT, PANEL_GAP, TOP, BOTTOM = 84, 40, 34, 34
STYLES = 6
"""Curves of one panel that can be told apart, by colour and dashes; more are not drawn."""
TICKS = 5
"""Seconds between the marks of the axis."""

STYLE = """\
  <style>
    .back { fill: #ffffff } .event { fill: #f3e3c3 } .axis { stroke: #8a97a5; fill: none }
    text { fill: #1d2a36; font: 12px sans-serif } .small { fill: #5a6b7b; font-size: 11px }
    .head { font-weight: bold; font-size: 13px } .curve { fill: none; stroke-width: 1.8 }
    .c0 { stroke: #0b6e99 } .c1 { stroke: #b5460f; stroke-dasharray: 6 3 }
    .c2 { stroke: #2b7a4b; stroke-dasharray: 2 3 } .c3 { stroke: #7a3b9c }
    .c4 { stroke: #8a6d00; stroke-dasharray: 9 3 2 3 } .c5 { stroke: #5a6b7b }
    @media (prefers-color-scheme: dark) {
      .back { fill: #12181f } .event { fill: #3a3018 } text { fill: #e6edf3 }
      .small { fill: #9fb0c0 }
      .c0 { stroke: #5cc3f0 } .c1 { stroke: #ff9a5c } .c2 { stroke: #6fd39a }
      .c3 { stroke: #d09cf0 } .c4 { stroke: #e6c84f } .c5 { stroke: #9fb0c0 }
    }
  </style>
"""


class Span(NamedTuple):
    """When the event began and ended, and when the recording did: seconds."""

    begin: float
    end: float
    whole: float


def svg(title: str, panels: Mapping[str, Curves], span: Span) -> str:
    """The picture of one event; `panels` by their titles."""
    height = TOP + len(panels) * (PANEL_HEIGHT + PANEL_GAP) + BOTTOM - PANEL_GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'aria-labelledby="title description">\n',
        f'  <title id="title">{escape(title)}</title>\n',
        f'  <desc id="description">{escape(words(panels, span))}</desc>\n',
        STYLE,
        f'  <rect class="back" width="{WIDTH}" height="{height}"/>\n',
        f'  <text class="head" x="{LEFT}" y="18">{escape(title)}</text>\n',
    ]
    for index, (name, found) in enumerate(panels.items()):
        parts += _panel(name, found, span, TOP + index * (PANEL_HEIGHT + PANEL_GAP))
    parts += _times(span, height - BOTTOM + 16)
    return "".join([*parts, "</svg>\n"])


def words(panels: Mapping[str, Curves], span: Span) -> str:
    """What the picture shows: the values of each curve before, while, and after."""
    told = []
    for name, found in panels.items():
        for curve, points in list(found.items())[:STYLES]:
            before = _between(points, 0.0, span.begin)
            during = _between(points, span.begin, span.end)
            after = _between(points, span.end, span.whole)
            told.append(f"{name}, {curve}: {before} before, {during} during, {after} after.")
    return " ".join(told)


def _between(points: Curve, begin: float, end: float) -> str:
    """The least and the greatest value of a time."""
    values = [each.value for each in points if begin <= each.at < end and each.value is not None]
    if not values:
        return "nothing"
    low, high = number(min(values)), number(max(values))
    return low if low == high else f"{low} to {high}"


def _panel(name: str, found: Curves, span: Span, top: float) -> list[str]:
    shown = list(found.items())[:STYLES]
    values = [p.value for _, points in shown for p in points if p.value is not None]
    high = max([*values, 0.0]) or 1.0
    bottom = top + PANEL_HEIGHT
    width = WIDTH - LEFT - RIGHT
    begin, end = _x(span.begin, span), _x(min(span.end, span.whole), span)
    lines = [
        f'  <rect class="event" x="{begin:.1f}" y="{top + 8:.1f}" width="{end - begin:.1f}" '
        f'height="{PANEL_HEIGHT - 8}"/>\n',
        f'  <path class="axis" d="M{LEFT} {top + 8}V{bottom}H{LEFT + width}"/>\n',
        f'  <text x="{LEFT}" y="{top}">{escape(name)}</text>\n',
        f'  <text class="small" text-anchor="end" x="{LEFT - 6}" y="{top + 14}">'
        f"{number(high)}</text>\n",
        f'  <text class="small" text-anchor="end" x="{LEFT - 6}" y="{bottom}">0</text>\n',
    ]
    for index, (label, points) in enumerate(shown):
        y = top + 20 + index * 15
        edge = LEFT + width + 8
        lines += [
            f'  <path class="curve c{index}" d="{_path(points, span, high, bottom)}"/>\n',
            f'  <path class="curve c{index}" d="M{edge} {y - 4}H{edge + 22}"/>\n',
            f'  <text class="small" x="{edge + 27}" y="{y}">{escape(label)}</text>\n',
        ]
    if not shown:
        lines.append(f'  <text class="small" x="{LEFT + 8}" y="{top + 40}">not measured</text>\n')
    return lines


def _path(points: Curve, span: Span, high: float, bottom: float) -> str:
    """A line, broken where nothing was read."""
    steps, pen = [], "M"
    for at, value in points:
        if value is None:
            pen = "M"
            continue
        y = bottom - max(value, 0.0) / high * (PANEL_HEIGHT - 14)
        steps.append(f"{pen}{_x(at, span):.1f} {y:.1f}")
        pen = "L"
    return "".join(steps)


def _times(span: Span, y: float) -> Sequence[str]:
    marks = range(0, int(span.whole) + 1, TICKS)
    return [
        f'  <text class="small" text-anchor="middle" x="{_x(at, span):.1f}" y="{y}">{at} s</text>\n'
        for at in marks
    ]


def _x(at: float, span: Span) -> float:
    return LEFT + at / span.whole * (WIDTH - LEFT - RIGHT)


def number(value: float) -> str:
    """Three digits of a value, as people write it."""
    if value >= 999.5:
        return f"{value:,.0f}"
    return f"{value:.3g}"
