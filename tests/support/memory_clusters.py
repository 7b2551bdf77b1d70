"""An API server as a dict."""

import copy
import itertools
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import kubernetes
from dnsfleet.resources import Reference
from dnsfleet_operator.api_calls import APICalls
from dnsfleet_operator.cluster import Cluster, ClusterError, ConflictError, Object, Page
from prometheus_client import CollectorRegistry

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
        super().__init__(kubernetes.client.ApiClient(), APICalls(CollectorRegistry()))
        self._lock = threading.Lock()
        self._objects: dict[str, dict[tuple[str, str], Object]] = defaultdict(dict)
        """By kind, then by namespace and name: no look at one kind goes through another."""
        self._numbers = itertools.count(1)
        self.writes: Counter[str] = Counter()
        """How many writes of each kind it took; what a test has put there does not count."""
        self.versions_asked = 0
        """How often somebody asked only for the version of an object."""
        self.faults: dict[str, Exception] = {}
        """What is raised when objects of a kind are asked for."""
        self._forbidden: tuple[str, ...] = ()
        self.raised = 0
        """How often a fault was raised."""
        for kind, name in _CONTAINERS:
            self.put({"kind": kind, "metadata": {"name": name}})

    def limit(self, *namespaces: str) -> None:
        """Let whoever asks for Zones and RecordSets do so in these namespaces only."""
        self._watch_namespaces = namespaces

    def forbid(self, *namespaces: str) -> None:
        """Refuse to show them in these."""
        self._forbidden = namespaces

    def _allow(self, kind: str, namespace: str) -> None:
        if self.places(kind) == ("",):
            return
        if namespace not in self._watch_namespaces or namespace in self._forbidden:
            raise ClusterError(f"get {kind} {namespace}: forbidden (403)", 403)

    def put(self, wanted: Object) -> Object:
        """Make or change an object, as people do; what it is then."""
        kind, key = wanted["kind"], _key(wanted)
        with self._lock:
            before = self._objects[kind].get(key, {})
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
            self._objects[kind][key] = made
            return copy.deepcopy(made)

    def time(self) -> float:
        return time.time()

    def get(self, kind: str, name: str, namespace: str = "") -> Object | None:
        self._answer(kind)
        self._allow(kind, namespace)
        with self._lock:
            return copy.deepcopy(self._objects[kind].get((namespace, name)))

    def version(self, reference: Reference) -> int | None:
        found = self.get(reference.kind, reference.name, reference.namespace)
        self.versions_asked += 1
        return None if found is None else int(found["metadata"]["resourceVersion"])

    def objects(self, kind: str, namespace: str = "", labels: str = "") -> list[Object]:
        self._answer(kind)
        self._allow(kind, namespace)
        with self._lock:
            return [
                copy.deepcopy(found)
                for (own, _), found in self._objects[kind].items()
                if namespace in ("", own) and _selects(labels, found["metadata"].get("labels", {}))
            ]

    def count(self, kind: str, is_so: Callable[[Object], bool]) -> int:
        """How many objects of a kind are so; `is_so` gets them themselves, and changes nothing.

        Whoever waits for ten thousand objects asks this again and again: copies of all of them
        would take longer than what is waited for.
        """
        with self._lock:
            return sum(map(is_so, self._objects[kind].values()))

    def of_namespace(self, namespace: str) -> list[Object]:
        """All objects of a namespace."""
        with self._lock:
            return [
                copy.deepcopy(found)
                for of_kind in self._objects.values()
                for (own, _), found in of_kind.items()
                if own == namespace
            ]

    def page(
        self, kind: str, token: str = "", namespace: str = "", labels: str = "", most: int = 0
    ) -> Page:
        version = next(self._numbers)  # what has a lower one is in the list
        return Page(self.objects(kind, namespace, labels), "", version)

    def create(self, new: Object) -> Object:
        self._answer(new["kind"])
        if _key(new) in self._objects[new["kind"]]:
            raise ConflictError("it is there", 409)
        return self._taken(new)

    def replace(self, changed: Object) -> Object:
        self._answer(changed["kind"])
        return self._taken(changed)

    def apply(self, wanted: Object, subresource: str = "") -> Object | None:
        self._answer(wanted["kind"])
        if subresource:
            found = self._objects[wanted["kind"]].get(_key(wanted))
            if found is None:
                return None
            if found["metadata"]["uid"] != wanted["metadata"].get("uid", found["metadata"]["uid"]):
                raise ConflictError("it is another one", 409)
        return self._taken(wanted if not subresource else self._spec(wanted) | wanted)

    def delete(self, found: Object, *, unchanged: bool = False) -> None:
        self._answer(found["kind"])
        with self._lock:
            there = self._objects[found["kind"]].get(_key(found), found)
            version = "resourceVersion"
            if unchanged and there["metadata"][version] != found["metadata"][version]:
                raise ConflictError("it is another version", 409)
            self._objects[found["kind"]].pop(_key(found), None)
            self.writes[found["kind"]] += 1

    def _taken(self, wanted: Object) -> Object:
        made = self.put(wanted)
        with self._lock:
            self.writes[wanted["kind"]] += 1
        return made

    def _spec(self, wanted: Object) -> Object:
        found = self._objects[wanted["kind"]][_key(wanted)]
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


def _key(found: Object) -> tuple[str, str]:
    _, name, namespace = name_of(found)
    return namespace, name


def name_of(found: Object) -> tuple[str, str, str]:
    """Kind, name and namespace, as `get` takes them."""
    metadata: dict[str, Any] = found["metadata"]
    return found["kind"], metadata["name"], metadata.get("namespace", "")
