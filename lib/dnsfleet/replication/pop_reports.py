"""Reports: what the operator of another cluster says of its Pop, in one small write.

A report is telemetry, as an ack is: the newest replaces the one before, and nothing waits for it.
It is not signed, so it claims what may be wrong; what it says of edges counts only as far as their
sums prove it (see `acks`).

It has no entry for each edge. Edges that say the same are one `EdgeWord`, with their number. When
nothing is on its way all say the same. While a change spreads, some edges are at one position and
some at the next. Where there are more different words than MAX_WORDS, or they take too much room,
the rest becomes one word that says nothing, so that the writer takes those edges for late.

A newer operator may say more, in fields of its own and at the end of lists: that is left out here.
"""

import base64
import json
import re
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from dnsfleet.replication import acks, command_words
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.claimed import count, text
from dnsfleet.replication.command_words import Outcome
from dnsfleet.replication.revisions import Revision

MAX_WORDS = 16
"""Different words of edges in one report."""
WORDS_OCTETS = 48 * 1024
"""Octets of all words together, before they are packed."""
MAX_OCTETS = 64 * 1024
"""Octets of a report that are read."""
MAX_AHEAD = 8
"""Manifests that prove what edges have ahead, in one word: the writer publishes what was named
anew, and the next report names others."""
MAX_TEXT = 500
"""Characters of a message, and of a name, that are kept."""
MAX_NAMED = 16
"""Addresses, and fields that were ignored, that one report names."""

_FIELDS = frozenset(
    [
        "time",
        "version",
        "revision",
        "generation",
        "ignored",
        "problem",
        "rolling",
        "edges",
        "addresses",
        "words",
        "uid",
        "outcomes",
    ]
)
_REASON = re.compile(r"[A-Za-z]{1,64}")
"""CamelCase, as the API server wants the reason of a condition."""


class EdgeWord(NamedTuple):
    """What some Ready edges say."""

    edge: str
    """The name of one of them."""
    edges: int
    """How many they are."""
    ack: Ack | None
    """None where they said nothing, or no one word."""


class Report(NamedTuple):
    """One Pop, as the operator of its cluster sees it."""

    time_ms: int
    """When it was made, Unix time in milliseconds."""
    version: str
    """Of that operator."""
    revision: Revision | None
    """Of the spec that it holds; None where it has none."""
    generation: int
    """Of the object in the core that this spec is of; 0 where it has none."""
    ignored: tuple[str, ...] = ()
    """Fields of that spec that its version does not know."""
    problem: tuple[str, str] | None = None
    """Reason and message of what keeps the Pop's objects from being applied."""
    rolling: str = ""
    """What the rollout of its pods waits for."""
    wanted: int = 0
    """Edges that should run."""
    ready: int = 0
    """Edges that clients are sent to."""
    pods: int = 0
    """Edge pods that exist."""
    addresses: tuple[str, ...] = ()
    words: tuple[EdgeWord, ...] = ()
    """Of the Ready edges."""
    uid: str = ""
    """Of the object in the core, as the spec says it; empty where there is none, or it is older."""
    outcomes: tuple[Outcome, ...] = ()
    """What became of Pop commands (see `command_words`)."""
    unknown: tuple[str, ...] = ()
    """Fields that a newer operator wrote, by name; they are never written here."""


def words(edges: Mapping[str, Ack | None]) -> tuple[EdgeWord, ...]:
    """What Ready edges say, by name, in few words; the oldest time counts of those that agree."""
    groups: dict[bytes, list[str]] = {}
    acks_by_edge = {edge: _bounded(edges[edge]) for edge in sorted(edges)}
    for edge, ack in acks_by_edge.items():
        groups.setdefault(_sense(ack), []).append(edge)
    found: list[EdgeWord] = []
    rest: list[str] = []
    octets = 0
    for sense, members in sorted(groups.items(), key=lambda group: len(group[0])):
        octets += len(sense)
        if not sense or len(found) == MAX_WORDS - 1 or octets > WORDS_OCTETS:
            rest += members
            continue
        said = [ack for edge in members if (ack := acks_by_edge[edge]) is not None]
        oldest = min(said, key=lambda ack: ack.time_ms)
        found.append(EdgeWord(members[0], len(members), oldest))
    if rest:
        found.append(EdgeWord(min(rest), len(rest), None))
    return tuple(found)


def _bounded(ack: Ack | None) -> Ack | None:
    if ack is None:
        return None
    ahead = dict(sorted(ack.ahead.items())[:MAX_AHEAD])
    # `telemetry` has the load, and the report itself the addresses.
    return ack._replace(ahead=ahead, load=None, addresses=())


def _sense(ack: Ack | None) -> bytes:
    """What an edge says, but for when; empty where it says nothing."""
    return b"" if ack is None else acks.encode(ack._replace(time_ms=0, started_ms=0))


def sense(report: Report) -> tuple[object, ...]:
    """What a report says, but for when: another one of the same sense can wait."""
    said = tuple((each.edge, each.edges, _sense(each.ack)) for each in report.words)
    return (*report._replace(time_ms=0, words=()), said)


def encode(report: Report) -> bytes:
    """The wire form: packed JSON."""
    said: dict[str, Any] = {
        "time": report.time_ms,
        "version": report.version[:MAX_TEXT],
        "generation": report.generation,
        "ignored": [each[:MAX_TEXT] for each in report.ignored[:MAX_NAMED]],
        "rolling": report.rolling[:MAX_TEXT],
        "edges": [report.wanted, report.ready, report.pods],
        "addresses": [each[:MAX_TEXT] for each in report.addresses[:MAX_NAMED]],
        "words": [_word(each) for each in report.words],
        "uid": report.uid[:MAX_TEXT],
        "outcomes": command_words.said(report.outcomes),
    }
    if report.revision is not None:
        said["revision"] = str(report.revision)
    if report.problem is not None:
        said["problem"] = [each[:MAX_TEXT] for each in report.problem]
    return zlib.compress(json.dumps(said, separators=(",", ":")).encode())


def decode(data: bytes) -> Report | None:
    """The report in wire form; None where it cannot be read."""
    try:
        said = json.loads(_unpacked(data))
        wanted, ready, pods = map(count, said["edges"][:3])
        problem = said.get("problem")
        return Report(
            count(said["time"]),
            text(said["version"], MAX_TEXT),
            Revision.parse(said["revision"]) if "revision" in said else None,
            count(said["generation"]),
            _texts(said.get("ignored", ())),
            None if problem is None else _read_problem(*problem[:2]),
            text(said.get("rolling", ""), MAX_TEXT),
            wanted,
            ready,
            pods,
            _texts(said.get("addresses", ())),
            tuple(map(_read_word, said["words"][:MAX_WORDS])),
            text(said.get("uid", ""), MAX_TEXT),
            command_words.heard(said.get("outcomes", [])),
            _texts(sorted(said.keys() - _FIELDS)),
        )
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError, zlib.error):
        return None


def _unpacked(data: bytes) -> bytes:
    """ValueError for what is longer than a report is, packed or not."""
    if len(data) > MAX_OCTETS:
        raise ValueError("it is too long")
    unpacking = zlib.decompressobj()
    unpacked = unpacking.decompress(data, 2 * MAX_OCTETS)
    if not unpacking.eof:
        raise ValueError("it is too long, or cut off")
    return unpacked


def _word(word: EdgeWord) -> list[Any]:
    ack = None if word.ack is None else base64.b64encode(acks.encode(word.ack)).decode()
    return [word.edge[:MAX_TEXT], word.edges, ack]


def _read_word(said: list[Any]) -> EdgeWord:
    edge, edges, ack = said[:3]
    decoded = None if ack is None else acks.decode(base64.b64decode(ack, validate=True))
    return EdgeWord(text(edge, MAX_TEXT), count(edges), decoded)


def _read_problem(reason: str, message: str) -> tuple[str, str]:
    if not _REASON.fullmatch(reason):
        raise ValueError(f"{reason!r} is no reason")
    return reason, text(message, MAX_TEXT)


def _texts(said: list[Any]) -> tuple[str, ...]:
    return tuple(text(each, MAX_TEXT) for each in said[:MAX_NAMED])
