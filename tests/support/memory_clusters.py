"""An API server as a dict."""

import copy
import itertools
import threading
import time
from typing import Any

import kubernetes
from dnsfleet_operator.cluster import Cluster, ConflictError, Object, Page

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
        self._objects: dict[tuple[str, str, str], Object] = {}
        self._numbers = itertools.count(1)
        self.faults: dict[str, Exception] = {}
        """What is raised when objects of a kind are asked for."""
        self.raised = 0
        """How often a fault was raised."""
        for kind, name in _CONTAINERS:
            self.put({"kind": kind, "metadata": {"name": name}})

    def put(self, wanted: Object) -> Object:
        """Make or change an object, as people do; what it is then."""
        with self._lock:
            before = self._objects.get(_key(wanted), {})
            number = str(next(self._numbers))
            metadata: dict[str, Any] = {
                "uid": number,
                "generation": 0,
                "creationTimestamp": _CREATED,
            }
            metadata |= before.get("metadata", {}) | wanted["metadata"]
            if before.get("spec") != wanted.get("spec"):
                metadata["generation"] += 1
            made = before | wanted | {"metadata": metadata | {"resourceVersion": number}}
            self._objects[_key(wanted)] = made
            return copy.deepcopy(made)

    def time(self) -> float:
        return time.time()

    def get(self, kind: str, name: str, namespace: str = "") -> Object | None:
        self._answer(kind)
        with self._lock:
            return copy.deepcopy(self._objects.get((kind, namespace, name)))

    def objects(self, kind: str, namespace: str = "", labels: str = "") -> list[Object]:
        self._answer(kind)
        with self._lock:
            return [
                copy.deepcopy(found)
                for key, found in self._objects.items()
                if key[0] == kind
                and namespace in ("", key[1])
                and _selects(labels, found["metadata"].get("labels", {}))
            ]

    def of_namespace(self, namespace: str) -> list[Object]:
        """All objects of a namespace."""
        with self._lock:
            return [
                copy.deepcopy(found) for key, found in self._objects.items() if key[1] == namespace
            ]

    def page(
        self, kind: str, token: str = "", namespace: str = "", labels: str = "", most: int = 0
    ) -> Page:
        version = next(self._numbers)  # what has a lower one is in the list
        return Page(self.objects(kind, namespace, labels), "", version)

    def create(self, new: Object) -> Object:
        self._answer(new["kind"])
        if _key(new) in self._objects:
            raise ConflictError("it is there", 409)
        return self.put(new)

    def replace(self, changed: Object) -> Object:
        self._answer(changed["kind"])
        return self.put(changed)

    def apply(self, wanted: Object, subresource: str = "") -> Object | None:
        self._answer(wanted["kind"])
        if subresource:
            found = self._objects.get(_key(wanted))
            if found is None:
                return None
            if found["metadata"]["uid"] != wanted["metadata"].get("uid", found["metadata"]["uid"]):
                raise ConflictError("it is another one", 409)
        return self.put(wanted if not subresource else self._spec(wanted) | wanted)

    def delete(self, found: Object) -> None:
        self._answer(found["kind"])
        with self._lock:
            self._objects.pop(_key(found), None)

    def _spec(self, wanted: Object) -> Object:
        found = self._objects[_key(wanted)]
        return {"spec": found["spec"]} if "spec" in found else {}

    def _answer(self, kind: str) -> None:
        if (fault := self.faults.get(kind)) is not None:
            self.raised += 1
            raise fault


def _selects(selector: str, labels: dict[str, str]) -> bool:
    parts = (part.partition("=") for part in selector.split(",") if part)
    return all(
        key in labels and (not equals or labels[key] == value) for key, equals, value in parts
    )


def _key(found: Object) -> tuple[str, str, str]:
    kind, name, namespace = name_of(found)
    return kind, namespace, name


def name_of(found: Object) -> tuple[str, str, str]:
    """Kind, name and namespace, as `get` takes them."""
    metadata: dict[str, Any] = found["metadata"]
    return found["kind"], metadata["name"], metadata.get("namespace", "")
