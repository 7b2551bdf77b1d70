"""The API server: the Zones that are there, and the RecordSets of one instance.

A write names the object that it is about by its uid. Server-side apply has no word for "a new one
only": it merges into whatever has the name. So the name is asked for first, and the new object is
applied without force: a field of somebody else who came in between is a conflict.
"""

import json
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Protocol

import urllib3
from dnsfleet.resources import Reference
from dnsfleet.resources.base import GROUP, VERSION
from kubernetes import client, config

from dnsfleet_externaldns.record_sets import MANAGER, Object

LIST_AT_ONCE = {"zones": 50, "recordsets": 500}
"""Objects in one answer, all of it is in memory at once: a Zone has up to a megabyte, one of our
RecordSets some kilobytes mostly."""
TIMEOUT_SECONDS = 5.0
"""For one answer of the API server: ExternalDNS waits for 15 s, and hears of it."""
APPLY = "application/apply-patch+yaml"
_ABOUT_ONE = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


class UnavailableError(Exception):
    """The API server does not do anything now; the text says what it was asked."""


class RefusedError(Exception):
    """The API server refuses to write one object."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        """CamelCase word of the API server."""


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
        configuration = client.Configuration()
        try:
            config.load_incluster_config(configuration)
        except config.ConfigException:
            config.load_kube_config(client_configuration=configuration)
        configuration.retries = False  # by default it asks four times, and waits as it is told
        api = client.ApiClient(configuration)
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
        found = _asked(
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
        made = _written(
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
            _written(
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
            found = _written(
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
            page = _asked(what, send, *named, **options, _continue=token)
            yield from page["items"]
            token = page["metadata"].get("continue") or ""
            if not token:
                return


def _asked(what: str, send: Any, *arguments: Any, **options: Any) -> Any:
    try:
        return send(*arguments, **options)
    except client.ApiException as error:
        raise UnavailableError(f"{what}: {_message(error)}") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise UnavailableError(f"{what}: {error}") from error


def _written(what: str, send: Any, *arguments: Any, **options: Any) -> Any:
    try:
        return _asked(what, send, *arguments, **options)
    except UnavailableError as error:
        cause = error.__cause__
        if isinstance(cause, client.ApiException) and cause.status in _ABOUT_ONE:
            raise RefusedError(str(cause.reason).replace(" ", ""), str(error)) from cause
        raise


def _message(error: client.ApiException) -> str:
    """What the API server says, which is a Status object mostly."""
    try:
        said = json.loads(error.body)["message"]
    except (TypeError, ValueError, KeyError):
        said = error.reason
    return f"{said} ({error.status})"
