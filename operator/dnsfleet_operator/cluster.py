"""The API server, as the operator needs it: plain dicts in and out, and no discovery.

The kinds are listed here and not discovered, so the operator starts and goes on while a CRD is
missing. Every call may raise `ClusterError`, which names the object and says what the server
answered. All writes except those of the Lease keep to the limit of `write_limits`. While the API
server has asked us to wait, writes fail here without being sent. So no thread is blocked, and
whoever wanted the write tries again later.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple, cast

import kubernetes
import urllib3
from dnsfleet.resources import GROUP, VERSION, Reference
from kubernetes.client import VersionApi
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.client import DynamicClient
from kubernetes.dynamic.resource import Resource

from dnsfleet_operator.api_calls import VERSION_RESOURCE, APICalls, is_denied
from dnsfleet_operator.write_limits import WriteLimit

Object = dict[str, Any]
"""An object of Kubernetes, as its JSON says it."""

FIELD_MANAGER = "dnsfleet"
PAGE = 250
"""Objects in one answer of a list: 20 ms of work, for which a change may have to wait."""
TIMEOUT_SECONDS = 5.0
"""How long one answer may take. A request that hangs because the API server stopped is given up
after this time and sent again, the renewal of the Lease too."""
LIST_SECONDS = 30.0
"""How long a page of a list may take at a busy API server."""
WATCH_SECONDS = 60
"""How long one watch lasts."""
MAX_MESSAGE = 300
"""Characters of what the API server says that are passed on."""

_KINDS: Mapping[str, tuple[str, str, str, bool]] = {
    "Zone": (GROUP, VERSION, "zones", True),
    "RecordSet": (GROUP, VERSION, "recordsets", True),
    "Pop": (GROUP, VERSION, "pops", False),
    "ZoneClass": (GROUP, VERSION, "zoneclasses", False),
    "Fleet": (GROUP, VERSION, "fleets", False),
    "TsigKey": (GROUP, VERSION, "tsigkeys", True),
    "Namespace": ("", "v1", "namespaces", False),
    "ConfigMap": ("", "v1", "configmaps", True),
    "Secret": ("", "v1", "secrets", True),
    "Service": ("", "v1", "services", True),
    "Pod": ("", "v1", "pods", True),
    "Event": ("events.k8s.io", "v1", "events", True),
    "Deployment": ("apps", "v1", "deployments", True),
    "DaemonSet": ("apps", "v1", "daemonsets", True),
    "NetworkPolicy": ("networking.k8s.io", "v1", "networkpolicies", True),
    "PodDisruptionBudget": ("policy", "v1", "poddisruptionbudgets", True),
    "Lease": ("coordination.k8s.io", "v1", "leases", True),
    "CustomResourceDefinition": (
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        False,
    ),
}


_OF_TEAMS = frozenset({"Zone", "RecordSet"})
"""Kinds that may be limited to some namespaces."""
_METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
"""How to ask for an object without what is in it."""

_VERBS = {"get": "get", "post": "create", "put": "update", "patch": "patch", "delete": "delete"}
"""What RBAC calls what a method does to one object."""
_OF_THE_SERVER = frozenset({0, 401, 429, 502, 503, 504})


class ClusterError(Exception):
    """The API server did not do what was asked."""

    def __init__(self, message: str, status: int, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.status = status
        """HTTP status; 0 where there was no answer."""
        self.retry_after = retry_after
        """Seconds that the server asks to wait before the next try; 0 where it asks for none."""

    @property
    def forbidden(self) -> bool:
        """Whether our rights do not reach so far."""
        return self.status == HTTPStatus.FORBIDDEN

    @property
    def of_the_server(self) -> bool:
        """Whether the trouble is with the server: a request about any other object fails too."""
        return self.status in _OF_THE_SERVER


class ConflictError(ClusterError):
    """Somebody else wrote the object meanwhile, or made it first."""


class Page(NamedTuple):
    """A part of a list."""

    objects: list[Object]
    token: str
    """Asks for the next part; empty for the last one."""
    version: int
    """The resourceVersion of the whole list, the same for each part."""


class Cluster:
    """One API server; usable from several threads."""

    def __init__(
        self,
        api: kubernetes.client.ApiClient,
        calls: APICalls,
        watch_namespaces: tuple[str, ...] = (),
    ) -> None:
        """`watch_namespaces` are those of which Zones and RecordSets may be read; empty for all."""
        self._calls = calls
        self._watch_namespaces = watch_namespaces
        self._client = DynamicClient(api, discoverer=lambda *_: None)
        self._resources = {
            kind: Resource(
                prefix="apis" if group else "api",
                group=group,
                api_version=version,
                kind=kind,
                namespaced=namespaced,
                name=plural,
                client=self._client,
            )
            for kind, (group, version, plural, namespaced) in _KINDS.items()
        }
        self._lock = threading.Lock()
        self._limit = WriteLimit(time.monotonic())

    def places(self, kind: str) -> tuple[str, ...]:
        """The namespaces of which to list a kind; one empty name for the whole cluster at once."""
        limited = self._watch_namespaces if kind in _OF_TEAMS else ()
        return limited or ("",)

    def get(self, kind: str, name: str, namespace: str = "") -> Object | None:
        """The object, read from a quorum; None where there is none."""
        return self._request("get", kind, name, namespace, missing=True)

    def version(self, reference: Reference) -> int | None:
        """The resourceVersion of an object, for some 200 octets; None where there is none."""
        found = self._request(
            "get",
            reference.kind,
            reference.name,
            reference.namespace,
            missing=True,
            header_params={"Accept": _METADATA_ONLY},
        )
        return None if found is None else int(found["metadata"]["resourceVersion"])

    def objects(self, kind: str, namespace: str = "", labels: str = "") -> list[Object]:
        """All objects of a kind at one moment, everywhere or in a namespace."""
        return self.objects_at(kind, namespace, labels)[0]

    def objects_at(self, kind: str, namespace: str, labels: str) -> tuple[list[Object], int]:
        """All objects of a kind, and the resourceVersion from which `watch` goes on."""
        found: list[Object] = []
        token = ""
        while True:
            page = self.page(kind, token, namespace, labels)
            found += page.objects
            token = page.token
            if not token:
                return found, page.version

    def page(
        self,
        kind: str,
        token: str = "",
        namespace: str = "",
        labels: str = "",
        most: int = PAGE,
    ) -> Page:
        """A part of a list of all objects of a kind; `token` is that of the part before."""
        group, version, _, _ = _KINDS[kind]
        api_version = f"{group}/{version}" if group else version
        query: list[tuple[str, Any]] = [("limit", most)]
        if labels:
            query.append(("labelSelector", labels))
        if token:
            query.append(("continue", token))
        answer = self._request("get", kind, "", namespace, timeout=LIST_SECONDS, query_params=query)
        assert answer is not None  # noqa: S101 - only `missing` gives None
        metadata = answer["metadata"]
        return Page(
            [{"apiVersion": api_version, "kind": kind, **item} for item in answer["items"]],
            metadata.get("continue", ""),
            int(metadata["resourceVersion"]),
        )

    def watch(
        self, kind: str, namespace: str, labels: str, since: int
    ) -> Iterator[tuple[str, Object]]:
        """Changes after a resourceVersion, everywhere or in a namespace: what happened to what.

        What happens is ADDED, MODIFIED or DELETED; or BOOKMARK, with an object that has only the
        resourceVersion up to which all changes were told. It ends after WATCH_SECONDS, so that
        nobody waits for a dead connection.
        """
        stream = kubernetes.watch.Watch().stream(
            self._resources[kind].get,
            namespace=namespace or None,
            label_selector=labels,
            resource_version=str(since),
            allow_watch_bookmarks=True,
            timeout_seconds=WATCH_SECONDS,
            serialize=False,
            _request_timeout=(TIMEOUT_SECONDS, WATCH_SECONDS + TIMEOUT_SECONDS),
        )
        failure: Exception | None = None
        try:
            for event in stream:
                yield event["type"], event["raw_object"]
        except (ApiException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            failure = error
            raise ClusterError(f"watch {kind} {namespace}: {error}", 0) from error
        finally:
            self._calls.watched(self._resources[kind].name, failure, namespace)

    def time(self) -> float:
        """The API server's clock, Unix time in seconds, to the second."""
        try:
            ask = partial(
                VersionApi(self._client.client).get_code_with_http_info,
                _preload_content=False,
                _request_timeout=TIMEOUT_SECONDS,
            )
            headers = self._calls.sent("get", VERSION_RESOURCE, ask).headers
        except ApiException as error:
            headers = error.headers or {}  # a refusal has a date too
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ClusterError(f"the time of the API server: {error}", 0) from error
        try:
            return parsedate_to_datetime(headers["Date"]).timestamp()
        except (KeyError, ValueError) as error:
            raise ClusterError("the API server does not say what time it is", 0) from error

    def create(self, new: Object) -> Object:
        """A new object; ConflictError where there is one already."""
        metadata = new["metadata"]
        made = self._write("post", new["kind"], "", metadata.get("namespace", ""), body=new)
        return cast(Object, made)

    def replace(self, changed: Object) -> Object:
        """Write a new version; ConflictError where the object is not at the version named in it."""
        metadata = changed["metadata"]
        made = self._write(
            "put",
            changed["kind"],
            metadata["name"],
            metadata.get("namespace", ""),
            body=changed,
        )
        return cast(Object, made)

    def apply(self, wanted: Object, subresource: str = "") -> Object | None:
        """Server-side apply; None where `subresource` is asked of an object that is gone."""
        metadata = wanted["metadata"]
        return self._write(
            "patch",
            wanted["kind"],
            metadata["name"],
            metadata.get("namespace", ""),
            subresource=subresource,
            missing=bool(subresource),
            body=wanted,
            content_type="application/apply-patch+yaml",
            field_manager=FIELD_MANAGER,
            force_conflicts=True,
        )

    def delete(self, found: Object, *, unchanged: bool = False) -> None:
        """Delete the object with this uid, then what it owns; no error where it is gone already.

        `unchanged` wants it at the version of `found`, too. ConflictError where it is another one.
        """
        metadata = found["metadata"]
        wanted = ("uid", "resourceVersion") if unchanged else ("uid",)
        self._write(
            "delete",
            found["kind"],
            metadata["name"],
            metadata.get("namespace", ""),
            missing=True,
            body={
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "propagationPolicy": "Background",
                "preconditions": {key: metadata[key] for key in wanted},
            },
        )

    def _write(
        self, method: str, kind: str, name: str, namespace: str, **options: Any
    ) -> Object | None:
        if kind == "Lease":
            return self._request(method, kind, name, namespace, **options)
        self._wait_for_a_turn(f"{method} {_named(kind, name, namespace)}")
        try:
            return self._request(method, kind, name, namespace, **options)
        except ClusterError as error:
            with self._lock:
                self._limit.pause(time.monotonic(), error.retry_after)
            raise

    def _wait_for_a_turn(self, what: str) -> None:
        """ClusterError where the API server asked to wait."""
        with self._lock:
            now = time.monotonic()
            paused = self._limit.paused(now)
            wait = self._limit.take(now) if not paused else 0.0
        if paused:
            message = f"{what}: not sent: the API server wants no writes for {paused:.1f} s"
            raise ClusterError(message, HTTPStatus.TOO_MANY_REQUESTS, paused)
        time.sleep(wait)

    def _request(
        self,
        method: str,
        kind: str,
        name: str,
        namespace: str,
        subresource: str = "",
        missing: bool = False,
        timeout: float = TIMEOUT_SECONDS,
        **options: Any,
    ) -> Object | None:
        path, resource = self._path(kind, name, namespace), self._resources[kind].name
        if subresource:
            path, resource = f"{path}/{subresource}", f"{resource}/{subresource}"
        verb = _VERBS[method] if name or method != "get" else "list"
        what = _named(kind, name, namespace)
        try:
            ask = partial(
                self._client.request,
                *(method, path),
                serialize=False,
                _request_timeout=timeout,
                **options,
            )
            return cast(Object, json.loads(self._calls.sent(verb, resource, ask, namespace).data))
        except ApiException as error:
            if missing and error.status == HTTPStatus.NOT_FOUND:
                return None
            failure = ConflictError if error.status == HTTPStatus.CONFLICT else ClusterError
            message = f"{method} {what}: {_said(error)}"
            if is_denied(error):
                message = f"the operator lacks a right in RBAC: {message}"
            raise failure(message, error.status or 0, _retry_after(error)) from None
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise ClusterError(f"{method} {what}: no answer from the API server: {error}", 0) from (
                error
            )

    def _path(self, kind: str, name: str, namespace: str) -> str:
        resource = self._resources[kind]
        return str(resource.path(name=name or None, namespace=namespace or None))


def connect(calls: APICalls, watch_namespaces: tuple[str, ...] = ()) -> Cluster:
    """The cluster that this pod runs in, or the one of the kubeconfig outside of any."""
    configuration = kubernetes.client.Configuration()
    try:
        kubernetes.config.load_incluster_config(configuration)
    except kubernetes.config.ConfigException:
        kubernetes.config.load_kube_config(client_configuration=configuration)
    configuration.retries = False  # the queue tries again, and waits longer each time
    return Cluster(kubernetes.client.ApiClient(configuration), calls, watch_namespaces)


def _named(kind: str, name: str, namespace: str) -> str:
    return " ".join(filter(None, (kind, "/".join(filter(None, (namespace, name))))))


def _retry_after(error: ApiException) -> float:
    """The seconds of the header Retry-After (RFC 9110, 10.2.3); the API server gives no dates."""
    text = str((error.headers or {}).get("Retry-After") or "")
    return float(text) if text.isdecimal() else 0.0


def _said(error: ApiException) -> str:
    try:
        message = str(json.loads(error.body or "")["message"])
    except (ValueError, KeyError, TypeError):
        message = str(error.reason)
    return f"{message[:MAX_MESSAGE]} ({error.status})"
