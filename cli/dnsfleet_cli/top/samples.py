"""What one look at a fleet finds: the counts of its edges, read from their pages.

The page of an edge is text in the format of Prometheus. Of an edge with ten thousand zones it has
thirty thousand lines, of which some forty are wanted here. So lines are chosen by their name before
anything is parsed, which also asks for no library in the plugin of kubectl. A line that is none of
that format, or has no finite number, is left out, whoever wrote the page.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from dnsfleet_cli.troubles import RefusedTrouble, Trouble

READERS = 8
"""Pages that are read at the same time: 60 edges in a second, and an API server hardly notices."""
PAGE_SECONDS = 3.0
"""How long an edge may take for its page. One that takes longer is shown as not answering."""

_LINE = re.compile(r"(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
_LABEL = re.compile(r'\b(\w+)="((?:[^"\\]|\\.)*)"')
_EDGE, _ZONES = "dnsfleet_edge_", "dnsfleet_edge_zone_"
"""Of each zone there are several lines, and none of them is wanted."""

T = TypeVar("T")
K = TypeVar("K")


@dataclass
class EdgeSample:
    """One edge: counts since it started, and what is so now."""

    at: float
    """Monotonic seconds."""
    queries: float = 0
    responses: float = 0
    servfail: float = 0
    cache_hits: float = 0
    cache_misses: float = 0
    rate_limited: float = 0
    durations: dict[float, float] = field(default_factory=dict)
    """Responses that took at most so many seconds, sampled, all transports together."""
    ready: bool = False
    connected: bool = False
    """Whether its replica answers."""
    zones: int = 0
    zones_failing: int = 0
    lag: float = 0
    """Seconds."""


@dataclass(frozen=True)
class PopSample:
    """One Pop."""

    name: str
    desired: int
    """Edges that it should have; 0 where it is drained."""
    edges: Mapping[str, EdgeSample | None]
    """By name; None where one does not answer."""
    told: tuple[str, ...] = ()
    """What others say is wrong with it."""
    queries: float | None = None
    """A second, where somebody else measures it because its edges cannot be asked."""
    servfail: float | None = None
    """The share of the responses, likewise."""
    lag: float | None = None
    """Seconds, likewise."""
    zones: int | None = None
    ready: int | None = None
    """Edges, likewise."""


@dataclass(frozen=True)
class FleetSample:
    """One look."""

    time: str
    """Of day, for people."""
    pops: tuple[PopSample, ...]
    alerts: tuple[str, ...] | None
    """What is wrong, a line each; None where nobody evaluates alerts and nothing else is told."""


def edge_sample(page: str, at: float) -> EdgeSample:
    """What the page of an edge says; what it does not have is zero."""
    found = EdgeSample(at)
    for name, labels, value in series(page, _EDGE):
        _take(found, name.removeprefix(_EDGE).removesuffix("_total"), labels, value)
    return found


def series(page: str, prefix: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """Name, labels and value of what begins with `prefix`, without the series of zones."""
    for line in page.splitlines():
        if line.startswith(prefix) and not line.startswith(_ZONES) and (match := _LINE.match(line)):
            value = _number(match["value"])
            if math.isfinite(value):
                yield match["name"], dict(_LABEL.findall(match["labels"] or "")), value


def _number(text: str) -> float:
    """A number of the format; NaN for what is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _take(found: EdgeSample, name: str, labels: Mapping[str, str], value: float) -> None:
    match name:
        case "queries":
            found.queries += value
        case "responses":
            found.responses += value
            if labels.get("rcode") == "SERVFAIL":
                found.servfail += value
        case "cache_hits":
            found.cache_hits += value
        case "cache_misses":
            found.cache_misses += value
        case "rate_limited":
            found.rate_limited += value
        case "response_duration_seconds_bucket":
            bound = _number(labels.get("le", ""))
            if not math.isnan(bound):
                found.durations[bound] = found.durations.get(bound, 0) + value
        case "ready":
            found.ready = value == 1
        case "replica_connected":
            found.connected = value == 1
        case "zones":
            found.zones = int(value)
        case "zones_failing":
            found.zones_failing = int(value)
        case "replication_lag_seconds":
            found.lag = value


def read_all(keys: Iterable[K], read: Callable[[K], T]) -> dict[K, T | None]:
    """What `read` gives for each key, some at the same time; None where it raises Trouble.

    A refusal is no trouble of one edge, so it is raised.
    """

    def quietly(key: K) -> T | None:
        try:
            return read(key)
        except RefusedTrouble:
            raise
        except Trouble:
            return None

    wanted = list(keys)
    with ThreadPoolExecutor(READERS) as pool:
        return dict(zip(wanted, pool.map(quietly, wanted), strict=True))
