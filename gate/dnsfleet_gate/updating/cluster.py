"""The store at the API server: what a key has of a zone is one RecordSet in the Zone's namespace.

Each write names the version that it is about, so nothing of another writer is lost: POST for a new
object, and after that a patch (RFC 6902) that tests the uid and the generation. A resourceVersion
would not do: the operator writes the status while the next batch is on its way, and each such write
would have to be read and sent again. Nor would server-side apply: it has no word for "a new one
only".

The name of the object ends in a digest of key and Zone. An object of that name that is not dynamic
is somebody else's, and is left alone.
"""

import json
from typing import Any

from dnsfleet import names
from dnsfleet.resources import GROUP, VERSION, Reference
from dnsfleet.resources.record_sets import GATE
from dnsfleet_kubernetes import calls
from dnsfleet_kubernetes.calls import written
from kubernetes import client

from dnsfleet_gate.updating import record_sets
from dnsfleet_gate.updating.record_sets import Object
from dnsfleet_gate.updating.stores import (
    Claims,
    ConflictError,
    RefusedError,
    Stored,
    UnavailableError,
)

TIMEOUT_SECONDS = 5.0
"""For one answer of the API server; by then whoever sent the update has been told that it waits."""
JSON_PATCH = "application/json-patch+json"
"""The content type of RFC 6902."""


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
        metadata, spec = record_sets.metadata(key, zone), record_sets.spec(zone, claims)
        try:
            if version:
                made = self._patched(metadata, spec, version)
            else:
                send = self._objects.create_namespaced_custom_object
                made = self._sent("create", send, metadata, record_sets.body(metadata, spec))
        except calls.RefusedError as error:
            if error.reason == "Conflict" or (version and error.reason == "NotFound"):
                raise ConflictError(str(error)) from error
            if version and self.read(key, zone).version != version:  # a test of the patch failed
                raise ConflictError(str(error)) from error
            raise RefusedError(str(error)) from error
        return stored(made)

    def _patched(self, metadata: Object, spec: Object, version: str) -> Object:
        """The object with another spec, where it is the one of this version."""
        uid, _, generation = version.partition("/")
        operations = [
            {"op": "test", "path": "/metadata/uid", "value": uid},
            {"op": "test", "path": "/metadata/generation", "value": int(generation)},
            {"op": "replace", "path": "/spec", "value": spec},
        ]
        send = self._objects.patch_namespaced_custom_object
        return self._sent("write", send, metadata, operations, _content_type=JSON_PATCH)

    def _sent(
        self, verb: str, send: Any, metadata: Object, body: object = None, **more: Any
    ) -> Object:
        """The object that the API server answers; UnavailableError, calls.RefusedError."""
        named = [GROUP, VERSION, metadata["namespace"], "recordsets"]
        if verb != "create":
            named.append(metadata["name"])
        if body is not None:
            named.append(body)
            more["field_manager"] = GATE
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
        f"{metadata['uid']}/{generation}",
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
