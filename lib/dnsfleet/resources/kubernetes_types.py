"""The types of Kubernetes itself, as far as dnsfleet reads them.

Metadata, label selectors and conditions are parts of every resource. Namespaces and ConfigMaps are
whole objects that zones refer to; `dnsfleet up` reads them from the same files. Kubernetes may add
fields to what it writes itself, so unknown fields are ignored there.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dnsfleet.resources.base import (
    DEFAULT_NAMESPACE,
    Labels,
    Model,
    ObjectName,
    Reference,
    Tolerant,
)

MAX_REQUIREMENTS = 16
"""Expressions in a selector: far above what people write; bounds the cost of CEL rules."""
MAX_VALUES = 64
"""Values in an expression, for the same reason."""
MAX_CONDITIONS = 8
"""Conditions in a status: dnsfleet writes at most five."""


class Metadata(Tolerant):
    """`metadata` of an object. The API server writes much more than is read here."""

    name: ObjectName
    namespace: ObjectName | None = None
    labels: dict[str, str] = Field({})
    annotations: dict[str, str] = Field({})
    generation: int = 0
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str = ""
    """RFC 3339, UTC, whole seconds: text order is time order. Empty outside a cluster."""
    deletion_timestamp: str | None = None


class LabelRequirement(Model):
    """One expression of a selector."""

    key: Annotated[str, Field(min_length=1, max_length=317)]
    """Label key: an optional prefix of 253 characters and a slash, and 63 characters."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """In and NotIn compare with `values`; Exists and DoesNotExist take none."""
    values: Annotated[
        tuple[Annotated[str, Field(max_length=63)], ...],
        Field(strict=False, max_length=MAX_VALUES),
    ] = ()

    @model_validator(mode="after")
    def _values_fit_operator(self) -> Self:
        if self.operator in ("In", "NotIn") and not self.values:
            raise ValueError(f"operator {self.operator} needs at least one value")
        if self.operator in ("Exists", "DoesNotExist") and self.values:
            raise ValueError(f"operator {self.operator} takes no values; remove them")
        return self

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels satisfy this expression; NotIn holds where the key is absent."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case "DoesNotExist":
                return self.key not in labels


class LabelSelector(Model):
    """The selector of the Kubernetes API: all of its terms must hold; an empty one selects all."""

    match_labels: Labels = Field({})
    """Labels that an object must have, with these values."""
    match_expressions: Annotated[
        tuple[LabelRequirement, ...], Field(strict=False, max_length=MAX_REQUIREMENTS)
    ] = ()
    """Further requirements."""

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        return all(labels.get(key) == value for key, value in self.match_labels.items()) and all(
            requirement.matches(labels) for requirement in self.match_expressions
        )


NEVER = "1970-01-01T00:00:00Z"
"""The lastTransitionTime of a condition that the API server gave to a new object."""


class Condition(Tolerant):
    """One condition of a status (Kubernetes API conventions)."""

    type: Annotated[str, Field(max_length=63)]
    status: Literal["True", "False", "Unknown"]
    observed_generation: int | None = None
    """Generation of the object that this condition speaks about; `kubectl wait` compares it."""
    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    reason: Annotated[str, Field(max_length=128)]
    """CamelCase word for programs."""
    message: Annotated[str, Field(max_length=4096)] = ""
    """Sentence for people."""


Conditions = Annotated[tuple[Condition, ...], Field(strict=False, max_length=MAX_CONDITIONS)]


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
