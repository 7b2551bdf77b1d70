"""An API server as a dict, and a controller at work on it and on a real core."""

import copy
import itertools
import threading
from typing import Any, Self

import kubernetes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet_engine import Zone
from dnsfleet_operator.cluster import Cluster, ConflictError, Manifest
from dnsfleet_operator.configuration import from_environment
from dnsfleet_operator.controller import Controller
from dnsfleet_operator.core_redis import connect
from dnsfleet_operator.key_secrets import Keys
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.record_store import RecordStore

from support.valkey import Valkey
from support.waiting import wait_for

NAMESPACE = "dnsfleet-system"
DEADLINE_SECONDS = 20.0
_CREATED = "2026-01-01T00:00:00Z"
_CONTAINERS = (
    ("Namespace", "dns"),
    ("CustomResourceDefinition", "zones.dnsfleet.io"),
    ("CustomResourceDefinition", "recordsets.dnsfleet.io"),
    ("CustomResourceDefinition", "pops.dnsfleet.io"),
)


class MemoryCluster(Cluster):
    """Keeps objects with uids, versions and generations; has no defaults, and no watches."""

    def __init__(self) -> None:
        super().__init__(kubernetes.client.ApiClient())
        self._lock = threading.Lock()
        self._objects: dict[tuple[str, str, str], Manifest] = {}
        self._numbers = itertools.count(1)
        self.faults: dict[str, Exception] = {}
        """What is raised when objects of a kind are asked for."""
        self.raised = 0
        """How often a fault was raised."""
        for kind, name in _CONTAINERS:
            self.put({"kind": kind, "metadata": {"name": name}})

    def put(self, manifest: Manifest) -> Manifest:
        """Make or change an object, as people do; what it is then."""
        with self._lock:
            before = self._objects.get(_key(manifest), {})
            number = str(next(self._numbers))
            metadata: dict[str, Any] = {
                "uid": number,
                "generation": 0,
                "creationTimestamp": _CREATED,
            }
            metadata |= before.get("metadata", {}) | manifest["metadata"]
            if before.get("spec") != manifest.get("spec"):
                metadata["generation"] += 1
            made = before | manifest | {"metadata": metadata | {"resourceVersion": number}}
            self._objects[_key(manifest)] = made
            return copy.deepcopy(made)

    def get(self, kind: str, name: str, namespace: str = "") -> Manifest | None:
        self._answer(kind)
        with self._lock:
            return copy.deepcopy(self._objects.get((kind, namespace, name)))

    def objects(self, kind: str, namespace: str = "", labels: str = "") -> list[Manifest]:
        self._answer(kind)
        with self._lock:
            return [
                copy.deepcopy(found)
                for key, found in self._objects.items()
                if key[0] == kind
                and namespace in ("", key[1])
                and _selects(labels, found["metadata"].get("labels", {}))
            ]

    def create(self, manifest: Manifest) -> Manifest:
        self._answer(manifest["kind"])
        if _key(manifest) in self._objects:
            raise ConflictError("it is there", 409)
        return self.put(manifest)

    def replace(self, manifest: Manifest) -> Manifest:
        self._answer(manifest["kind"])
        return self.put(manifest)

    def apply(self, manifest: Manifest, subresource: str = "") -> Manifest | None:
        self._answer(manifest["kind"])
        if subresource and _key(manifest) not in self._objects:
            return None
        return self.put(manifest if not subresource else self._spec(manifest) | manifest)

    def delete(self, manifest: Manifest) -> None:
        self._answer(manifest["kind"])
        with self._lock:
            self._objects.pop(_key(manifest), None)

    def _spec(self, manifest: Manifest) -> Manifest:
        found = self._objects[_key(manifest)]
        return {"spec": found["spec"]} if "spec" in found else {}

    def _answer(self, kind: str) -> None:
        if (fault := self.faults.get(kind)) is not None:
            self.raised += 1
            raise fault


class ControlledFleet:
    """A controller that leads; events reach it as from watches, unless a test keeps them back."""

    def __init__(self, core: Valkey) -> None:
        self.cluster = MemoryCluster()
        self.metrics = Metrics()
        self._private = Ed25519PrivateKey.generate()
        self._client = connect(core.url)
        configuration = from_environment(
            {
                "DNSFLEET_NAMESPACE": NAMESPACE,
                "POD_NAME": "operator-1",
                "DNSFLEET_EDGE_IMAGE": "edge",
                "DNSFLEET_CORE_HOST": "127.0.0.1",
                "DNSFLEET_CORE_PORT": str(core.port),
            }
        )
        keys = Keys(self._private, "public", "right")
        self.controller = Controller(self.cluster, configuration, keys, self.metrics, lambda: True)

    def __enter__(self) -> Self:
        self.controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.controller.stop()
        self._client.close()

    def put(self, manifest: Manifest) -> Manifest:
        """Make or change an object, and tell of it."""
        made = self.cluster.put(manifest)
        self.controller.event(made["kind"], made, deleted=False)
        return made

    def delete(self, manifest: Manifest) -> None:
        """End an object, and tell of it."""
        found = self.cluster.get(*_name(manifest))
        assert found is not None
        self.cluster.delete(found)
        self.controller.event(found["kind"], found, deleted=True)

    def passes(self, kind: str, result: str = "success") -> int:
        """How many passes over keys of a kind ended so."""
        name = "dnsfleet_operator_reconcile_total"
        labels = {"kind": kind, "result": result}
        return int(self.metrics.registry.get_sample_value(name, labels) or 0)

    def wait_for_passes(self, kind: str, result: str = "success", more: int = 1) -> None:
        """Wait until so many more passes have ended."""
        wanted = self.passes(kind, result) + more
        what = f"passes over {kind}: {result}"
        wait_for(what, lambda: self.passes(kind, result) >= wanted, DEADLINE_SECONDS)

    def wait_for_condition(self, kind: str, name: str, condition: str, reason: str) -> None:
        """Wait until an object shows a condition with this reason."""
        namespace = "" if kind == "Pop" else "dns"

        def shown() -> bool:
            found = self.cluster.get(kind, name, namespace) or {}
            conditions = found.get("status", {}).get("conditions", ())
            return (condition, reason) in {(each["type"], each["reason"]) for each in conditions}

        wait_for(f"{kind} {name}: {condition} is {reason}", shown, DEADLINE_SECONDS)

    def edges(self, pop: str) -> int:
        """How many edges the Deployment of a Pop asks for."""
        found = self.cluster.get("Deployment", f"pop-{pop}-edge", NAMESPACE)
        return int(found["spec"]["replicas"]) if found is not None else -1

    def served(self, origin: str) -> Zone | None:
        """The zone as the core has it."""
        return RecordStore(self._client, self._private, lambda: 0.0).load(origin)

    def wait_until_served(self, origin: str, name: str, address: str) -> None:
        """Wait until the core has the address of a name."""

        def arrived() -> bool:
            zone = self.served(origin)
            found = zone.get(name, "A") if zone is not None else None
            return found is not None and found[1] == [address]

        wait_for(f"{name} is at {address}", arrived, DEADLINE_SECONDS)


def _selects(selector: str, labels: dict[str, str]) -> bool:
    parts = (part.partition("=") for part in selector.split(",") if part)
    return all(
        key in labels and (not equals or labels[key] == value) for key, equals, value in parts
    )


def _key(manifest: Manifest) -> tuple[str, str, str]:
    kind, name, namespace = _name(manifest)
    return kind, namespace, name


def _name(manifest: Manifest) -> tuple[str, str, str]:
    metadata: dict[str, Any] = manifest["metadata"]
    return manifest["kind"], metadata["name"], metadata.get("namespace", "")
