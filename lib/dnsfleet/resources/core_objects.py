"""The objects of Kubernetes itself that zones refer to: namespaces, and ConfigMaps with files.

`dnsfleet up` reads them from the same manifests; they are tolerant, as their owner is Kubernetes.
"""

from typing import Literal

from pydantic import Field

from dnsfleet.resources.base import DEFAULT_NAMESPACE, Reference, Tolerant
from dnsfleet.resources.metadata import Metadata


class Namespace(Tolerant):
    """A namespace; its labels decide which RecordSets a Zone admits."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["Namespace"] = "Namespace"
    metadata: Metadata

    @property
    def reference(self) -> Reference:
        """Kind and name."""
        return Reference("Namespace", "", self.metadata.name)


class ConfigMap(Tolerant):
    """A ConfigMap whose keys may hold zone files."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["ConfigMap"] = "ConfigMap"
    metadata: Metadata
    data: dict[str, str] = Field({})
    binary_data: dict[str, str] = Field({})
    """Base64, for files with gzip."""

    @property
    def reference(self) -> Reference:
        """Kind, namespace and name."""
        return Reference(
            "ConfigMap", self.metadata.namespace or DEFAULT_NAMESPACE, self.metadata.name
        )
