"""What every model of a resource shares: strict types, no unknown field, camelCase outside."""

from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

GROUP = "dnsfleet.io"
VERSION = "v1alpha1"
API_VERSION: Literal["dnsfleet.io/v1alpha1"] = "dnsfleet.io/v1alpha1"
DEFAULT_NAMESPACE = "default"
"""The namespace of an object that names none, as with kubectl."""

MAX_LABELS = 64
"""Entries in a map of labels: bounds the cost of the CEL rules that the API server runs."""
MAX_WORD = 63
"""Characters in a label value or in a name of one label (RFC 1123, Kubernetes names)."""
MAX_OBJECT_NAME = 253
"""Characters in the name of a Kubernetes object."""

MAX_GIVEN = 1000
"""Sets of fields that are shared: far more than people's objects have, and bounded."""

_STRICT = ConfigDict(
    strict=True,
    extra="forbid",
    frozen=True,
    alias_generator=to_camel,
    serialize_by_alias=True,
    use_attribute_docstrings=True,
    allow_inf_nan=False,
)


class _Small(BaseModel):
    """What keeps models small: a fleet has tens of thousands of objects, of five models or more.

    Each model would note which of its fields were given, in a set of its own of 216 octets. Those
    that were given the same fields share one set here. They are frozen, so nobody adds to it.
    """

    def model_post_init(self, _context: object) -> None:
        given = _given(frozenset(self.__pydantic_fields_set__))
        object.__setattr__(self, "__pydantic_fields_set__", given)


class Model(_Small):
    """A part of an object that people write: an unknown field is a mistake."""

    model_config = _STRICT


class Tolerant(_Small):
    """A part that others write and extend (metadata, status): unknown fields are ignored."""

    model_config = _STRICT | ConfigDict(extra="ignore")


@lru_cache(MAX_GIVEN)
def _given(fields: frozenset[str]) -> set[str]:
    """The one set with these names."""
    return set(fields)


Word = Annotated[str, Field(min_length=1, max_length=MAX_WORD)]
ObjectName = Annotated[
    str,
    Field(max_length=MAX_OBJECT_NAME, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"),
]
Labels = Annotated[
    dict[str, Annotated[str, Field(max_length=MAX_WORD)]], Field(max_length=MAX_LABELS)
]


def fault(location: tuple[str | int, ...], message: str) -> PydanticCustomError:
    """The error of a validator that looks at several fields; `location` leads to the bad one."""
    return PydanticCustomError("fault", "{message}", {"message": message, "location": location})


class Reference(NamedTuple):
    """Which object: `Zone default/example-com`, or `Pop fra` for kinds without a namespace."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """Kind and name, the form that begins the place of a violation."""
        scope = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {scope}{self.name}"
