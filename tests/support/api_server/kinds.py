"""The kinds of an API server, and its discovery documents."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
"""An object, as in its JSON."""

_VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


@dataclass(frozen=True)
class Kind:
    """One kind."""

    group: str
    """Empty for the core group."""
    version: str
    plural: str
    name: str
    """As objects write it: Zone."""
    namespaced: bool = True
    counted: bool = True
    """Whether its objects have a generation."""
    status: bool = True
    """Whether the status is written by a subresource of its own."""

    @property
    def api_version(self) -> str:
        """As objects write it: GROUP/VERSION."""
        return f"{self.group}/{self.version}" if self.group else self.version


DEFINITIONS = Kind(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False
)
NAMESPACES = Kind("", "v1", "namespaces", "Namespace", namespaced=False, counted=False)
BUILT_IN = (
    NAMESPACES,
    DEFINITIONS,
    Kind("", "v1", "configmaps", "ConfigMap", counted=False, status=False),
    Kind("", "v1", "secrets", "Secret", counted=False, status=False),
    Kind("", "v1", "services", "Service", counted=False),
    Kind("", "v1", "pods", "Pod"),
    Kind("apps", "v1", "deployments", "Deployment"),
    Kind("apps", "v1", "daemonsets", "DaemonSet"),
    Kind("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"),
    Kind("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", status=False),
    Kind("coordination.k8s.io", "v1", "leases", "Lease", counted=False, status=False),
    Kind("events.k8s.io", "v1", "events", "Event", counted=False, status=False),
)


def defined(definition: Mapping[str, Any]) -> Kind:
    """The kind that a CustomResourceDefinition with one version defines."""
    spec = definition["spec"]
    (version,) = spec["versions"]
    return Kind(
        spec["group"],
        version["name"],
        spec["names"]["plural"],
        spec["names"]["kind"],
        namespaced=spec["scope"] == "Namespaced",
        status="status" in version.get("subresources", {}),
    )


def discovery(path: str, kinds: Iterable[Kind]) -> Object | None:
    """The document at a path without objects, such as /apis; None where there is none."""
    served = list(kinds)
    if path == "/version":
        return {"major": "1", "minor": "35", "gitVersion": "v1.35.0"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        groups = sorted({(kind.group, kind.version) for kind in served if kind.group})
        return {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [_group(group, version) for group, version in groups],
        }
    named = path.removeprefix("/apis/" if path.startswith("/apis/") else "/api/")
    resources = [each for kind in served if kind.api_version == named for each in _resources(kind)]
    if not resources:
        return None
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": named,
        "resources": resources,
    }


def _group(group: str, version: str) -> Object:
    named = {"groupVersion": f"{group}/{version}", "version": version}
    return {"name": group, "versions": [named], "preferredVersion": named}


def _resources(kind: Kind) -> Iterator[Object]:
    whole = {"namespaced": kind.namespaced, "kind": kind.name, "singularName": kind.name.lower()}
    yield {"name": kind.plural, **whole, "verbs": _VERBS}
    if kind.status:
        yield {"name": f"{kind.plural}/status", **whole, "verbs": ["get", "patch", "update"]}
