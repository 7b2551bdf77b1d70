"""Makes looks of a fleet in a cluster, of its objects and of what the core says."""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from dnsfleet.replication import edge_words
from dnsfleet.replication.edge_words import Word
from dnsfleet.replication.manifests import Manifest

from dnsfleet_status import holds, objects
from dnsfleet_status.core_reader import CoreReader
from dnsfleet_status.looks import Change, Look, Pop, Zone
from dnsfleet_status.objects import Object, value
from dnsfleet_status.watched_objects import Objects

CHANGES = 200
"""Of the newest publications are shown: one for each zone, the newest."""
_NO_OBJECT = "it has no Zone object"


class ClusterLooks:
    """Each call is a look; any thread may call."""

    def __init__(
        self,
        name: str,
        zones: Objects,
        pops: Objects,
        fleets: Objects,
        core: CoreReader,
        core_problem: Callable[[], str],
    ) -> None:
        """Take the name of the release; `core_problem` is why the core is not read, or empty."""
        self._name = name
        self._zones = zones
        self._pops = pops
        self._fleets = fleets
        self._core = core
        self._core_problem = core_problem

    def __call__(self) -> Look:
        now = datetime.now(UTC)
        now_ms = round(now.timestamp() * 1000)
        zones, pops = self._zones.all(), self._pops.all()
        fleets = [each for each in self._fleets.all() if each["metadata"]["name"] == self._name]
        published = self._core.published.copy()
        queries = self._core.queries
        by_origin = {objects.origin(each): each for each in _oldest_last(zones)}
        unread = (each.problem for each in (self._zones, self._pops, self._fleets))
        problems = [*filter(None, (*unread, self._core_problem()))]
        return Look(
            now.isoformat(timespec="seconds"),
            self._name,
            tuple(pop(each, queries.get(objects.name(each))) for each in pops),
            dict(_zones(by_origin, published, self._core.unreadable.copy())),
            {objects.name(each): self._words(each, now_ms) for each in pops},
            tuple(_changes(by_origin, published)),
            tuple(holds.held(fleets, zones)),
            (*problems, *(line for fleet in fleets for line in _wrong(fleet))),
        )

    def _words(self, pop: Object, now_ms: int) -> tuple[Word, ...]:
        said = self._core.said.get(objects.name(pop), ())
        positions = self._core.positions
        return tuple(
            edge_words.word(f"edge {each.edge}", each.ack, positions, now_ms, each.edges)
            for each in said
        )


def _oldest_last(zones: Sequence[Object]) -> list[Object]:
    """Several Zones may ask for one origin; the one that has it is the one that is Accepted."""
    return sorted(zones, key=lambda zone: objects.condition(zone, "Accepted").status == "True")


def _zones(
    by_origin: Mapping[str, Object],
    published: Mapping[str, Manifest],
    unreadable: Mapping[str, str],
) -> Iterator[tuple[str, Zone]]:
    for origin in by_origin.keys() | published.keys():
        found, manifest = by_origin.get(origin), published.get(origin)
        message = _NO_OBJECT if found is None else objects.problem(found)
        if origin in unreadable:
            message = f"what the core has of it cannot be read: {unreadable[origin]}"
        name = "" if found is None else objects.name(found)
        if manifest is None:
            yield origin, Zone(origin, name, None, "", 0, None, None, message)
            continue
        yield origin, zone(manifest, name, message)


def zone(manifest: Manifest, name: str, message: str = "") -> Zone:
    """A zone, as its manifest says it; `name` is that of its object, or empty."""
    return Zone(
        manifest.zone,
        name,
        manifest.serial,
        str(manifest.revision),
        manifest.lsn,
        manifest.records,
        None if manifest.pops is None else frozenset(manifest.pops),
        message,
    )


def _changes(
    by_origin: Mapping[str, Object], published: Mapping[str, Manifest]
) -> Iterator[Change]:
    for manifest in heapq.nlargest(CHANGES, published.values(), key=lambda each: each.lsn):
        zone = by_origin.get(manifest.zone, {})
        revision = value(zone, "status", "revision", default={})
        same = f"{revision.get('epoch')}.{revision.get('seq')}" == str(manifest.revision)
        seconds = value(zone, "status", "propagation", "seconds") if same else None
        at = datetime.fromtimestamp(manifest.time_ms / 1000, UTC).isoformat(timespec="seconds")
        yield Change(manifest.zone, manifest.serial, str(manifest.revision), at, seconds)


def pop(found: Object, queries: float | None = None) -> Pop:
    """A Pop, as its object says it."""
    message = "; ".join(filter(None, (objects.problem(found), objects.refusal(found))))
    ready = objects.condition(found, "Ready")
    edges_ready, edges_desired = objects.edges(found)
    zones = value(found, "status", "zones", default={})
    return Pop(
        name=objects.name(found),
        region=value(found, "spec", "location", "region", default=""),
        state="Drained" if objects.out_of_service(found) else "Active",
        ready=ready.true if ready.true or ready.false else None,
        message=message,
        edges_ready=edges_ready,
        edges_desired=edges_desired,
        zones_current=zones.get("current", 0),
        zones_assigned=zones.get("assigned", 0),
        lag_seconds=value(found, "status", "lagSeconds"),
        queries_per_second=queries,
        version=value(found, "status", "version", default=""),
    )


def _wrong(fleet: Object) -> Iterator[str]:
    yield from objects.faults(fleet)
    if count := value(fleet, "status", "orphanCount", default=0):
        yield f"{count} published zones have no Zone object"
