"""The work of a leader in a cluster that joined a fleet: one Pop, as the core signed it.

    join Secret ──▶ replica ──▶ signed spec ──▶ Pop object here ──▶ objects of the Pop
                       ▲                                                   │
                     edges ──▶ what they answer ──▶ report ──▶ core        ▼

The replica comes first, because only it brings the spec. From then on nothing here needs the core:
the API server has the Pop, and edges have their zones. A core that is away, a replica that is
empty, an operator that begins anew: none of them changes an object of the Pop.
"""

import logging
import time
from collections.abc import Callable, Mapping

from dnsfleet import cookies
from dnsfleet.replication.acks import Ack
from dnsfleet.resources import Reference
from dnsfleet_publisher.store_errors import StoreError

from dnsfleet_operator.cluster import Object
from dnsfleet_operator.joined import joining, mirror, own_keys
from dnsfleet_operator.joined.commands import JoinedCommands
from dnsfleet_operator.joined.joining import Join, JoinError
from dnsfleet_operator.joined.own_keys import OwnKeys
from dnsfleet_operator.joined.replica import Replica, address
from dnsfleet_operator.joined.sending import ReportSender
from dnsfleet_operator.joined.specs import Specs
from dnsfleet_operator.joined.telling import Teller
from dnsfleet_operator.leading.dependencies import Dependencies
from dnsfleet_operator.objects import MANAGED_SELECTOR, reference_of
from dnsfleet_operator.observed.observation import Known
from dnsfleet_operator.observed.slimming import slimmed
from dnsfleet_operator.observed.workloads import KINDS
from dnsfleet_operator.pops.passes import PopPasses
from dnsfleet_operator.secrets import cookie_secrets
from dnsfleet_operator.secrets.mounts import Mounts
from dnsfleet_operator.work_queue import Key

JOIN_SECONDS = 2.0
"""Between looks at the join Secret: how late a new one counts, for two small requests."""
SYNC_SECONDS = 300.0
"""Between complete lists: what a lost event costs at most."""
SPEC_SECONDS = 0.5
"""Between looks at the signed spec in the replica."""
AWAY_SECONDS = 3.0
"""Until a replica that did not answer is asked again: each time a pass may have to wait for it."""

_log = logging.getLogger(__name__)


class Written:
    """The writes of statuses: the next look comes soon, whatever was written."""

    pending = True

    def written(self, reference: Reference, packed: bytes) -> None:
        """Nothing is kept of it: what an object shows is compared with what it is to show."""


class JoinedTerm:
    """One leadership. ClusterError of a pass means to try again."""

    def __init__(
        self, given: Dependencies, replica_address: Callable[[str], str] | None = None
    ) -> None:
        """`replica_address` gives host:port of the replica of a Pop, where that is no Service."""
        self._given = given
        self._cluster, self._configuration = given.cluster, given.configuration
        self._observation, self._workloads = given.observation, given.workloads
        self._address = replica_address or (lambda pop: address(given.configuration, pop))
        self._pops = PopPasses(
            given.cluster, given.configuration, given.observation, given.workloads
        )
        self._mounts = Mounts(given.cluster, given.configuration, "tunnel")
        self._join: Join | None = None
        self._specs: Specs | None = None
        self._problem = "the join Secret has not been read yet"
        self._replica: Replica | None = None
        self._sender: ReportSender | None = None
        self._teller = Teller(given, self._pops)
        self._commands = JoinedCommands(
            given.cluster, given.configuration, lambda: self._said, self._has_core
        )
        self._said: Mapping[str, Ack] = {}
        self._sense: Mapping[str, Ack] = {}
        self._spec_due = self._replica_due = 0.0
        self._replica_away = False
        self.looks = Written()
        self._passes: Mapping[str, Callable[[Key], bool]] = {
            "Keys": self._pass_join,
            "Sync": self._pass_sync,
            "Cookies": self._pass_cookies,
            "Pop": self._pass_pop,
        }

    def close(self) -> None:
        """Let go of the replica and the core."""
        self._disconnect()

    def reconcile(self, key: Key) -> bool:
        """The pass of a key; there is nothing to do for zones."""
        found = self._passes.get(key.kind)
        return found is None or found(key)

    def sync(self) -> None:
        """List everything anew."""
        self._given.waiting.add(Key("Sync"))

    def zone_deleted(self, reference: Reference, known: Known) -> None:
        """There are no zones here."""

    def zone_file_came(self, zone: Reference) -> None:
        """There are no zones here."""

    # Passes

    def _pass_join(self, key: Key) -> bool:
        """Take the join Secret as it is now. One that is gone or unusable changes nothing."""
        self._given.waiting.add(key, JOIN_SECONDS)
        try:
            found = joining.find(self._cluster, self._configuration)
            self._mounts.bring(found)
            join = joining.read(found)
            before = None if self._specs is None else self._specs.keys
            keys = own_keys.keep(self._cluster, self._configuration, join, before)
        except JoinError as error:
            if str(error) != self._problem:
                _log.error("%s", error)
            self._problem = str(error)
            return True
        self._problem = ""
        self._take_join(join, keys)
        return True

    def _take_join(self, join: Join, keys: OwnKeys) -> None:
        before = None if self._specs is None else self._specs.keys
        if (join, keys) == (self._join, before):
            return
        if self._specs is None:
            self._specs = Specs(self._cluster, self._configuration, join, keys)
        self._specs.join(join, keys)
        if before is None or (join, keys.operator_password) != (
            self._join,
            before.operator_password,
        ):
            self._disconnect()
            self._replica = Replica(self._address(join.pop), keys.operator_password)
            core = self._configuration.core(join.user, join.password)
            self._sender = ReportSender(core, join.pop)
        self._join = join
        self._pops.joined = join.core_user
        self._pops.users_version = keys.users_version
        self._pops.passwords_version = keys.passwords_version
        self._given.waiting.add(Key("Pop", join.pop))

    def _disconnect(self) -> None:
        if self._replica is not None:
            self._replica.close()
        if self._sender is not None:
            self._sender.close()

    def _pass_sync(self, key: Key) -> bool:
        """List Pops and workloads; nothing else is looked at here."""
        self._observation.begin_list("Pop")
        page = self._cluster.page("Pop")
        self._observation.take_page("Pop", (slimmed("Pop", each) for each in page.objects))
        if page.token:
            _log.warning("more Pops than one page: this operator runs one of them")
        else:
            self._observation.end_list("Pop", page.version)
        for kind in KINDS:
            found = self._cluster.objects(kind, self._configuration.namespace, MANAGED_SELECTOR)
            self._workloads.replace(kind, [slimmed(kind, each) for each in found])
        if self._join is not None:
            self._given.waiting.add(Key("Pop", self._join.pop))
        self._given.waiting.add(key, SYNC_SECONDS)
        self._given.metrics.last_sync.set(time.time())
        return True

    def _pass_cookies(self, key: Key) -> bool:
        cookie_secrets.keep(self._cluster, self._configuration)
        self._given.waiting.add(key, cookies.LOOK_SECONDS)
        return True

    def _pass_pop(self, key: Key) -> bool:
        """Let the Pop object be what was signed, and its objects what it asks for."""
        join, specs = self._join, self._specs
        if join is None or specs is None or key.name != join.pop:
            return True  # the look at the join Secret adds this key; other Pops are not ours
        found = self._cluster.get("Pop", join.pop)
        specs.take_carried(found)
        if (mirrored := specs.wanted()) is not None and mirror.differs(found, mirrored):
            found = self._write(mirrored)
        specs.settle()
        self._pops.public_keys = specs.keys.public_pem if specs.is_proved(found) else ""
        if found is not None:
            self._observation.put(slimmed("Pop", {"kind": "Pop", **found}))
        if specs.keys.anew and specs.held is None:
            self._pops.follow(join.pop)  # only the replica can bring the spec of that core
        if found is None:
            self._pops.apply_replica(join.pop)
            specs.follow()
            return True
        self._pops.decide({})  # whoever asks is the core, and it has decided
        try:
            self._pops.run(join.pop)
        finally:
            specs.follow()  # a pass that fails is told with its reason
        return True

    def _write(self, mirrored: Object) -> Object:
        """Write the Pop object; what somebody added is not ours to apply away."""
        made = self._cluster.apply(mirrored)
        assert made is not None  # noqa: S101 - only a subresource of nothing gives None
        if mirror.differs(made, mirrored):
            made = self._cluster.replace(mirror.reverted(made, mirrored))
        _log.info("wrote %s as the core wants it", reference_of(mirrored))
        return made

    # Looks

    def look(self) -> None:
        """Take what the replica has, tell the core, and show it here."""
        join, specs, sender = self._join, self._specs, self._sender
        if join is None or specs is None or sender is None:
            return
        now = time.monotonic()
        if self._replica is not None and now >= self._replica_due:
            try:
                said = self._read(self._replica, specs, join.pop, now)
            except StoreError as error:
                if not self._replica_away:
                    _log.warning("the replica of the Pop does not answer: %s", error)
                self._replica_away = True
                self._replica_due = time.monotonic() + AWAY_SECONDS
            else:
                self._replica_away = False
                self._hear(said)
        outcomes = self._commands.outcomes
        self._teller.tell(join, specs, self._said, sender, self._problem, outcomes)

    def _read(self, replica: Replica, specs: Specs, pop: str, now: float) -> Mapping[str, Ack]:
        """Look for a newer spec and for commands now and then; what the edges say."""
        if now >= self._spec_due:
            self._spec_due = now + SPEC_SECONDS
            if specs.take(replica.spec(pop)):
                self._given.waiting.add(Key("Pop", pop))
            known = self._observation.get(Reference("Pop", "", pop))
            if known is not None and self._pops.public_keys:  # they are proved
                self._commands.turn(replica, pop, specs.keys)
        return replica.acks()

    def _has_core(self) -> bool:
        """Whether the core took the last report."""
        return self._sender is not None and not self._sender.problem

    def _hear(self, said: Mapping[str, Ack]) -> None:
        """Take what edges say. Where that is new, a pod that became Ready must have said so too."""
        sense = {edge: ack._replace(time_ms=0, load=None) for edge, ack in said.items()}
        if sense != self._sense:
            pods = self._cluster.objects("Pod", self._configuration.namespace, MANAGED_SELECTOR)
            self._workloads.replace("Pod", [slimmed("Pod", each) for each in pods])
            self._sense = sense
        self._said = said
