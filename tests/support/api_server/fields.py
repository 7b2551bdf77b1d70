"""Which writer set which field of an object: trees in the form of `managedFields` (FieldsV1).

    {"f:spec": {"f:ttl": {}, "f:records": {'k:{"name":"www","type":"A"}': {".": {}, …}}}}

A field without fields in it is an empty tree. An object inside a list is named by its keys where
the list is a map (`x-kubernetes-list-type`); any other list is one field.
"""

import json
from collections.abc import Mapping
from typing import Any

Tree = dict[str, Any]

_MAPS = {"conditions": ("type",), "records": ("name", "type")}
"""The lists that are maps in our CRDs, and their keys."""


def of(value: Any, name: str = "") -> Tree:
    """All fields of a value; `name` is the field that it is in."""
    if isinstance(value, Mapping):
        return {f"f:{key}": of(each, key) for key, each in value.items()}
    if name in _MAPS and isinstance(value, list):
        return {key: {".": {}, **of(item)} for key, item in items(value, name).items()}
    return {}


def items(value: list[Any], name: str) -> dict[str, Any]:
    """The items of a list that is a map, by their names in a tree."""
    return {
        "k:" + json.dumps({key: item.get(key) for key in _MAPS[name]}, separators=(",", ":")): item
        for item in value
    }


def changed(before: Any, after: Any, name: str = "") -> Tree:
    """The fields in `after` that have another value, or none, in `before`."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return {
            f"f:{key}": changed(before.get(key), each, key)
            for key, each in after.items()
            if before.get(key) != each
        }
    if name in _MAPS and isinstance(before, list) and isinstance(after, list):
        old = items(before, name)
        return {
            key: changed(old[key], item) if key in old else {".": {}, **of(item)}
            for key, item in items(after, name).items()
            if old.get(key) != item
        }
    return of(after, name)


def joined(one: Tree, other: Tree) -> Tree:
    """The fields that are in both trees."""
    return one | {key: joined(one.get(key, {}), each) for key, each in other.items()}


def without(one: Tree, other: Tree) -> Tree:
    """The fields of the first tree that are not in the second."""
    left = {}
    for key, each in one.items():
        if key not in other:
            left[key] = each
        elif each and (rest := without(each, other[key])) and rest.keys() != {"."}:
            left[key] = rest
    return left


def merged(before: Any, applied: Any, name: str = "") -> Any:
    """A value with the applied value merged into it."""
    if isinstance(before, Mapping) and isinstance(applied, Mapping):
        return {
            **before,
            **{key: merged(before.get(key), each, key) for key, each in applied.items()},
        }
    if name in _MAPS and isinstance(before, list) and isinstance(applied, list):
        old, new = items(before, name), items(applied, name)
        return list((old | {key: merged(old.get(key), item) for key, item in new.items()}).values())
    return applied


def pruned(value: Any, gone: Tree, name: str = "") -> Any:
    """A value without the fields of a tree."""
    if isinstance(value, Mapping):
        return {
            key: pruned(each, gone.get(f"f:{key}", {}), key)
            for key, each in value.items()
            if f"f:{key}" not in gone or gone[f"f:{key}"]
        }
    if name in _MAPS and isinstance(value, list):
        return [
            pruned(item, gone.get(key, {}))
            for key, item in items(value, name).items()
            if "." not in gone.get(key, {})
        ]
    return value
