"""All kinds together: the verbs of the API on objects, and what is deleted with what.

The deletion of a namespace deletes its objects. That of a CustomResourceDefinition deletes the
objects of its kind, and the kind is no longer served. Both get a deletionTimestamp before.
"""

import itertools
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from support.api_server import writing
from support.api_server.kinds import BUILT_IN, DEFINITIONS, NAMESPACES, Kind, Object, defined
from support.api_server.storage import Key, Storage
from support.api_server.writing import RefusedError, Writer

Resource = tuple[str, str]
"""apiVersion and plural."""


class MemoryAPI:
    """An API server without its HTTP."""

    def __init__(self) -> None:
        self.version = 0
        """The newest resourceVersion."""
        self._uids = (str(uuid.UUID(int=number, version=4)) for number in itertools.count(1))
        self._kinds: dict[Resource, Kind] = {}
        self._stored: dict[Resource, Storage] = {}
        for kind in BUILT_IN:
            self._serve(kind)

    @property
    def kinds(self) -> list[Kind]:
        """The kinds that are served now."""
        return list(self._kinds.values())

    def kind(self, resource: Resource) -> Kind:
        """The kind of a resource; NotFound where it is not served."""
        found = self._kinds.get(resource)
        if found is None:
            raise RefusedError(404, "NotFound", "the server could not find the requested resource")
        return found

    def storage(self, kind: Kind) -> Storage:
        """The objects of a kind."""
        return self._stored[kind.api_version, kind.plural]

    def load(self, body: Mapping[str, Any]) -> None:
        """Add an object of the beginning, with its status where it has one."""
        kind = next(each for each in self.kinds if each.name == body["kind"])
        writer = Writer("kubectl", "Apply")
        data = self.create(kind, body["metadata"].get("namespace", ""), body, writer)
        if "status" in body and kind.status:
            key = body["metadata"].get("namespace", ""), body["metadata"]["name"]
            whole = json.loads(data)
            self._put(kind, key, whole | {"status": body["status"]})

    def get(self, kind: Kind, key: Key) -> bytes:
        """An object; NotFound where there is none."""
        found = self.storage(kind).objects.get(key)
        if found is None:
            raise RefusedError(404, "NotFound", f'{kind.plural} "{key[1]}" not found')
        return found

    def create(self, kind: Kind, namespace: str, body: Mapping[str, Any], writer: Writer) -> bytes:
        """A new object; AlreadyExists where there is one."""
        key = namespace, body["metadata"]["name"]
        if key in self.storage(kind).objects:
            raise RefusedError(409, "AlreadyExists", f'{kind.plural} "{key[1]}" already exists')
        if kind.namespaced and ("", namespace) not in self.storage(NAMESPACES).objects:
            raise RefusedError(404, "NotFound", f'namespaces "{namespace}" not found')
        whole = writing.made(kind, body, next(self._uids), _now(), writer)
        if kind.namespaced:
            whole["metadata"]["namespace"] = namespace
        data = self._put(kind, key, whole)
        if kind == DEFINITIONS:
            self._serve(defined(whole))
        return data

    def replace(self, kind: Kind, key: Key, body: Mapping[str, Any], writer: Writer) -> bytes:
        """Replace an object; Conflict where the version or uid is not the one that is there."""
        return self._write(kind, key, json.loads(self.get(kind, key)), body, writer)

    def merge(self, kind: Kind, key: Key, patch: Mapping[str, Any], writer: Writer) -> bytes:
        """A JSON merge patch."""
        before = json.loads(self.get(kind, key))
        return self._write(kind, key, before, writing.patched(before, patch), writer)

    def apply(self, kind: Kind, key: Key, body: Mapping[str, Any], writer: Writer) -> bytes:
        """Server-side apply, with force; the object is made where there is none."""
        if key not in self.storage(kind).objects and not writer.subresource:
            return self.create(kind, key[0], body, writer)
        before = json.loads(self.get(kind, key))
        return self._write(kind, key, before, writing.merged(before, body, writer), writer, body)

    def delete(self, kind: Kind, key: Key, preconditions: Mapping[str, str]) -> Object:
        """Delete an object, and all that is deleted with it; Conflict where it is another one.

        `preconditions` are its uid, its resourceVersion, or both.
        """
        whole = json.loads(self.get(kind, key))
        for field, wanted in preconditions.items():
            if (found := whole["metadata"][field]) != wanted:
                raise RefusedError(409, "Conflict", f"{key[1]}: the {field} is {found}")
        if kind in (NAMESPACES, DEFINITIONS):
            whole["metadata"]["deletionTimestamp"] = _now()
            self._put(kind, key, whole)
        if kind == NAMESPACES:
            for other in self.kinds:
                self._empty(other, key[1])
        if kind == DEFINITIONS:
            ended = defined(whole)
            self._empty(ended)
            del self._kinds[ended.api_version, ended.plural]
        return self.storage(kind).remove(key, self._next())

    def _write(
        self,
        kind: Kind,
        key: Key,
        before: Object,
        after: Mapping[str, Any],
        writer: Writer,
        applied: Mapping[str, Any] | None = None,
    ) -> bytes:
        whole = writing.written(kind, before, after, _now(), writer, applied)
        return self.storage(kind).objects[key] if whole is None else self._put(kind, key, whole)

    def _put(self, kind: Kind, key: Key, whole: Object) -> bytes:
        return self.storage(kind).put(key, whole, self._next())

    def _empty(self, kind: Kind, namespace: str = "") -> None:
        storage = self.storage(kind)
        for key in [key for key in storage.objects if namespace in ("", key[0])]:
            storage.remove(key, self._next())

    def _serve(self, kind: Kind) -> None:
        resource = kind.api_version, kind.plural
        self._kinds[resource] = kind
        # The storage stays: if the kind is served again, its watches go on.
        self._stored.setdefault(resource, Storage())

    def _next(self) -> int:
        self.version += 1
        return self.version


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
