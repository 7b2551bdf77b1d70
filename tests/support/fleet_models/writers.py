"""The writer of the model: the real store and publisher, fed as the operator does it."""

from collections.abc import Callable, Mapping, Sequence

from dnsfleet.replication.acks import Ack
from dnsfleet.replication.manifests import Manifest
from dnsfleet_operator.observed import edge_pods
from dnsfleet_operator.observed.edge_pods import EdgePod
from dnsfleet_operator.secrets import rotations
from dnsfleet_operator.secrets.rotations import Progress
from dnsfleet_publisher import key_secrets
from dnsfleet_publisher.core_redis import CoreRedis
from dnsfleet_publisher.publishing import Desired, Publisher, State
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import Fenced, StoreResetError

from support.fleet_models.memory_redis import Server


class Writer:
    """What is desired, and the keys, outlive the writer's process, as objects and a Secret do."""

    def __init__(self, core: Server, clock: Callable[[], float]) -> None:
        self._core = core
        self._clock = clock
        self.desired: dict[str, Desired] = {}
        self.removals: set[str] = set()
        self.keys = key_secrets.make()
        self.asked = False
        """Whether somebody asked for a rotation of the key."""
        self.restart()

    def restart(self) -> None:
        """A new process, which knows nothing."""
        keys = self.keys
        self.store = RecordStore(
            CoreRedis(self._core.client()), keys.private, self._clock, keys.previous
        )
        self._said: Mapping[str, Ack] = {}
        self._publisher = Publisher(self.store)
        self._marked = set(self.desired)
        self._complete = False
        self.made: dict[str, Manifest] = {}
        """What the newest pass over each zone says is published."""

    @property
    def core(self) -> CoreRedis:
        return self.store.core

    def want(self, origin: str, desired: Desired | None) -> None:
        """An object is applied, or deleted where there is None."""
        if desired is None:
            self.desired.pop(origin, None)
            self.removals.add(origin)
        else:
            self.desired[origin] = desired
            self.removals.discard(origin)
            self._marked.add(origin)

    def run(self) -> None:
        """One pass, over what was marked; who is fenced begins anew, as a new term does."""
        try:
            self._run()
        except Fenced:
            self.restart()

    def _run(self) -> None:
        changed = [origin for origin in self._marked if origin in self.desired]
        outcomes = self._publisher.reconcile(self.desired, True, self.removals, sorted(changed))
        for origin, outcome in outcomes.items():
            self.made.pop(origin, None)
            if outcome.manifest is not None:
                self.made[origin] = outcome.manifest
            if outcome.state is not State.FAILED:
                self._marked.discard(origin)
            if outcome.state is State.REMOVED:
                self.removals.discard(origin)

    def look(self) -> None:
        """See what edges say, and whether the core has what was published."""
        self._said = self.core.acks()
        if self.store.fence == 0:
            return
        try:
            self.store.check()
            self.store.hear(self._said)
            self.store.audit()
        except StoreResetError:
            pass  # the next pass mends it
        except Fenced:
            self.restart()

    def see_to_the_keys(self, ready: Sequence[EdgePod]) -> None:
        """Take the step of a rotation that is due, by what these Ready edges said last."""
        said = edge_pods.newest_words(ready, self._said)
        progress = Progress(said, *self.store.signed, self.store.positions)
        step = rotations.step(self.keys, self.asked, progress)
        self.asked = False
        if step.keys is not None:
            self.keys = step.keys
            self.store.sign_with(self.keys.private, self.keys.previous)

    def sweep(self) -> None:
        """Have zones removed that nobody asks for."""
        if self.store.fence:
            self.removals |= set(self.store.live()) - self.desired.keys()
