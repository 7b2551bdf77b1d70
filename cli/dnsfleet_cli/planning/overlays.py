"""Objects of files in the place of those of a cluster, as an apply would leave them.

An apply keeps what the API server gave an object, and labels and annotations of others. Those that
`kubectl apply` set before, which it notes in an annotation, it removes where the file drops them.
What is new is the youngest of all, so it takes a name from nobody.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from dnsfleet.resources import Metadata, Reference, Zone
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation

CLUSTER_SCOPED = frozenset({"Pop", "ZoneClass", "Namespace"})
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation in which `kubectl apply` notes, as JSON, the object that it was given last."""


def overlay(
    found: Iterable[Document], there: Mapping[Reference, Document], namespace: str, now: str
) -> tuple[list[Document], list[Violation]]:
    """The documents as they would be in the cluster, and what the API server would refuse.

    `namespace` is that of objects that name none; `now` is RFC 3339, UTC, whole seconds.
    """
    made, refused = [], []
    for each in found:
        document = _in_namespace(each, namespace)
        known = there.get(document.reference)
        if known is not None and (why := _immutable(known, document)):
            refused.append(Violation("Immutable", why, f"{each.path}:{each.line}"))
            continue
        metadata = _applied(document.resource.metadata, known, now)
        resource = document.resource.model_copy(update={"metadata": metadata})
        made.append(replace(document, resource=resource))
    return made, refused


def _in_namespace(document: Document, namespace: str) -> Document:
    metadata = document.resource.metadata
    if metadata.namespace is not None or document.kind in CLUSTER_SCOPED:
        return document
    moved = metadata.model_copy(update={"namespace": namespace})
    return replace(document, resource=document.resource.model_copy(update={"metadata": moved}))


def _immutable(known: Document, document: Document) -> str:
    before, after = known.resource, document.resource
    if not isinstance(before, Zone) or not isinstance(after, Zone):
        return ""
    origin = before.spec.origin
    if origin == after.spec.origin:
        return ""
    return f"its origin is {origin} and immutable: give the new zone an object of its own"


def _applied(metadata: Metadata, known: Document | None, now: str) -> Metadata:
    if known is None:
        return metadata.model_copy(update={"creation_timestamp": now})
    before = known.resource.metadata
    applied = _last_applied(before)
    return before.model_copy(
        update={
            "labels": _merged(before.labels, metadata.labels, applied.get("labels")),
            "annotations": _merged(
                before.annotations, metadata.annotations, applied.get("annotations")
            ),
        }
    )


def _merged(before: Mapping[str, str], file: Mapping[str, str], applied: object) -> dict[str, str]:
    own = applied if isinstance(applied, dict) else {}
    return {key: value for key, value in before.items() if key not in own} | dict(file)


def _last_applied(metadata: Metadata) -> Mapping[str, object]:
    """The metadata that `kubectl apply` was given last; empty where it noted nothing."""
    try:
        noted = json.loads(metadata.annotations.get(LAST_APPLIED, "{}"))
    except ValueError:
        return {}
    found = noted.get("metadata") if isinstance(noted, dict) else None
    return found if isinstance(found, dict) else {}
