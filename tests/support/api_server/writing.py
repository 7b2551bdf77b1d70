"""How a write changes an object: the rules of the API server, without its storage.

A write to the object itself leaves the status as it is; a write to `status` leaves all else. The
generation counts the writes that changed more than metadata and status. `managedFields` has an
entry for each writer, operation and subresource, as in a real cluster: for a small object that is
as large as the object itself. A write that changes nothing makes no new version.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from support.api_server import fields
from support.api_server.kinds import Kind, Object

FIXED = ("name", "namespace", "uid", "creationTimestamp", "generation", "resourceVersion")
"""Metadata that only the server sets."""


class Writer(NamedTuple):
    """Who writes, and how."""

    manager: str
    operation: str = "Update"
    """Update, or Apply."""
    subresource: str = ""


class RefusedError(Exception):
    """A request that gets an error; `code` is its HTTP status."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason


def made(kind: Kind, body: Mapping[str, Any], uid: str, now: str, writer: Writer) -> Object:
    """A new object, without its resourceVersion; `now` is RFC 3339 in whole seconds."""
    metadata = {key: each for key, each in body["metadata"].items() if key not in FIXED[2:]}
    metadata |= {"uid": uid, "creationTimestamp": now}
    if kind.counted:
        metadata["generation"] = 1
    new = {key: each for key, each in body.items() if key != "status" or not kind.status}
    new |= {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata}
    metadata["managedFields"] = _noted([], writer, kind, fields.of(_set_by_people(new)), now)
    return new


def written(
    kind: Kind,
    before: Object,
    body: Mapping[str, Any],
    now: str,
    writer: Writer,
    applied: Mapping[str, Any] | None = None,
) -> Object | None:
    """The object after a write that wants it to be `body`; None where nothing changes.

    `applied` is the body of a server-side apply, where it was one. The result still has the
    resourceVersion of `before`. Conflict where `body` names another one, or another uid.
    """
    _check(before, body)
    after = _reached(kind, before, body, writer.subresource)
    seen, found = _set_by_people(before), _set_by_people(after)
    if seen == found and applied is None:
        return None
    metadata = after["metadata"]
    if kind.counted and _counted(before) != _counted(after):
        metadata["generation"] = before["metadata"]["generation"] + 1
    noted = before["metadata"].get("managedFields", [])
    tree = fields.changed(seen, found) if applied is None else fields.of(_set_by_people(applied))
    metadata["managedFields"] = _noted(noted, writer, kind, tree, now)
    if seen == found and _untimed(noted) == _untimed(metadata["managedFields"]):
        return None
    return after


def merged(before: Object, body: Mapping[str, Any], writer: Writer) -> Object:
    """The object after a server-side apply. A field that the writer applied before, and that nobody
    owns any more, is removed."""
    noted = before["metadata"].get("managedFields", [])
    gone: fields.Tree = next((each["fieldsV1"] for each in noted if _is_of(each, writer)), {})
    others = [each["fieldsV1"] for each in noted if not _is_of(each, writer)]
    for owned in (fields.of(_set_by_people(body)), *others):
        gone = fields.without(gone, owned)
    kept: Object = fields.pruned(fields.merged(before, body), gone)
    return kept


def patched(before: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7396)."""
    if not isinstance(patch, Mapping):
        return patch
    old = before if isinstance(before, Mapping) else {}
    kept = {key: each for key, each in old.items() if key not in patch}
    return kept | {
        key: patched(old.get(key), each) for key, each in patch.items() if each is not None
    }


def _check(before: Object, body: Mapping[str, Any]) -> None:
    metadata = before["metadata"]
    for field in ("uid", "resourceVersion"):
        told = body["metadata"].get(field)
        if told and told != metadata[field]:
            message = f"{metadata['name']}: {field} is {metadata[field]}, not {told}"
            raise RefusedError(409, "Conflict", message)


def _reached(kind: Kind, before: Object, body: Mapping[str, Any], subresource: str) -> Object:
    """The parts of a body that a write to the object, or to its status, may change."""
    if subresource:
        after = {**before, "status": body.get("status", {})}
        return {**after, "metadata": {**before["metadata"]}}
    old = before["metadata"]
    metadata = {key: each for key, each in body["metadata"].items() if key not in FIXED}
    metadata |= {key: old[key] for key in FIXED if key in old}
    after = {**body, "apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata}
    if kind.status:
        after.pop("status", None)
        after |= {"status": before["status"]} if "status" in before else {}
    return after


def _set_by_people(whole: Mapping[str, Any]) -> Object:
    """The fields that writers own."""
    metadata = {
        key: each
        for key, each in whole["metadata"].items()
        if key not in FIXED and key != "managedFields"
    }
    content = {
        key: each for key, each in whole.items() if key not in ("apiVersion", "kind", "metadata")
    }
    return {**content, "metadata": metadata} if metadata else content


def _counted(whole: Mapping[str, Any]) -> Object:
    return {key: each for key, each in whole.items() if key not in ("metadata", "status")}


def _noted(
    entries: list[Object], writer: Writer, kind: Kind, tree: fields.Tree, now: str
) -> list[Object]:
    """The entries after a write: fields of others that the writer changed are its own now."""
    kept: list[Object] = []
    old: fields.Tree = {}
    for entry in entries:
        if _is_of(entry, writer):
            old = entry["fieldsV1"]
        elif writer.operation == "Apply":
            kept.append(entry)  # with equal values several may own a field
        elif left := fields.without(entry["fieldsV1"], tree):
            kept.append({**entry, "fieldsV1": left})
    entry = {"manager": writer.manager, "operation": writer.operation}
    entry |= {"apiVersion": kind.api_version, "time": now, "fieldsType": "FieldsV1"}
    entry["fieldsV1"] = tree if writer.operation == "Apply" else fields.joined(old, tree)
    if writer.subresource:
        entry["subresource"] = writer.subresource
    return [*kept, entry]


def _is_of(entry: Mapping[str, Any], writer: Writer) -> bool:
    return (entry["manager"], entry["operation"], entry.get("subresource", "")) == writer


def _untimed(entries: list[Object]) -> list[Object]:
    return [{**entry, "time": ""} for entry in entries]
