"""The operator's passes over zones without a cluster: objects as lists, and a real core."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import kubernetes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.resources import Reference
from dnsfleet.violations import Violation
from dnsfleet_engine import Zone
from dnsfleet_operator.api_calls import APICalls
from dnsfleet_operator.cluster import Cluster
from dnsfleet_operator.observed.observation import Observation
from dnsfleet_operator.zones.downloads import Downloads
from dnsfleet_operator.zones.passes import ZonePasses
from dnsfleet_operator.zones.results import Taken
from dnsfleet_publisher.core_redis import CoreRedis, connect
from dnsfleet_publisher.publishing import Outcome
from dnsfleet_publisher.record_store import RecordStore
from prometheus_client import CollectorRegistry

from support.complete_lists import list_all
from support.valkey import Valkey

GRACE_SECONDS = 100.0
KEY = Ed25519PrivateKey.generate()


_CONTAINERS = (
    ("Namespace", "dns"),
    ("CustomResourceDefinition", "zones.dnsfleet.io"),
    ("CustomResourceDefinition", "recordsets.dnsfleet.io"),
)


class _Cluster(Cluster):
    """Knows namespaces and CRDs; the objects that are asked for beside them are gone."""

    def __init__(self, there: dict[tuple[str, str], dict[str, Any]]) -> None:
        super().__init__(kubernetes.client.ApiClient(), APICalls(CollectorRegistry()))
        self._there = there
        self.again: list[dict[str, Any]] = []
        """Objects that were made again without the operator's knowledge."""

    def get(self, kind: str, name: str, namespace: str = "") -> dict[str, Any] | None:
        if (found := self._there.get((kind, name))) is not None:
            return found
        return next((each for each in self.objects(kind) if _names(each, name, namespace)), None)

    def objects(self, kind: str, namespace: str = "", labels: str = "") -> list[dict[str, Any]]:
        del namespace, labels
        return [each for each in self.again if each["kind"] == kind]


def _names(found: dict[str, Any], name: str, namespace: str) -> bool:
    metadata = found["metadata"]
    return (metadata["name"], metadata["namespace"]) == (name, namespace)


class Seen(NamedTuple):
    """What all passes until now made of the objects."""

    outcomes: dict[str, Outcome]
    violations: dict[Reference, tuple[Violation, ...]]
    taken: dict[Reference, Taken]
    frozen: set[Reference]
    failed: str


class Writer:
    """One operator, from its start to its end; it knows nothing of those before it."""

    def __init__(self, core: Valkey, clock: Callable[[], float] = time.time) -> None:
        """`clock` is the one by which removals are counted."""
        self.observation = Observation()
        self.store = RecordStore(CoreRedis(core.closing(connect(core.url))), KEY, time.time)
        self.there: dict[tuple[str, str], dict[str, Any]] = {}
        """What the API server has of namespaces and CRDs, by kind and name."""
        for kind, name in _CONTAINERS:
            self.there[kind, name] = {"metadata": {"creationTimestamp": "2025-01-01T00:00:00Z"}}
        self.cluster = cluster = _Cluster(self.there)
        outside = Downloads(lambda _: None)
        self.passes = ZonePasses(cluster, self.store, outside, GRACE_SECONDS, clock)

    def list(self, *objects: dict[str, Any]) -> None:
        """Take these as all objects that there are."""
        list_all(self.observation, *objects)

    def run(self, *objects: dict[str, Any]) -> Seen:
        """Take these as all objects, and pass over all that this changed."""
        self.list(*objects)
        return self.work()

    def work(self, lingering: frozenset[str] = frozenset()) -> Seen:
        """Pass until nothing waits that would not fail again."""
        outcomes: dict[str, Outcome] = {}
        failed = ""
        while True:
            done = self.passes.run(self.observation, lingering)
            outcomes |= done.outcomes
            failed = next(iter(done.failed.values()), failed)
            if failed or not self.passes.waiting:
                break
        results = self.passes.results
        return Seen(
            results.outcomes | outcomes,
            dict(results.violations),
            dict(results.taken),
            set(results.frozen),
            failed,
        )

    def served(self) -> dict[str, int]:
        """Records by origin, as the core has them."""
        zones = {origin: self.store.load(origin) for origin in self.store.live()}
        return {origin: zone.records for origin, zone in zones.items() if isinstance(zone, Zone)}


def delete(writer: Writer, *gone: dict[str, Any]) -> None:
    """The API server tells that these Zones are gone, one after the other."""
    for each in gone:
        metadata = each["metadata"]
        reference = Reference("Zone", metadata["namespace"], metadata["name"])
        known = writer.observation.remove(reference, metadata["uid"])
        assert known is not None
        writer.passes.deleted(reference, known)
        writer.work()


def item(kind: str, name: str, spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    usual = {
        "name": name,
        "namespace": "dns",
        "uid": name,
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    api_version = "dnsfleet.io/v1alpha1"
    return {"apiVersion": api_version, "kind": kind, "metadata": usual | metadata, "spec": spec}


def zone(name: str, hosts: int = 1, **metadata: Any) -> dict[str, Any]:
    records = [{"name": f"h{n}", "type": "A", "data": ["192.0.2.1"]} for n in range(hosts)]
    spec = {"origin": f"{name}.example", "nameServers": ["ns1.example.net"], "records": records}
    return item("Zone", name, spec, **metadata)


def changed(found: dict[str, Any], generation: int, **spec: Any) -> dict[str, Any]:
    """The next version of an object."""
    metadata = found["metadata"] | {
        "generation": generation,
        "resourceVersion": str(generation),
    }
    return found | {"metadata": metadata, "spec": found["spec"] | spec}


def record_set(name: str, owner: str, rtype: str = "A", data: str = "192.0.2.2") -> dict[str, Any]:
    record = {"name": owner, "type": rtype, "data": [data]}
    return item("RecordSet", name, {"zoneRef": {"name": "a"}, "records": [record]})
