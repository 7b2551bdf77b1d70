"""All objects of one kind, kept by a list and a watch of the API server."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from dnsfleet.resources.base import GROUP, VERSION
from dnsfleet_io.logs import line
from kubernetes import client, watch

from dnsfleet_status.objects import Object, name

LIST_AT_ONCE = 50
"""Objects in one answer: Zones have up to a megabyte each, and all of it is in memory at once."""
WATCH_SECONDS = 300
"""How long one watch lasts; a connection that died is not noticed sooner."""
SILENT_SECONDS = WATCH_SECONDS + 30
RETRY_SECONDS = 5.0
"""Before the API server is asked again, where it did not do it or ended a watch at once."""
SHORT_SECONDS = 1.0
"""A watch that ends sooner was ended by something that is not well."""
_SHOWN_ANNOTATIONS = "dnsfleet.io/"

_log = logging.getLogger(__name__)


class Objects(Protocol):
    """The objects of a kind, as far as they are known."""

    @property
    def problem(self) -> str:
        """Why what is known may be old; empty where it is not."""

    @property
    def listed(self) -> bool:
        """Whether all were listed once."""

    def start(self) -> None:
        """Begin to keep them."""

    def all(self) -> list[Object]:
        """All of them, by name."""


class WatchedObjects:
    """The objects of a kind, in a namespace or everywhere; a thread of its own keeps them."""

    def __init__(self, api: client.CustomObjectsApi, plural: str, namespace: str = "") -> None:
        self._api = api
        self._plural = plural
        self._namespace = namespace
        self._objects: dict[str, Object] = {}
        self._pause = threading.Event()
        self.problem = f"{plural} were not listed yet"
        """Why what is known may be old; empty where it is not."""
        self.listed = False
        """Whether all were listed once."""

    def start(self) -> None:
        """Begin to keep them."""
        threading.Thread(target=self._run, name=self._plural, daemon=True).start()

    def all(self) -> list[Object]:
        """All of them, by name."""
        return [each for _, each in sorted(self._objects.copy().items())]

    def _run(self) -> None:
        while True:
            try:
                self._watch(self._list())
            # An answer may be anything, and a thread that ended would leave the page old for good.
            except Exception as error:
                reason = getattr(error, "reason", None) or error
                self.problem = f"{self._plural} may be old: the API server: {reason}"
                _log.warning(line("watch_failed", kind=self._plural, reason=reason))
                self._pause.wait(RETRY_SECONDS)

    def _request(self) -> tuple[Any, ...]:
        """The call that lists them, and what it is given."""
        if self._namespace:
            listing = self._api.list_namespaced_custom_object
            return listing, GROUP, VERSION, self._namespace, self._plural
        return self._api.list_cluster_custom_object, GROUP, VERSION, self._plural

    def _list(self) -> str:
        """List all; the version from which to watch."""
        found: dict[str, Object] = {}
        more: str | None = None
        while True:
            ask, *what = self._request()
            page = ask(
                *what,
                limit=LIST_AT_ONCE,
                _continue=more,
                _request_timeout=SILENT_SECONDS,
            )
            found |= {name(each): slim(each) for each in page["items"]}
            more = page["metadata"].get("continue")
            if not more:
                break
        self._objects, self.problem, self.listed = found, "", True
        return str(page["metadata"]["resourceVersion"])

    def _watch(self, version: str) -> None:
        """Take changes until the API server says that they have to be listed anew."""
        while True:
            began = time.monotonic()
            events = watch.Watch().stream(
                *self._request(),
                resource_version=version,
                allow_watch_bookmarks=True,
                timeout_seconds=WATCH_SECONDS,
                _request_timeout=SILENT_SECONDS,
            )
            for event in events:
                found = event["object"]
                version = found["metadata"]["resourceVersion"]
                if event["type"] == "DELETED":
                    self._objects.pop(name(found), None)
                elif event["type"] in ("ADDED", "MODIFIED"):
                    self._objects[name(found)] = slim(found)
            if time.monotonic() - began < SHORT_SECONDS:
                self._pause.wait(RETRY_SECONDS)


class InNamespaces:
    """The objects of a kind in some namespaces."""

    def __init__(
        self, api: client.CustomObjectsApi, plural: str, namespaces: Sequence[str]
    ) -> None:
        self._parts = [WatchedObjects(api, plural, each) for each in namespaces]

    @property
    def problem(self) -> str:
        """That of the first namespace that has one."""
        return next(filter(None, (each.problem for each in self._parts)), "")

    @property
    def listed(self) -> bool:
        """Whether those of every namespace were."""
        return all(each.listed for each in self._parts)

    def start(self) -> None:
        """Begin to keep them."""
        for each in self._parts:
            each.start()

    def all(self) -> list[Object]:
        """Those of all the namespaces, by name."""
        return sorted((found for each in self._parts for found in each.all()), key=name)


def slim(found: Mapping[str, Any]) -> Object:
    """An object without what no page shows: records, and whose they are, can be most of it."""
    metadata, spec = found["metadata"], found.get("spec") or {}
    status = found.get("status") or {}
    shown = ("name", "namespace", "generation", "labels")
    annotations = {
        key: value
        for key, value in (metadata.get("annotations") or {}).items()
        if key.startswith(_SHOWN_ANNOTATIONS)
    }
    return {
        "kind": found["kind"],
        "metadata": {
            **{key: metadata[key] for key in shown if key in metadata},
            "annotations": annotations,
        },
        "spec": {key: spec[key] for key in spec.keys() - {"records", "dynamicRecords", "zoneFile"}},
        "status": {key: status[key] for key in status.keys() - {"shared"}},
    }
