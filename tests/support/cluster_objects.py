"""Objects as an API server gives them, for the parts of `kubectl dnsfleet` that talk to none."""

from typing import Any


def zone(
    name: str, namespace: str = "default", generation: int = 1, status: Any = None, **spec: Any
) -> dict[str, Any]:
    """A Zone; the origin is the name with dots for dashes, unless given."""
    return {
        "kind": "Zone",
        "metadata": {"name": name, "namespace": namespace, "generation": generation},
        "spec": {"origin": name.replace("-", ".")} | spec,
        "status": status or {},
    }


def pop(
    name: str, generation: int = 1, status: Any = None, labels: Any = None, **spec: Any
) -> dict[str, Any]:
    """A Pop."""
    return {
        "kind": "Pop",
        "metadata": {"name": name, "generation": generation, "labels": labels or {}},
        "spec": spec,
        "status": status or {},
    }


def condition(
    kind: str, status: str, reason: str = "", message: str = "", generation: int = 1
) -> dict[str, Any]:
    """A condition of a status."""
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "observedGeneration": generation,
    }
