"""What is left out of an object on its way in, because nobody reads it."""

from collections.abc import Mapping
from typing import Any

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The whole object once more, as kubectl writes it beside the object."""
_UNREAD = {"Pod": ("spec",), "Namespace": ("spec", "status")}
"""Fields by kind."""


def slimmed(kind: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """The object without what only the API server and kubectl need. It stays as it was itself."""
    metadata = {key: value for key, value in found["metadata"].items() if key != "managedFields"}
    annotations = metadata.get("annotations")
    if annotations and _LAST_APPLIED in annotations:
        kept = {key: value for key, value in annotations.items() if key != _LAST_APPLIED}
        metadata["annotations"] = kept
    unread = _UNREAD.get(kind, ())
    rest = {key: value for key, value in found.items() if key not in unread}
    return rest | {"kind": kind, "metadata": metadata}
