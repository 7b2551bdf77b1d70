"""A controller at work on a real core and on an API server in memory."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Self

from dnsfleet.replication.manifests import Manifest
from dnsfleet.tsig_keys import PrimaryKey
from dnsfleet_engine import Zone
from dnsfleet_operator.cluster import Object
from dnsfleet_operator.configuration import from_environment
from dnsfleet_operator.controller import Controller
from dnsfleet_operator.leading.precedence import Precedence
from dnsfleet_operator.leading.terms import Term
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.objects import COMPONENT_LABEL, MANAGED_BY, POP_LABEL
from dnsfleet_operator.secrets.key_keeping import KeyKeeper
from dnsfleet_operator.work_queue import Key
from dnsfleet_publisher import key_secrets, redis_users
from dnsfleet_publisher.core_redis import CoreRedis, connect
from dnsfleet_publisher.key_secrets import Keys
from dnsfleet_publisher.record_store import RecordStore

from support.memory_clusters import MemoryCluster, name_of
from support.valkey import Valkey
from support.waiting import wait_for

NAMESPACE = "dnsfleet-system"
DEADLINE_SECONDS = 20.0


class ControlledFleet:
    """A controller that leads; events reach it as from watches, unless a test keeps them back."""

    def __init__(
        self,
        core: Valkey,
        before: "ControlledFleet | None" = None,
        cluster: MemoryCluster | None = None,
        namespace: str = NAMESPACE,
        password: str = "right",
        environment: Mapping[str, str] = {},
        primary_keys: Mapping[str, PrimaryKey] | None = None,
    ) -> None:
        """`before` is a controller that has stopped; this one started when that one did.

        `environment` are variables of it beside those that every one has; `primary_keys` are the
        keys by which zones are fetched.

        It is alone in a cluster of its own, unless it is given one. It leads unless the test has
        its release stand aside: `precedence` looks when the test says so.
        """
        self.cluster = cluster or MemoryCluster()
        if before is not None:
            self.cluster = before.cluster
        self.namespace = namespace
        self.metrics = Metrics()
        self.keys: Keys = new_keys(password) if before is None else before.keys
        """What the operator holds when it starts."""
        self._client = connect(core.url)
        configuration = from_environment(
            {
                "DNSFLEET_NAMESPACE": namespace,
                "POD_NAME": "operator-1",
                "DNSFLEET_EDGE_IMAGE": "edge",
                "DNSFLEET_CORE_HOST": "127.0.0.1",
                "DNSFLEET_CORE_PORT": str(core.port),
                **environment,
            }
        )
        if before is None:
            self.cluster.put(key_secrets.secret(self.keys, "dnsfleet-keys", namespace))
        self.precedence = Precedence(
            self.cluster, configuration, self.metrics, lambda: self.controller.wake()
        )
        keeper = KeyKeeper(self.cluster, configuration, self.keys, self.metrics)
        self.controller = Controller(
            self.cluster,
            configuration,
            lambda given: Term(given, keeper),
            self.metrics,
            self._leads,
        )
        self.controller.trust_primaries(primary_keys or {})
        self.precedence.look(0.0)

    def __enter__(self) -> Self:
        self.controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.controller.stop()
        self._client.close()
        corrections = "dnsfleet_operator_resync_corrections_total"
        assert self.metrics.registry.get_sample_value(corrections) == 0

    def _leads(self) -> bool:
        return not self.precedence.problem

    def put(self, wanted: Object) -> Object:
        """Make or change an object, and tell of it where somebody watches its kind."""
        made = self.cluster.put(wanted)
        if made["kind"] != "ConfigMap":
            self.controller.event(made["kind"], made, deleted=False)
        return made

    def delete(self, gone: Object) -> None:
        """End an object, and tell of it."""
        found = self.cluster.get(*name_of(gone))
        assert found is not None
        self.cluster.delete(found)
        self.controller.event(found["kind"], found, deleted=True)

    def have_due(self, keys: Iterable[Key]) -> None:
        """Have keys be due now, as those are whose time has come."""

        def add(due: tuple[Key, ...]) -> None:
            for key in due:
                self.controller._keys.add(key)

        self.controller._inbox.put(partial(add, tuple(keys)))

    def passes(self, kind: str, result: str = "success") -> int:
        """How many passes over keys of a kind ended so."""
        name = "dnsfleet_operator_reconcile_total"
        labels = {"kind": kind, "result": result}
        return int(self.metrics.registry.get_sample_value(name, labels) or 0)

    def last_turn(self) -> float:
        """When the controller's last turn ended, Unix time in seconds."""
        name = "dnsfleet_operator_last_pass_timestamp_seconds"
        return self.metrics.registry.get_sample_value(name) or 0.0

    def status_writes(self, kind: str) -> int:
        """How many statuses of a kind were written."""
        name = "dnsfleet_operator_status_writes_total"
        return int(self.metrics.registry.get_sample_value(name, {"kind": kind}) or 0)

    def wait_for_passes(self, kind: str, result: str = "success", more: int = 1) -> None:
        """Wait until so many more passes have ended."""
        wanted = self.passes(kind, result) + more
        what = f"passes over {kind}: {result}"
        wait_for(what, lambda: self.passes(kind, result) >= wanted, DEADLINE_SECONDS)

    def wait_for_condition(self, kind: str, name: str, condition: str, reason: str) -> None:
        """Wait until an object shows a condition with this reason."""
        namespace = "" if kind in ("Fleet", "Pop") else "dns"

        def shown() -> bool:
            found = self.cluster.get(kind, name, namespace) or {}
            conditions = found.get("status", {}).get("conditions", ())
            return (condition, reason) in {(each["type"], each["reason"]) for each in conditions}

        wait_for(f"{kind} {name}: {condition} is {reason}", shown, DEADLINE_SECONDS)

    def edges(self, pop: str) -> int:
        """How many edges the Deployment of a Pop asks for."""
        found = self.cluster.get("Deployment", f"pop-{pop}-edge", self.namespace)
        return int(found["spec"]["replicas"]) if found is not None else -1

    def served(self, origin: str) -> Zone | None:
        """The zone as the core has it."""
        return RecordStore(CoreRedis(self._client), self.keys.private, lambda: 0.0).load(origin)

    def manifest(self, origin: str) -> Manifest | None:
        """The newest manifest that the core has of a zone."""
        return RecordStore(CoreRedis(self._client), self.keys.private, lambda: 0.0).manifest(origin)

    def written_format(self, origin: str) -> int:
        """The format in which the core has a zone."""
        manifest = self.manifest(origin)
        assert manifest is not None
        return manifest.format

    def wait_until_served(self, origin: str, name: str, address: str) -> None:
        """Wait until the core has the address of a name."""

        def arrived() -> bool:
            zone = self.served(origin)
            found = zone.get(name, "A") if zone is not None else None
            return found is not None and found[1] == [address]

        wait_for(f"{name} is at {address}", arrived, DEADLINE_SECONDS)


def edge_pod(pop: str, ready: bool = True) -> Object:
    """The one edge pod of a Pop."""
    labels = {POP_LABEL: pop, COMPONENT_LABEL: "edge", "app.kubernetes.io/managed-by": MANAGED_BY}
    metadata = {"name": f"pop-{pop}-edge-1", "namespace": NAMESPACE, "labels": labels}
    status = {"conditions": [{"type": "Ready", "status": str(ready)}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status}


def new_keys(password: str = "right") -> Keys:
    """Fresh ones, with the password that the core takes from its writer, and from `admin`."""
    made = key_secrets.make()
    entries = {**made.entries, "publisher": password, redis_users.ADMIN: password}
    made = made._replace(publisher_password=password, entries=entries)
    return key_secrets.with_users_of_today(made, made)
