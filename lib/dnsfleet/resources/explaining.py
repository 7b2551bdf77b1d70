"""Turns what pydantic found in an object into violations: what was found and what is allowed."""

import difflib
import re
import types
import typing
from collections.abc import Sequence

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dnsfleet.violations import Violation, field_path, printable

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_UNITS = re.compile(r"(?:\d+[smhdw])+", re.IGNORECASE)
MAX_SHOWN = 60
"""Characters of a wrong value that a message repeats."""

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def explain(error: ValidationError, model: type[BaseModel], where: str) -> list[Violation]:
    """One violation for each fault; `where` is the object, the path of the field is added to it."""
    found = []
    for detail in error.errors(include_url=False):
        if detail["type"] == "too_short" and detail["input"]:
            continue  # all items are bad, which pydantic also calls an empty list
        location = tuple(part for part in detail["loc"] if part != "[key]")
        location += detail.get("ctx", {}).get("location", ())
        reason, message = _explain_one(detail, location, model)
        found.append(Violation(reason, message, f"{where}: {field_path(location)}"))
    return found


def _explain_one(
    detail: ErrorDetails, location: Sequence[str | int], model: type[BaseModel]
) -> tuple[str, str]:
    kind, value = detail["type"], detail["input"]
    if kind == "missing":
        return "MissingField", "this field is required"
    if kind == "extra_forbidden":
        return "UnknownField", _unknown_field(str(location[-1]), location[:-1], model)
    if kind in _WANTED:
        hint = _hint(kind, value)
        return "WrongType", f"found {_shown(value)}, {_WANTED[kind]} is wanted{hint}"
    return "BadValue", _bad_value(detail)


def _bad_value(detail: ErrorDetails) -> str:
    value, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "literal_error":
            allowed = re.findall(r"'([^']*)'", str(context["expected"]))
            return f"found {_shown(value)}, allowed: {', '.join(allowed)}{_meant(value, allowed)}"
        case "greater_than_equal":
            return f"found {_shown(value)}, at least {context['ge']} is allowed"
        case "less_than_equal":
            return f"found {_shown(value)}, at most {context['le']} is allowed"
        case "string_too_long":
            return f"found {len(value)} characters, at most {context['max_length']} are allowed"
        case "too_long":
            return f"found {len(value)} entries, at most {context['max_length']} are allowed"
        case "string_too_short" | "too_short":
            return "found it empty, at least one entry is wanted"
        case "string_pattern_mismatch":
            return f"found {_shown(value)}, which {_misfit(value, context['pattern'])}"
        case "value_error":
            return str(context["error"])
        case _:
            return detail["msg"]


def _misfit(value: str, pattern: str) -> str:
    for other, case in ((value.upper(), "upper"), (value.lower(), "lower")):
        if re.search(pattern, other):
            return f'is not in {case} case; write "{other}"'
    return f"does not fit the pattern {pattern}"


def _unknown_field(name: str, parent: Sequence[str | int], model: type[BaseModel]) -> str:
    owner = _model_at(model, parent)
    allowed = [field.alias or key for key, field in owner.model_fields.items()] if owner else []
    hint = _meant(name, allowed)
    return f'there is no field "{printable(name)}" here; allowed: {", ".join(allowed)}{hint}'


def _meant(value: object, allowed: Sequence[str]) -> str:
    by_fold = {word.lower(): word for word in allowed}
    close = difflib.get_close_matches(str(value).lower(), by_fold, n=1)
    return f'; did you mean "{by_fold[close[0]]}"?' if close else ""


def _hint(kind: str, value: object) -> str:
    if kind == "string_type" and isinstance(value, bool):
        return "; YAML reads a bare y, n, yes, no, on, off as true or false: put it in quotes"
    if kind == "string_type" and isinstance(value, int | float):
        return "; put it in quotes"
    if kind == "int_type" and isinstance(value, str):
        if value.isdecimal():
            return "; remove the quotes"
        if _UNITS.fullmatch(value):
            parts = re.findall(r"(\d+)([a-z])", value.lower())
            return (
                f"; write seconds: {sum(int(count) * _UNIT_SECONDS[unit] for count, unit in parts)}"
            )
    return ""


def _shown(value: object) -> str:
    """A value from YAML as people know it: `the text "1h"`, `the number 1.2`, `a list`."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the value {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            text = value if len(value) <= MAX_SHOWN else value[:MAX_SHOWN] + "…"
            return f'the text "{printable(text)}"'
        case list() | tuple():
            return "a list"
        case _:
            return "a mapping"


def _model_at(model: type[BaseModel], location: Sequence[str | int]) -> type[BaseModel] | None:
    """The model that describes the mapping at a place below `model`."""
    here: object = model
    for part in location:
        if isinstance(part, int):
            continue
        owner = _model_in(here)
        if owner is None:
            return None
        fields = {field.alias or key: field.annotation for key, field in owner.model_fields.items()}
        here = fields.get(part)
    return _model_in(here)


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The first model inside an annotation such as `tuple[Record, ...] | None`."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    for argument in typing.get_args(annotation):
        if (found := _model_in(argument)) is not None:
            return found
    return None
