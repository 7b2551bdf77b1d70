"""The link to the core: what is desired goes in, what became of it and the edges' acks come out."""

import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.manifests import Manifest
from dnsfleet.zones.plans import APPROVE_ANNOTATION
from dnsfleet_publisher.core_redis import connect
from dnsfleet_publisher.placement import placement
from dnsfleet_publisher.publishing import Desired as Wanted
from dnsfleet_publisher.publishing import Outcome, Publisher, State
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import Fenced, StoreError

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
        self._store = RecordStore(self._client, key, time.time)
        self._publisher = Publisher(self._store)
        self._show = show
        self._told: dict[str, events.Event] = {}
        self._made: list[Manifest] = []
        self.manifests: dict[str, Manifest] = {}
        """What is published, by origin; tombstones are not among them."""

    def close(self) -> None:
        """Close the connection to the core."""
        self._client.close()

    def publish(self, desired: Desired, removals: set[str]) -> list[Manifest]:
        """Make the core what is desired; the manifests that are new since the last success.

        Takes out of `removals` what was removed. `Unavailable` when the core did not answer.
        """
        try:
            wanted = self._wanted(desired)
            outcomes = self._publisher.reconcile(wanted, True, removals)
        except StoreError as error:
            raise Unavailable(str(error)) from None
        except Fenced as error:
            raise Trouble(str(error)) from None
        away = None
        for origin, outcome in outcomes.items():
            if outcome.reason == "StoreUnavailable":
                away = outcome.message
                continue
            self._made += self._take(origin, outcome)
            if outcome.state is State.REMOVED:
                removals.discard(origin)
        if away is not None:
            raise Unavailable(away)
        made, self._made = self._made, []
        return made

    def acks(self) -> dict[str, Ack]:
        """What the edge of each Pop said last, by Pop; `Unavailable` as for `publish`."""
        try:
            said = self._store.core.acks()
            self._store.choose_format(said.values())
        except StoreError as error:
            raise Unavailable(str(error)) from None
        edges = {tuple(name.split("/")): ack for name, ack in said.items()}
        return {name[0]: ack for name, ack in edges.items() if name[1:] == (EDGE_NAME,)}

    def _wanted(self, desired: Desired) -> dict[str, Wanted]:
        wanted = {}
        for assembled in desired.zones:
            # A zone that has only errors stays as the core has it, and counts as one that is live.
            zone = assembled.zone or self._store.load(assembled.origin)
            if zone is not None:
                resource = assembled.resource
                approve = resource.metadata.annotations.get(APPROVE_ANNOTATION)
                wanted[assembled.origin] = Wanted(zone, placement(resource, desired.pops), approve)
        return wanted

    def _take(self, origin: str, outcome: Outcome) -> list[Manifest]:
        """Remember an outcome and tell what is new about it; its manifest, if that is new."""
        match outcome.state:
            case State.HELD:
                self._tell_once(origin, events.Held(origin, outcome.message))
            case State.FAILED:
                self._tell_once(origin, events.Warned(origin, outcome.message, outcome.reason))
            case _:
                self._told.pop(origin, None)
        manifest = outcome.manifest
        if manifest is None or manifest == self.manifests.get(origin):
            return []
        if manifest.tombstone:
            self.manifests.pop(origin, None)
        else:
            self.manifests[origin] = manifest
        if outcome.state is State.PUBLISHED:
            self._show(
                events.Published(origin, manifest.serial, str(manifest.revision), manifest.records)
            )
        return [manifest]

    def _tell_once(self, origin: str, event: events.Event) -> None:
        if self._told.get(origin) != event:
            self._told[origin] = event
            self._show(event)
