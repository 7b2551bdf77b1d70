"""A field without a value is no field: `creationTimestamp: null`, or `soa:` with nothing behind it.

The API server removes such fields before it validates an object. Programs write them
(`creationTimestamp: null` is in what kubectl and kubebuilder print), so they are removed here too,
but only where they are in the way: most objects have none, and a look at each field costs time.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

_MAPS_OF_TEXT = (("metadata", "labels"), ("metadata", "annotations"), ("data",), ("binaryData",))
"""Where the API server takes a null for an empty text: that is surely not meant, so it is told."""


def without_nulls(raw: Mapping[str, Any], error: ValidationError) -> dict[str, Any]:
    """The object without the nulls that `error` is about; `raw` stays as it is."""
    made = dict(raw)
    for detail in error.errors(include_url=False):
        place = detail["loc"]
        unknown = detail["type"] == "extra_forbidden"
        if detail["input"] is None and not unknown and place[:-1] not in _MAPS_OF_TEXT:
            _remove(made, place)
    return made


def _remove(made: dict[str, Any], place: tuple[str | int, ...]) -> None:
    """Take out the field at a place, if it is null; what is above it is copied, as it is shared."""
    here: Any = made
    for part in place[:-1]:
        try:
            below = here[part]
        except (KeyError, IndexError, TypeError):
            return
        if not isinstance(below, dict | list):
            return
        here[part] = below.copy()
        here = here[part]
    if place and isinstance(here, dict) and here.get(place[-1], here) is None:
        del here[place[-1]]
