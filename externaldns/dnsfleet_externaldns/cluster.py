"""The API server: the Zones that are there, and the RecordSets of one instance.

A write names the object that it is about by its uid. Server-side apply has no word for "a new one
only": it merges into whatever has the name. So the name is asked for first, and the new object is
applied without force: a field of somebody else who came in between is a conflict.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from dnsfleet.resources import Reference
from dnsfleet.resources.base import GROUP, VERSION
from dnsfleet_kubernetes import calls
from dnsfleet_kubernetes.calls import APPLY, RefusedError, asked, written
from kubernetes import client

from dnsfleet_externaldns.record_sets import MANAGER, Object

LIST_AT_ONCE = {"zones": 50, "recordsets": 500}
"""Objects in one answer, all of it is in memory at once: a Zone has up to a megabyte, one of our
RecordSets some kilobytes mostly."""
TIMEOUT_SECONDS = 5.0
"""For one answer of the API server: ExternalDNS waits for 15 s, and hears of it."""


class API(Protocol):
    """What the operations need of an API server. Each raises UnavailableError."""

    def zones(self) -> Iterator[Object]:
        """All Zones that may be written to."""

    def labels(self, namespace: str) -> dict[str, str]:
        """The labels of a namespace."""

    def record_sets(self, labels: dict[str, str]) -> Iterator[Object]:
        """The RecordSets with these labels."""

    def apply(self, body: Object, uid: str) -> str:
        """Server-side apply of a new object, or of the one with this uid; its uid. RefusedError."""

    def delete(self, place: Reference, uid: str) -> None:
        """Delete the RecordSet with this uid; no error where it is gone. RefusedError."""


class Cluster:
    """The API server of the cluster that this pod is in, or that of the kubeconfig outside of any.

    Without `namespaces` it is about all of them. ConfigException where there is no cluster.
    """

    def __init__(self, namespaces: Sequence[str] = ()) -> None:
        api = calls.connect()
        self._namespaces = namespaces
        self._core = client.CoreV1Api(api)
        self._objects = client.CustomObjectsApi(api)

    def zones(self) -> Iterator[Object]:
        """See `API`."""
        return self._all("zones")

    def record_sets(self, labels: dict[str, str]) -> Iterator[Object]:
        """See `API`."""
        return self._all("recordsets", ",".join(f"{key}={labels[key]}" for key in labels))

    def labels(self, namespace: str) -> dict[str, str]:
        """See `API`."""
        found = asked(
            f"read namespace {namespace}",
            self._core.read_namespace,
            namespace,
            _request_timeout=TIMEOUT_SECONDS,
        )
        return dict(found.metadata.labels or {})

    def apply(self, body: Object, uid: str) -> str:
        """See `API`."""
        metadata = body["metadata"]
        uid = uid or self._uid_of_ours(metadata)
        if uid:
            body = {**body, "metadata": {**metadata, "uid": uid}}
        made = written(
            f"write recordset {metadata['namespace']}/{metadata['name']}",
            self._objects.patch_namespaced_custom_object,
            GROUP,
            VERSION,
            metadata["namespace"],
            "recordsets",
            metadata["name"],
            body,
            field_manager=MANAGER,
            force=bool(uid),
            _content_type=APPLY,
            _preload_content=False,  # the client reads no body of a 201
            _request_timeout=TIMEOUT_SECONDS,
        )
        return str(json.loads(made.data)["metadata"]["uid"])

    def delete(self, place: Reference, uid: str) -> None:
        """See `API`."""
        try:
            written(
                f"delete recordset {place.namespace}/{place.name}",
                self._objects.delete_namespaced_custom_object,
                GROUP,
                VERSION,
                place.namespace,
                "recordsets",
                place.name,
                body={
                    "apiVersion": "v1",
                    "kind": "DeleteOptions",
                    "preconditions": {"uid": uid},
                },
                _request_timeout=TIMEOUT_SECONDS,
            )
        except RefusedError as error:
            if error.reason != "NotFound":
                raise

    def _uid_of_ours(self, metadata: Object) -> str:
        """The uid of the object of this name; empty where there is none. RefusedError where it has
        not the labels of the instance."""
        name = f"recordset {metadata['namespace']}/{metadata['name']}"
        try:
            found = written(
                f"read {name}",
                self._objects.get_namespaced_custom_object,
                GROUP,
                VERSION,
                metadata["namespace"],
                "recordsets",
                metadata["name"],
                _request_timeout=TIMEOUT_SECONDS,
            )
        except RefusedError as error:
            if error.reason != "NotFound":
                raise
            return ""
        if not metadata["labels"].items() <= (found["metadata"].get("labels") or {}).items():
            raise RefusedError("Conflict", f"{name} is of somebody else: it lacks our labels")
        return str(found["metadata"]["uid"])

    def _all(self, plural: str, selector: str = "") -> Iterator[Object]:
        for namespace in self._namespaces or [""]:
            yield from self._pages(plural, namespace, selector)

    def _pages(self, plural: str, namespace: str, selector: str) -> Iterator[Object]:
        what = f"list {plural} of {f'namespace {namespace}' if namespace else 'all namespaces'}"
        options: dict[str, Any] = {
            "limit": LIST_AT_ONCE[plural],
            "label_selector": selector,
            "_request_timeout": TIMEOUT_SECONDS,
        }
        send, named = self._objects.list_cluster_custom_object, (GROUP, VERSION, plural)
        if namespace:
            send = self._objects.list_namespaced_custom_object
            named = (GROUP, VERSION, namespace, plural)  # type: ignore[assignment]
        token = ""
        while True:
            page = asked(what, send, *named, **options, _continue=token)
            yield from page["items"]
            token = page["metadata"].get("continue") or ""
            if not token:
                return
