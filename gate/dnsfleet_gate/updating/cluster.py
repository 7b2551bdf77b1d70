"""The store at the API server: what a key has of a zone is one RecordSet in the Zone's namespace.

Each write names the resourceVersion that it is about, so nothing of another writer is lost: POST
for a new object, and a merge patch (RFC 7396) with all RRsets after that. Server-side apply would
not do: it has no word for "a new one only", makes null of a list that is to be empty, and leaves an
entry that somebody else applied, too.

The name of the object ends in a digest of key and Zone. An object of that name that is not dynamic
is somebody else's, and is left alone. One that was restored has its name and nothing else of ours:
the next write gives it our labels.
"""

import json
from typing import Any

from dnsfleet import names
from dnsfleet.resources import GROUP, VERSION, Reference
from dnsfleet_kubernetes import calls
from dnsfleet_kubernetes.calls import written
from kubernetes import client

from dnsfleet_gate.updating import record_sets
from dnsfleet_gate.updating.record_sets import MANAGER, Object
from dnsfleet_gate.updating.stores import (
    Claims,
    ConflictError,
    RefusedError,
    Stored,
    UnavailableError,
)

TIMEOUT_SECONDS = 5.0
"""For one answer of the API server; by then whoever sent the update has been told that it waits."""
MERGE_PATCH = "application/merge-patch+json"
"""A content type: what a list is to be takes the place of what it was."""


class ClusterStore:
    """See `stores.Store`."""

    def __init__(self, api: client.ApiClient) -> None:
        self._objects = client.CustomObjectsApi(api)

    def read(self, key: str, zone: Reference) -> Stored:
        """See `stores.Store`."""
        metadata = record_sets.metadata(key, zone)
        try:
            found = self._sent("read", self._objects.get_namespaced_custom_object, metadata)
        except calls.RefusedError as error:
            if error.reason == "NotFound":
                return Stored({})
            raise RefusedError(str(error)) from error
        if "dynamicRecords" not in found["spec"]:
            raise RefusedError(f"{_called(metadata)} is of somebody else: it is not dynamic")
        _check_whole(found)
        return stored(found)

    def write(self, key: str, zone: Reference, claims: Claims, version: str) -> Stored:
        """See `stores.Store`."""
        metadata = record_sets.metadata(key, zone)
        try:
            if version:
                made = self._sent(
                    "write",
                    self._objects.patch_namespaced_custom_object,
                    {**metadata, "resourceVersion": version},
                    record_sets.spec(zone, claims),
                    _content_type=MERGE_PATCH,
                )
            else:
                send = self._objects.create_namespaced_custom_object
                made = self._sent("create", send, metadata, record_sets.spec(zone, claims))
        except calls.RefusedError as error:
            if error.reason == "Conflict" or (version and error.reason == "NotFound"):
                raise ConflictError(str(error)) from error
            raise RefusedError(str(error)) from error
        return stored(made)

    def _sent(
        self, verb: str, send: Any, metadata: Object, spec: Object | None = None, **more: Any
    ) -> Object:
        """The object that the API server answers; UnavailableError, calls.RefusedError."""
        named = [GROUP, VERSION, metadata["namespace"], "recordsets"]
        if verb != "create":
            named.append(metadata["name"])
        if spec is not None:
            named.append(record_sets.body(metadata, spec))
            more["field_manager"] = MANAGER
        try:
            answer = written(
                f"{verb} {_called(metadata)}",
                send,
                *named,
                **more,
                _preload_content=False,
                _request_timeout=TIMEOUT_SECONDS,
            )
        except calls.UnavailableError as error:
            raise UnavailableError(str(error)) from error
        found: Object = json.loads(answer.data)
        return found


def connected() -> ClusterStore:
    """Of the cluster that this pod is in; ConfigException where there is none."""
    return ClusterStore(calls.connect())


def stored(found: Object) -> Stored:
    """What an object of ours says, and what became of that."""
    metadata = found["metadata"]
    generation = int(metadata["generation"])
    told = {each["type"]: each for each in (found.get("status") or {}).get("conditions") or ()}
    current = {name: each for name, each in told.items() if _generation(each) == generation}

    def is_true(conditions: Object, name: str) -> bool:
        return bool(conditions.get(name, {}).get("status") == "True")

    accepted = current.get("Accepted", {})
    refused = accepted.get("status") == "False"
    return Stored(
        record_sets.claims(found),
        str(metadata["resourceVersion"]),
        generation,
        generation if is_true(current, "Programmed") else 0,
        # Where writes follow each other it is about an earlier one, and true of that.
        _generation(told["Propagated"]) if is_true(told, "Propagated") else 0,
        str(accepted.get("message") or accepted.get("reason", "")) if refused else "",
    )


def _generation(condition: Object) -> int:
    return int(condition.get("observedGeneration") or 0)


def _check_whole(found: Object) -> None:
    """RefusedError where somebody wrote what would mean something else when it is written again."""
    for index, record in enumerate(found["spec"]["dynamicRecords"]):
        if not names.is_absolute(record["name"]) or record.get("ttl") is None:
            where = f"{_called(found['metadata'])}: spec.dynamicRecords[{index}]"
            raise RefusedError(f"{where} was edited; give it an absolute name, data and a ttl")


def _called(metadata: Object) -> str:
    return f"recordset {metadata['namespace']}/{metadata['name']}"
