"""The operations of the webhook without HTTP and an API server: objects are in a dictionary.

What the API server decides by itself (schemas, conflicts, merging) is tested against a real one.
"""

import copy
import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any

from dnsfleet.resources import Reference
from dnsfleet_externaldns import endpoints
from dnsfleet_externaldns.endpoints import Endpoint
from dnsfleet_externaldns.metrics import WebhookMetrics
from dnsfleet_externaldns.provider import Provider
from dnsfleet_externaldns.record_sets import Object
from dnsfleet_kubernetes.calls import RefusedError, UnavailableError

INSTANCE = "test"


def zone(origin: str, namespace: str = "dns", **spec: Any) -> Object:
    """A Zone as the API server has it, accepted."""
    name = origin.replace(".", "-")
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": {"origin": origin, "records": [{"name": "@", "type": "A", "data": ["192.0.2.99"]}]}
        | spec,
        "status": {"conditions": [{"type": "Accepted", "status": "True"}]},
    }


class Objects:
    """See `dnsfleet_externaldns.cluster.API`."""

    def __init__(self, *zones: Object, namespaces: dict[str, dict[str, str]] | None = None) -> None:
        self.zones_there = list(zones)
        self.namespaces = namespaces or {}
        self.there: dict[tuple[str, str], Object] = {}
        """RecordSets by namespace and name."""
        self.writes: list[str] = []
        """`apply NAME` or `delete NAME`, in order."""
        self.states: list[list[Object]] = []
        """The RecordSets after each write, the oldest first."""
        self.refuses: str | None = None
        """What the names of objects begin with that are refused."""
        self.available = True
        self.now = 0.0
        """Seconds, of a clock that writes move on."""
        self.seconds = 0.0
        """How long a write takes."""
        self._uids = itertools.count(1)

    def zones(self) -> Iterator[Object]:
        self._ask()
        return iter(copy.deepcopy(self.zones_there))

    def labels(self, namespace: str) -> dict[str, str]:
        self._ask()
        return self.namespaces.get(namespace, {})

    def record_sets(self, labels: dict[str, str]) -> Iterator[Object]:
        self._ask()
        found = (each for each in self.there.values() if labels.items() <= _labels(each).items())
        return map(_versioned, found)

    def apply(self, body: Object, uid: str) -> str:
        self._ask()
        self.now += self.seconds
        metadata = body["metadata"]
        key = metadata["namespace"], metadata["name"]
        there = self.there.get(key)
        if self.refuses is not None and key[1].startswith(self.refuses):
            raise RefusedError("Forbidden", f"may not write {key[1]}")
        if (there["metadata"]["uid"] if there else "") != uid:
            raise RefusedError("Conflict", f"{key[1]}: another object")
        self.writes.append(f"apply {key[1]}")
        self.there[key] = copy.deepcopy(body)
        made = self.there[key]["metadata"]["uid"] = uid or f"uid-{next(self._uids)}"
        self.states.append(list(self.there.values()))
        return made

    def delete(self, place: Reference, uid: str) -> None:
        self._ask()
        there = self.there.get(place[1:])
        if there is not None and there["metadata"]["uid"] != uid:
            raise RefusedError("Conflict", f"{place.name}: another object")
        self.writes.append(f"delete {place.name}")
        self.there.pop(place[1:], None)
        self.states.append(list(self.there.values()))

    def rrsets(self) -> dict[tuple[str, str], tuple[list[str], int | None]]:
        """Data and TTL by owner name and type, of all RecordSets."""
        records = [each for it in self.there.values() for each in it["spec"]["records"]]
        return {(it["name"], it["type"]): (it["data"], it.get("ttl")) for it in records}

    def _ask(self) -> None:
        if not self.available:
            raise UnavailableError("list zones: no answer")


class Rig:
    """A webhook on some objects."""

    def __init__(self, objects: Objects, *domains: str, instance: str = INSTANCE) -> None:
        self.objects = objects
        self.metrics = WebhookMetrics()
        self.provider = Provider(objects, instance, domains, self.metrics, lambda: objects.now)

    def ask(self, method: str, path: str, body: Any) -> Any:
        """A request as ExternalDNS makes it; a minute passes before each round."""
        match method, path:
            case "GET", "/records":
                self.objects.now += 60
                return sent(self.provider.records())
            case "POST", "/adjustendpoints":
                wanted = endpoints.endpoints(content(body))
                return sent(self.provider.adjust(wanted))
            case "POST", "/records":
                return self.provider.apply(endpoints.changes(content(body)))
        raise AssertionError(path)

    def sample(self, name: str, **labels: str) -> float | None:
        """A sample of /metrics."""
        return self.metrics.registry.get_sample_value(f"dnsfleet_externaldns_{name}", labels)


def sent(found: Iterable[Endpoint]) -> Any:
    """Endpoints as they are heard."""
    return json.loads(json.dumps(endpoints.to_json(found)))


def content(body: Any) -> bytes:
    """A body as it is sent."""
    return json.dumps(body).encode()


def _versioned(item: Object) -> Object:
    """A copy, whose version is another one whenever anything is."""
    version = hashlib.sha256(json.dumps(item).encode()).hexdigest()
    return {**copy.deepcopy(item), "metadata": {**item["metadata"], "resourceVersion": version}}


def _labels(item: Object) -> dict[str, str]:
    return dict(item["metadata"].get("labels") or {})
