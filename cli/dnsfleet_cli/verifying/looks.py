"""What one look at a fleet found, by vantage point, and what can be told about it. Pure data."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dnsfleet.replication.acks import Ack
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.pop_reports import Report
from dnsfleet.replication.revisions import Revision
from dnsfleet_engine import Zone


class Wanted(NamedTuple):
    """What the objects ask for one origin."""

    zone: Zone | None
    """None where only the writer can read it, as a zone file of a URL."""
    pops: tuple[str, ...] | None = None
    """Names of the Pops that serve it; None is all."""
    problem: str = ""
    """Why some of it is refused; the fleet then serves what was good before."""
    approve: str | None = None
    """The value of the annotation `dnsfleet.io/approve`."""


class Entry(NamedTuple):
    """What the core, or a replica of it, has of one zone."""

    announced: Revision | None
    """What the index says; None for nothing."""
    manifest: Manifest | None = None
    """The newest one, once its signature was verified."""
    problem: str = ""
    """Why an edge could not load the zone from this."""
    zone: Zone | None = None
    """The content; read at the core only, of the zones that are looked at."""

    @property
    def live(self) -> bool:
        """Whether edges are told to serve it."""
        return self.manifest is not None and not self.manifest.tombstone

    def assigned(self, pop: str) -> bool:
        """Whether a Pop is told to serve it."""
        return self.manifest is not None and self.manifest.assigned(pop)


NOTHING = Entry(None)


class Copy(NamedTuple):
    """What the core, or a replica of it, has."""

    position: int = 0
    """Of the log."""
    total: int = 0
    """The sum of the announcements of the index (see `dnsfleet.replication.sums`)."""
    entries: Mapping[str, Entry] = {}
    """By origin, of the whole index."""
    problem: str = ""
    """Why it could not be read; the rest is empty then."""

    def get(self, origin: str) -> Entry:
        """What it has of a zone."""
        return self.entries.get(origin, NOTHING)


class Answer(NamedTuple):
    """What one edge answered about one zone."""

    rcode: str
    """Of the reply for the SOA."""
    serial: int | None
    """Of the SOA at the apex; None where there is no authoritative one."""
    wrong: tuple[str, ...] = ()
    """How the sampled RRsets differ from what the core has."""


class Edge(NamedTuple):
    """One edge."""

    pop: str
    name: str
    answers: Mapping[str, Answer]
    """By origin, of the zones that were looked at."""
    ack: Ack | None = None
    """What it said last; None for nothing."""
    problem: str = ""
    """Why it could not be asked."""


class Look(NamedTuple):
    """What was found, in this order, within seconds."""

    origins: frozenset[str]
    """The zones that were looked at; of others only the core's manifests are known."""
    pops: frozenset[str]
    """The Pops that are to answer."""
    wanted: Mapping[str, Wanted]
    """By origin."""
    refused: Sequence[str]
    """Objects that cannot be read: where, and why."""
    core: Copy
    head: str
    """What is wrong with the signed head of the fleet; empty for nothing."""
    replicas: Mapping[str, Copy]
    """By Pop."""
    edges: Sequence[Edge]
    after: Mapping[str, Revision]
    """What the core's index announces at the end."""
    quiet: bool
    """Whether nothing at all was published from the first to the last moment."""
    remote: Mapping[str, Report | None] = {}
    """Of the Pops that other clusters run, what their operators said last; they have neither
    replica nor edges here."""
    now_ms: int = 0
    """Unix time of the look, in milliseconds."""

    def settled(self, origin: str) -> bool:
        """Whether the core had the same revision of a zone from the first to the last moment."""
        return self.core.get(origin).announced == self.after.get(origin)


class Difference(NamedTuple):
    """Two vantage points that say different things, told to a person who has to act."""

    reason: str
    """CamelCase."""
    where: str
    """`core`, `replica of Pop fra`, `edge fra/fra-0`."""
    zone: str
    """The origin; empty where it is about more than one zone."""
    text: str
    """What differs, and what to do."""
    seen: bool = True
    """False where it could not be looked at, so that nobody knows whether something differs."""

    def __str__(self) -> str:
        about = f"{self.zone}: " if self.zone else ""
        return f"{self.where}: {about}{self.text} [{self.reason}]"
