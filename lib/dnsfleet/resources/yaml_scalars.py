"""What a bare scalar in YAML means to kubectl: text, a number, true or false, or nothing.

kubectl turns YAML into JSON by sigs.k8s.io/yaml, which reads it by go-yaml 2. That knows the words
of YAML 1.1 (`yes`, `on`, and the letters `y` and `n` too), the numbers of Go (`0o17`, `017`,
`0x1f`, `1e3`, `1_000`) and no sexagesimal ones: `12:30` is text. PyYAML reads many of these
otherwise. Here are the rules of go-yaml, so that a manifest says one thing to a cluster and to
`dnsfleet up`. `tests/conformance` compares them with the Go library.

A float that is whole becomes an integer, as in the JSON that kubectl sends: `60.0` is 60.
"""

import re
from decimal import Decimal

Scalar = str | int | float | bool | None

TAG = "tag:yaml.org,2002:"
"""What the tags of YAML's own types begin with; `!!int` is `tag:yaml.org,2002:int`."""

MAX_UNSIGNED = 2**64 - 1
"""A larger number without a fraction is a float."""
MIN_SIGNED = -(2**63)
MAX_SIGNED = 2**63 - 1

_TRUE = ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON")
_FALSE = ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")
_NULL = ("", "~", "null", "Null", "NULL")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(_TRUE, True),
    **dict.fromkeys(_FALSE, False),
    **dict.fromkeys(_NULL),
}
_INFINITIES = (sign + word for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF"))
_NO_NUMBERS = frozenset((".nan", ".NaN", ".NAN", *_INFINITIES))
_NUMBER_BEGINS = frozenset("+-.0123456789")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_FRACTION = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?")
_DIGITS = (
    (re.compile(r"([-+]?)0[xX]([0-9a-fA-F]+)"), 16),
    (re.compile(r"([-+]?)0[bB]([01]+)"), 2),
    (re.compile(r"()0b([-+]?[01]+)"), 2),
    (re.compile(r"([-+]?)0[oO]?([0-7]+)"), 8),
    (re.compile(r"([-+]?)(0|[1-9][0-9]*)"), 10),
)


class ScalarError(ValueError):
    """A scalar that JSON cannot express, or that is not what its tag says."""


def resolve(text: str) -> Scalar:
    """The value of a scalar without quotes and without a tag; ScalarError for `.inf` and `.nan`."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_BEGINS:
        return text
    if text in _NO_NUMBERS:
        raise ScalarError(f"{text} is no number that JSON can express")
    if text[0] == ".":
        return _float(text.replace("_", ""), text) if _FRACTION.fullmatch(text) else text
    return _number(text.replace("_", ""), text)


def tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with an explicit tag; ScalarError where it has no such value."""
    name = tag.removeprefix(TAG)
    if name == "str":
        return text
    if name not in ("bool", "int", "float", "null"):
        raise ScalarError(f"the tag {tag} has no meaning here; remove it")
    value = resolve(text)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    right = {
        "bool": isinstance(value, bool),
        "int": number and isinstance(value, int) and is_integer(text),
        "float": number and not (isinstance(value, int) and value > MAX_SIGNED),
        "null": value is None,
    }
    if not right[name]:
        raise ScalarError(f'"{text}" is no !!{name}')
    return _shortest(float(value or 0)) if name == "float" else value


def is_integer(text: str) -> bool:
    """Whether a scalar has the form of an integer: `10` and `0x1f`, and not `1e3` or `60.0`."""
    plain = text.replace("_", "")
    return any(form.fullmatch(plain) for form, _ in _DIGITS)


def _number(plain: str, text: str) -> Scalar:
    for form, base in _DIGITS:
        if found := form.fullmatch(plain):
            value = int(found[2], base) * (-1 if found[1] == "-" else 1)
            signed = not plain[0].isdecimal()
            if MIN_SIGNED <= value <= (MAX_SIGNED if signed else MAX_UNSIGNED):
                return value
            break
    return _float(plain, text)


def _float(plain: str, text: str) -> Scalar:
    if not _FLOAT.fullmatch(plain):
        return text
    value = float(plain)
    if value in (float("inf"), float("-inf")):  # beyond the range of a float, Go keeps the text
        return text
    return _shortest(value)


def _shortest(value: float) -> int | float:
    """A float as JSON has it: the shortest digits that are read as it, an integer where whole."""
    digits = Decimal(repr(value))
    whole = value.is_integer() and MIN_SIGNED <= digits <= MAX_SIGNED
    return int(digits) if whole else value
