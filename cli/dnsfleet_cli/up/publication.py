"""The link to the core: publishes what is desired, and reads what the edges acknowledge."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.probing.lists import ProbedPop
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.sums import Positions
from dnsfleet.resources import Pop
from dnsfleet.zones.placements import Fleet
from dnsfleet.zones.plans import APPROVE_ANNOTATION
from dnsfleet_engine import Zone
from dnsfleet_publisher.catalogs import PublishedZones
from dnsfleet_publisher.core_redis import CoreRedis, connect
from dnsfleet_publisher.last_good import Assembled
from dnsfleet_publisher.placement import placement
from dnsfleet_publisher.probe_lists import ProbeLists
from dnsfleet_publisher.publishing import Desired as Wanted
from dnsfleet_publisher.publishing import Outcome, Publisher, State
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import Fenced, StoreError

from dnsfleet_cli.signature_warnings import SignatureWarnings
from dnsfleet_cli.troubles import Trouble
from dnsfleet_cli.up import events
from dnsfleet_cli.up.desired import Desired
from dnsfleet_cli.up.pops import EDGE_NAME
from dnsfleet_cli.up.redis_servers import Core


class Unavailable(Exception):  # noqa: N818 - a state of the core that passes
    """The core did not answer; the edges go on, and the next try may succeed."""


class Publication:
    """Publishes, and remembers what was told about it."""

    def __init__(
        self, core: Core, key: Ed25519PrivateKey, show: Callable[[events.Event], None]
    ) -> None:
        self._client = connect(core.publisher_url)
        self._store = RecordStore(CoreRedis(self._client), key, time.time)
        self._publisher = Publisher(self._store)
        self._probes = ProbeLists(self._store, lambda: self.manifests)
        self._key = key
        self._show = show
        self.told: dict[str, events.Held | events.Warned] = {}
        """What keeps zones from being as they are wanted, by origin."""
        self.held: dict[str, Outcome] = {}
        """What waits for an approval, by origin."""
        self._signatures = SignatureWarnings(lambda found: show(events.found(found)))
        self._made: list[Manifest] = []
        self._wanted: dict[str, Wanted] = {}
        self.manifests: dict[str, Manifest] = {}
        """What is published, by origin; tombstones are not among them."""
        self.newest_lsn = 0
        """The position of the newest of them."""

    def close(self) -> None:
        """Close the connection to the core."""
        self._client.close()

    def publish(self, desired: Desired) -> list[Manifest]:
        """Make the core what is desired; the manifests that are new since the last success.

        Costs what is unpublished or to be removed, and takes out of both what was done; where there
        is neither, one question whether the core still has its data. `Unavailable` when it did not
        answer, Trouble when this fleet may not write to it.
        """
        with _explaining():
            for origin in desired.unpublished:
                self._want(desired.zones[origin], desired.pops)
            for origin in desired.removals:
                self._wanted.pop(origin, None)
            changed = [each for each in desired.unpublished if each in self._wanted]
            running = {pop.metadata.name for pop in desired.pops if not pop.drain_asked_by}
            outcomes = self._publisher.reconcile(
                self._wanted, True, desired.removals, changed, Fleet(running)
            )
            if not self._publisher.away:
                self._store.audit()
        away = self._publisher.away
        for origin, outcome in outcomes.items():
            if outcome.reason == "StoreUnavailable":
                continue
            self._made += self._take(origin, outcome)
            if outcome.state is not State.FAILED:
                desired.unpublished.discard(origin)
            if outcome.state is State.REMOVED:
                desired.removals.discard(origin)
        if away:
            raise Unavailable(away)
        desired.unpublished &= self._wanted.keys()  # others are no zones yet
        made, self._made = self._made, []
        return made

    def load(self, origin: str) -> Zone | None:
        """A zone as it is published; None where it is not known."""
        return self._store.load(origin)

    def contents(self) -> PublishedZones:
        """What is published; `Unavailable` as for `publish`."""
        with _explaining():
            held = {origin: self._store.held(origin) for origin in self._store.live()}
        revisions = {o: "" if each is None else str(each.revision) for o, each in held.items()}
        return PublishedZones(revisions, self._store.load)

    def look_at_signatures(self) -> None:
        """Tell of zones whose signatures have come near their end, or to it."""
        self._signatures.look(time.time())

    def acks(self) -> dict[str, Ack]:
        """What the edge of each Pop said last, by Pop; `Unavailable` as for `publish`."""
        with _explaining():
            said = self._store.core.acks()
            if self._store.fence:
                self._store.hear(said)
        edges = {tuple(name.split("/")): ack for name, ack in said.items()}
        return {name[0]: ack for name, ack in edges.items() if name[1:] == (EDGE_NAME,)}

    def tell_probers(self, pops: Sequence[ProbedPop]) -> None:
        """Say where Pops answer, and what is to be answered there; `Unavailable` as above."""
        with _explaining():
            self._probes.write(pops, time.time_ns() // 1_000_000, self._key)

    @property
    def unfinished(self) -> bool:
        """Whether `publish` has more to do, although nothing else is desired."""
        return bool(self._store.outdated)

    @property
    def positions(self) -> Positions:
        """What proves an ack."""
        return self._store.positions

    def _want(self, assembled: Assembled, pops: list[Pop]) -> None:
        """Bring up to date what is wanted of one origin."""
        origin, resource = assembled.origin, assembled.resource
        # A zone that has only errors stays as the core has it, and counts as one that is live.
        zone = assembled.zone or self._store.load(origin)
        if zone is None:
            self._wanted.pop(origin, None)
            return
        approve = resource.metadata.annotations.get(APPROVE_ANNOTATION)
        pops_of_it = placement(resource, pops)
        self._wanted[origin] = Wanted(
            zone, pops_of_it, approve, assembled.parts, resource.spec.source
        )

    def _take(self, origin: str, outcome: Outcome) -> list[Manifest]:
        """Remember an outcome and tell what is new about it; its manifest, if that is new."""
        self.held.pop(origin, None)
        if outcome.state is State.HELD or outcome.placement is not None:
            self.held[origin] = outcome
        match outcome.state:
            case State.HELD:
                self._tell_once(origin, events.Held(origin, outcome.message))
            case State.FAILED:
                self._tell_once(origin, events.Warned(origin, outcome.message, outcome.reason))
            case _ if outcome.placement is not None:
                self._tell_once(origin, events.Held(origin, outcome.placement.message))
            case _:
                self.told.pop(origin, None)
        manifest = outcome.manifest
        if manifest is None or manifest == self.manifests.get(origin):
            return []
        if manifest.tombstone:
            self.manifests.pop(origin, None)
        else:
            self.manifests[origin] = manifest
            self.newest_lsn = max(self.newest_lsn, manifest.lsn)
        if self._store.held(origin) is not None:  # else it is in doubt what is published
            self._signatures.served(origin, self._store.load(origin), time.time())
        if outcome.state is State.PUBLISHED:
            self._show(
                events.Published(origin, manifest.serial, str(manifest.revision), manifest.records)
            )
        return [manifest]

    def _tell_once(self, origin: str, event: events.Held | events.Warned) -> None:
        if self.told.get(origin) != event:
            self.told[origin] = event
            self._show(event)


@contextmanager
def _explaining() -> Iterator[None]:
    """Turn what the store says of itself into what this module promises."""
    try:
        yield
    except StoreError as error:
        raise Unavailable(str(error)) from None
    except Fenced as error:
        raise Trouble(str(error)) from None
