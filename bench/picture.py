"""The picture of the benchmarks as SVG: a panel for each workload, a bar for each server.

A bar is the median CPU time per query; the thin line on it goes from the smallest to the largest
round. All panels have one scale, so that workloads can be compared too.
"""

from collections.abc import Mapping
from html import escape
from statistics import median

from bench.ratios import Rounds, answers_as_much, ratio
from bench.servers import DNSFLEET, ECHO

Workloads = Mapping[str, Mapping[str, Rounds]]

COLUMNS = 2
PANEL_WIDTH, MARGIN = 480, 20
NAME_WIDTH, TEXT_WIDTH = 65, 165
BAR_HEIGHT, ROW_HEIGHT, TITLE_HEIGHT = 12, 19, 40
COLOURS = {DNSFLEET: "#2b8a6e", ECHO: "#b8c4d0"}
PEER_COLOUR = "#5a6b7b"

STYLE = """\
  <style>
    .title { fill: #1d2a36; font-size: 13px; font-weight: bold }
    .name { fill: #1d2a36; text-anchor: end }
    .value { fill: #5a6b7b }
    .spread { stroke: #1d2a36; stroke-width: 1.5 }
  </style>
"""


def svg(workloads: Workloads, titles: Mapping[str, str]) -> str:
    """The whole picture; panels in the order of `titles`."""
    shown = [what for what in titles if what in workloads]
    servers = len(workloads[shown[0]])
    height = TITLE_HEIGHT + servers * ROW_HEIGHT
    rows = -(-len(shown) // COLUMNS)
    longest = max(max(_costs(rounds)) for what in shown for rounds in workloads[what].values())
    size = (COLUMNS * PANEL_WIDTH + MARGIN, rows * height + MARGIN)
    label = "CPU time a query in microseconds, by workload and server"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" '
        f'font-family="sans-serif" font-size="12" role="img" aria-label="{label}">\n',
        STYLE,
        f'  <rect width="{size[0]}" height="{size[1]}" fill="#ffffff"/>\n',
    ]
    for index, what in enumerate(shown):
        x, y = index % COLUMNS * PANEL_WIDTH + MARGIN, index // COLUMNS * height + MARGIN
        parts += [f'  <g transform="translate({x} {y})">\n']
        parts += _panel(titles[what], workloads[what], longest)
        parts += ["  </g>\n"]
    return "".join([*parts, "</svg>\n"])


def _panel(title: str, servers: Mapping[str, Rounds], longest: float) -> list[str]:
    scale = (PANEL_WIDTH - NAME_WIDTH - TEXT_WIDTH - MARGIN) / longest
    floor = _costs(servers[ECHO])
    title = title[0].upper() + title[1:]
    lines = [f'    <text class="title" y="14">{escape(title)}</text>\n']
    for row, (name, rounds) in enumerate(servers.items()):
        costs = _costs(rounds)
        y = TITLE_HEIGHT - ROW_HEIGHT + 5 + row * ROW_HEIGHT
        middle = y + BAR_HEIGHT / 2
        begin, end = (NAME_WIDTH + scale * cost for cost in (min(costs), max(costs)))
        text = f"{median(costs):.2f} µs"
        if name != ECHO:
            text += f", {ratio(costs, floor).median:.2f} of the floor"
            if not answers_as_much(rounds, servers[DNSFLEET]):
                text += ", a shorter reply"
        lines += [
            f'    <text class="name" x="{NAME_WIDTH - 6}" y="{y + 10}">{escape(name)}</text>\n',
            f'    <rect x="{NAME_WIDTH}" y="{y}" width="{scale * median(costs):.1f}" '
            f'height="{BAR_HEIGHT}" fill="{COLOURS.get(name, PEER_COLOUR)}"/>\n',
            f'    <path class="spread" d="M{begin:.1f} {middle}H{end:.1f}"/>\n',
            f'    <text class="value" x="{end + 6:.1f}" y="{y + 10}">{escape(text)}</text>\n',
        ]
    return lines


def _costs(rounds: Rounds) -> list[float]:
    return [figures["cpu_us"] for figures in rounds]
