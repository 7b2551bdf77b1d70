"""What the pages of a fleet said, second by second, and the curves that this makes."""

import itertools
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple, Self

from support import scraped

SCRAPE_SECONDS = 1.0
TIMEOUT_SECONDS = 1.0
"""A page that takes longer is a gap: Prometheus would show none either."""

Labels = frozenset[tuple[str, str]]
Samples = Mapping[tuple[str, Labels], float]
"""Value by name and labels, of one page."""


class Scrape(NamedTuple):
    """One page at one moment."""

    at: float
    """Seconds since the recording began."""
    samples: Samples | None
    """None where the page could not be read."""


Recording = Mapping[str, list[Scrape]]
"""The pages of each place, the oldest first."""


class Point(NamedTuple):
    at: float
    value: float | None
    """None where there was nothing to read."""


Curve = list[Point]
Curves = dict[str, Curve]
"""By the name that people see."""
Take = Callable[[Recording], Curves]
"""Makes curves of a recording; those whose metric no page had are left out."""


class Recorder:
    """Reads pages for as long as the context lasts."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        """`pages` are URLs by place."""
        self._pages = pages
        self.recording: dict[str, list[Scrape]] = {place: [] for place in pages}
        self._stopping = threading.Event()
        self._began = time.monotonic()
        self._threads = [
            threading.Thread(target=self._run, args=(place,), daemon=True) for place in pages
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    @property
    def now(self) -> float:
        """Seconds since the recording began."""
        return time.monotonic() - self._began

    def _run(self, place: str) -> None:
        due = self._began
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            due += SCRAPE_SECONDS
            self.recording[place].append(Scrape(self.now, _read(self._pages[place])))


def _read(url: str) -> Samples | None:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as page:
            text = page.read().decode()
    except OSError:
        return None
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for sample in scraped.samples(text)
    }


def gauge(name: str, scale: float = 1.0, from_first: bool = False, **labels: str) -> Take:
    """The value of a metric at each place; `from_first` less what it was at first."""

    def take(recording: Recording) -> Curves:
        found = {}
        for place, scrapes in recording.items():
            values = [_total(each.samples, name, labels) for each in scrapes]
            first = next((each for each in values if each is not None), 0.0)
            base = first if from_first else 0.0
            found[place] = [
                Point(each.at, None if value is None else (value - base) * scale)
                for each, value in zip(scrapes, values, strict=True)
            ]
        return _with_values(found)

    return take


def age(name: str) -> Take:
    """Seconds since the moment that a metric names; 0 where that is not over for this clock."""

    def take(recording: Recording) -> Curves:
        began = time.time() - max(each[-1].at for each in recording.values() if each)
        found = {
            place: [
                Point(each.at, max(0.0, began + each.at - value) if value else None)
                for each in scrapes
                for value in [_total(each.samples, name, {})]
            ]
            for place, scrapes in recording.items()
        }
        return _with_values(found)

    return take


def rate(name: str, by: str = "", place: str = "", **labels: str) -> Take:
    """How much a counter rose each second: at each place, or at one `by` the values of a label."""

    def take(recording: Recording) -> Curves:
        if not by:
            return _with_values(
                {
                    where: _rises(scrapes, lambda samples: _total(samples, name, labels))
                    for where, scrapes in recording.items()
                    if place in ("", where)
                }
            )
        values = {
            value
            for each in recording[place]
            for (found, of), _ in (each.samples or {}).items()
            for key, value in of
            if found == name and key == by
        }
        curves = {
            value: _rises(
                recording[place], partial(_total, name=name, labels={**labels, by: value})
            )
            for value in sorted(values)
        }
        return {value: curve for value, curve in curves.items() if any(p.value for p in curve)}

    return take


def share(part: str, rest: str) -> Take:
    """How much of two counters' rise was that of the first, in percent."""

    def take(recording: Recording) -> Curves:
        return _divided(rate(part)(recording), [rate(part)(recording), rate(rest)(recording)], 100)

    return take


def mean(name: str, scale: float = 1.0, **labels: str) -> Take:
    """The mean of what a histogram saw in each second."""

    def take(recording: Recording) -> Curves:
        count = rate(f"{name}_count", **labels)(recording)
        return _divided(rate(f"{name}_sum", **labels)(recording), [count], scale)

    return take


def _divided(upper: Curves, lower: list[Curves], scale: float) -> Curves:
    found: Curves = {}
    for place, curve in upper.items():
        under = [each[place] for each in lower if place in each]
        points = []
        for index, (at, value) in enumerate(curve):
            parts = [each[index].value for each in under]
            total = sum(part for part in parts if part is not None)
            missing = value is None or None in parts or not total
            points.append(Point(at, None if missing else scale * (value or 0.0) / total))
        found[place] = points
    return _with_values(found)


def _rises(scrapes: list[Scrape], value: Callable[[Samples | None], float | None]) -> Curve:
    """The rise a second; none across a restart, at which a counter begins anew."""
    curve: Curve = []
    for before, after in itertools.pairwise(scrapes):
        old, new = value(before.samples), value(after.samples)
        fell = old is None or new is None or new < old
        seconds = after.at - before.at
        curve.append(Point(after.at, None if fell else ((new or 0.0) - (old or 0.0)) / seconds))
    return curve


def _total(samples: Samples | None, name: str, labels: Mapping[str, str]) -> float | None:
    """The sum of all series of a name that have these labels."""
    wanted = labels.items()
    values = [
        value
        for (found, of), value in (samples or {}).items()
        if found == name and wanted <= dict(of).items()
    ]
    return sum(values) if values else None


def _with_values(curves: Curves) -> Curves:
    return {
        name: curve for name, curve in curves.items() if any(p.value is not None for p in curve)
    }
