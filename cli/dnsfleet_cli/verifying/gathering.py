"""One look at a fleet: what is asked for, what the core and the replicas have, what edges answer.

It reads, and changes nothing.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import dns.message
import dns.rcode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from dnsfleet.replication import announcements, manifests, pop_reports
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.announcements import Announcement
from dnsfleet.replication.manifests import ManifestError
from dnsfleet.replication.pop_reports import Report
from dnsfleet.replication.sums import AnnouncementSum, NameSum
from dnsfleet.zones import questions
from dnsfleet.zones.questions import Question
from dnsfleet_publisher import stored_zones
from dnsfleet_publisher.core_redis import CoreRedis
from dnsfleet_publisher.store_errors import StoreError

from dnsfleet_cli.troubles import Trouble
from dnsfleet_cli.verifying.looks import Answer, Copy, Edge, Entry, Look
from dnsfleet_cli.verifying.wanted import Resources

QUERIES_AT_ONCE = 200
"""Over one TCP connection: an edge ends one that was used for long (RFC 7766 section 6.2.3)."""

Ask = Callable[[Sequence[dns.message.Message]], Sequence[dns.message.Message]]
"""Asks one edge over one connection; Trouble where it does not answer."""


class Fleet(Protocol):
    """How to reach the vantage points of a fleet. Every method raises Trouble where it cannot."""

    core: CoreRedis

    @property
    def public(self) -> Sequence[Ed25519PublicKey]:
        """The keys by which edges verify."""

    def resources(self) -> Resources:
        """What its objects ask for now."""

    def replica(self, pop: str) -> CoreRedis:
        """The replica of a Pop, read as the core is."""

    def edges(self, pop: str) -> Mapping[str, Ask]:
        """The edges of a Pop that are ready, by name."""


class _Query(NamedTuple):
    origin: str
    question: Question | None
    """None for the SOA."""

    @property
    def message(self) -> dns.message.Message:
        if self.question is None:
            return questions.query(self.origin, "SOA")
        return questions.query(self.question.name, self.question.rtype)


def gather(fleet: Fleet, seed: int, origins: frozenset[str] | None = None) -> Look:
    """Look at these zones, None is all; Trouble or StoreError where the core cannot be read."""
    resources = fleet.resources()
    core = _copy(fleet.core, fleet.public)
    if core.problem:
        raise Trouble(core.problem)
    if origins is None:
        origins = frozenset(core.entries.keys() | resources.zones.keys())
    core = core._replace(entries=_with_content(fleet, core, origins))
    here = resources.pops - resources.remote
    replicas = {pop: _replica(fleet, pop) for pop in here}
    asked = _questions(core, sorted(origins & core.entries.keys()), seed)
    edges = [edge for pop in sorted(here) for edge in _edges(fleet, pop, core, asked)]
    said = fleet.core.acks(tidy=False)
    head = fleet.core.fleet()
    index, position = fleet.core.index()
    quiet = position == core.position
    return Look(
        origins,
        resources.pops,
        resources.zones,
        resources.refused,
        core,
        _head_problem(fleet, core, head) if quiet else "",
        replicas,
        [edge._replace(ack=_ack(said, edge)) for edge in edges],
        {each.zone: each.revision for each in announcements.read_index(index)},
        quiet,
        _reports(fleet, resources.pops & resources.remote),
        time.time_ns() // 1_000_000,
    )


def _ack(said: Mapping[str, Ack], edge: Edge) -> Ack | None:
    return said.get(f"{edge.pop}/{edge.name}")


def _reports(fleet: Fleet, pops: Iterable[str]) -> dict[str, Report | None]:
    names = sorted(pops)
    said = fleet.core.pop_reports(names)
    return {pop: pop_reports.decode(said[pop]) if pop in said else None for pop in names}


# Core and replicas


def _replica(fleet: Fleet, pop: str) -> Copy:
    try:
        copy = _copy(fleet.replica(pop), fleet.public)
    except Trouble as trouble:
        return Copy(problem=str(trouble))
    return copy._replace(problem=copy.problem.removeprefix("core "))  # it reads as a core is read


def _copy(redis: CoreRedis, public: Sequence[Ed25519PublicKey]) -> Copy:
    """Index and manifests of a core or a replica."""
    try:
        index, position = redis.index()
        announced = announcements.read_index(index)
        entries = {
            origin: _entry(origin, _announced(origin, said), signed, public)
            for heads in redis.heads([each.zone for each in announced])
            for origin, (said, signed) in heads.items()
        }
    except StoreError as error:
        return Copy(problem=str(error))
    return Copy(position, AnnouncementSum(announced).total, entries)


def _announced(origin: str, said: bytes) -> Announcement | None:
    found = announcements.read_index({origin.encode(): said})
    return found[0] if found else None


def _entry(
    origin: str,
    said: Announcement | None,
    signed: bytes | None,
    public: Sequence[Ed25519PublicKey],
) -> Entry:
    if said is None:
        return Entry(None)  # it went between two reads
    if signed is None:
        return Entry(said.revision, None, "its manifest is missing")
    try:
        manifest = manifests.verify(signed, public)
    except ManifestError as error:
        return Entry(said.revision, None, f"its manifest is not to be trusted: {error}")
    if (manifest.zone, manifest.revision) != (origin, said.revision):
        other = f"{manifest.zone} {manifest.revision}"
        text = f"its manifest is the one of {other}, the index says {said.revision}"
        return Entry(said.revision, manifest, text)
    return Entry(said.revision, manifest)


def _with_content(fleet: Fleet, core: Copy, origins: frozenset[str]) -> dict[str, Entry]:
    """The entries, with the content of those of `origins` that are live."""
    entries = dict(core.entries)
    live = [each for each, entry in entries.items() if each in origins and entry.live]
    for heads in fleet.core.heads([each for each in live if not entries[each].problem]):
        signed = {origin: head for origin, (_, head) in heads.items()}
        for origin, found in stored_zones.read(fleet.core, fleet.public, signed).items():
            entry = entries[origin]
            if found.manifest != entry.manifest:
                continue  # it has just changed, so it is not settled
            problem = "a part of its content is missing or damaged" if found.zone is None else ""
            entries[origin] = entry._replace(zone=found.zone, problem=problem)
    return entries


def _head_problem(fleet: Fleet, core: Copy, signed: bytes | None) -> str:
    """What is wrong with the head of the fleet, as of the position at which the core was read."""
    if any(entry.problem for entry in core.entries.values()):
        return ""  # that is told, and no head would be right
    if signed is None:
        return "the signed head of the fleet is missing" if core.entries else ""
    try:
        head = manifests.verify_fleet(signed, fleet.public)
    except ManifestError as error:
        return f"the head of the fleet is not to be trusted: {error}"
    names = NameSum(origin for origin, entry in core.entries.items() if entry.live)
    if (head.zones, head.names) == (names.count, names.total):
        return ""
    return f"the head of the fleet is about {head.zones} zones, {names.count} others are live"


# Edges


def _questions(core: Copy, origins: Sequence[str], seed: int) -> dict[str, list[Question]]:
    """What to ask about each zone beside its SOA."""
    inner = questions.inner_zones(each for each, entry in core.entries.items() if entry.live)
    none: set[str] = set()
    found: dict[str, list[Question]] = {}
    for origin in origins:
        zone, chance = core.get(origin).zone, random.Random(f"{seed} {origin}")  # noqa: S311
        below = inner.get(origin, none)
        found[origin] = [] if zone is None else questions.choose(zone, below, chance.randrange)
    return found


def _edges(
    fleet: Fleet, pop: str, core: Copy, asked: Mapping[str, Sequence[Question]]
) -> Iterator[Edge]:
    try:
        edges = fleet.edges(pop)
    except Trouble as trouble:
        yield Edge(pop, "?", {}, problem=str(trouble))
        return
    queries = []
    for origin, chosen in asked.items():
        queries.append(_Query(origin, None))
        if core.get(origin).assigned(pop):
            queries += [_Query(origin, question) for question in chosen]
    for name, ask in edges.items():
        try:
            yield Edge(pop, name, _answers(ask, queries))
        except Trouble as trouble:
            yield Edge(pop, name, {}, problem=str(trouble))


def _answers(ask: Ask, queries: Sequence[_Query]) -> dict[str, Answer]:
    if not queries:
        ask([questions.query(".", "SOA")])  # whether it answers at all
    found: dict[str, Answer] = {}
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        part = queries[start : start + QUERIES_AT_ONCE]
        replies = ask([each.message for each in part])
        for (origin, question), reply in zip(part, replies, strict=True):
            if question is None:
                rcode = dns.rcode.to_text(reply.rcode())
                found[origin] = Answer(rcode, questions.serial(origin, reply))
            elif wrong := questions.wrong(question, reply):
                before = found[origin]
                found[origin] = before._replace(wrong=(*before.wrong, wrong))
    return found
