"""Objects of Kubernetes as their JSON says them: which one it is, and what those of Pops have."""

from collections.abc import Mapping
from typing import Any

from dnsfleet.resources import Reference

Object = Mapping[str, Any]

MANAGED_BY = "dnsfleet"
POP_LABEL = "dnsfleet.io/pop"
COMPONENT_LABEL = "app.kubernetes.io/component"
CREATED_ANNOTATION = "dnsfleet.io/pop-created"
"""The creationTimestamp of the Pop, for when the Pop itself is gone."""
EXPOSURE_LABEL = "dnsfleet.io/exposure"
"""Of edge pods on the network of their node, with HOST_NETWORK."""
HOST_NETWORK = "HostNetwork"
OUT_OF_SERVICE_LABEL = "dnsfleet.io/out-of-service"
"""No node has it: where a DaemonSet asks for it, it is to have no pod."""
MANAGED_SELECTOR = f"app.kubernetes.io/managed-by={MANAGED_BY},{POP_LABEL}"
"""A label selector for all objects of all Pops."""


def reference_of(found: Object) -> Reference:
    """Kind, namespace and name of an object."""
    metadata = found["metadata"]
    return Reference(found["kind"], metadata.get("namespace", ""), metadata["name"])
