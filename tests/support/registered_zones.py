"""What tests of registrations and classes have: namespaces that may own the same origin."""

from typing import Any

from dnsfleet.resources import Reference

from support.valkey import Valkey
from support.zone_writers import Seen, Writer, item

EVIL = Reference("Zone", "evil", "a")


def begun(core: Valkey, *objects: dict[str, Any]) -> Writer:
    writer = Writer(core)
    for namespace in ("evil", "shop"):
        container = {"metadata": {"creationTimestamp": "2025-01-01T00:00:00Z"}}
        writer.there["Namespace", namespace] = container
    writer.run(*objects)
    return writer


def refused(seen: Seen, reference: Reference = EVIL) -> str:
    """Why a Zone is."""
    (violation,) = seen.violations[reference]
    assert violation.severity == "error"
    return violation.reason


def deleted(writer: Writer, found: dict[str, Any]) -> None:
    metadata = found["metadata"]
    reference = Reference("Zone", metadata["namespace"], metadata["name"])
    known = writer.observation.remove(reference, metadata["uid"])
    assert known is not None
    writer.passes.deleted(reference, known)


def labelled(name: str, **labels: str) -> dict[str, Any]:
    """A Namespace with these labels."""
    version = str(1 + len(labels))
    found = item("Namespace", name, {}, labels=labels, resourceVersion=version)
    del found["metadata"]["namespace"], found["spec"]
    return found | {"apiVersion": "v1"}


def teams(
    namespaces: list[str], selector: dict[str, Any] | None = None, **spec: Any
) -> dict[str, Any]:
    """A ZoneClass for example."""
    found = item("ZoneClass", "teams", {"suffixes": ["example"], **spec})
    del found["metadata"]["namespace"]
    found["spec"]["namespaces"] = {"names": namespaces, "selector": selector}
    return found
