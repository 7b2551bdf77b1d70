"""Patterns of owner names that an update key may change.

    *                     every name
    *.dev                 every name below dev
    _acme-challenge.*     every name that begins with this label, or these, at any depth
    www, @                this one name

Names are relative to the origin unless they end in a dot.
"""

from typing import Annotated

from pydantic import AfterValidator

from dnsfleet import names
from dnsfleet.resources.zone_contents import NameText

EVERY_NAME = "*"


def _check(text: str) -> str:
    if text == EVERY_NAME:
        return text
    fixed = text.removesuffix(".*") if text.endswith(".*") else text.removeprefix("*.")
    if EVERY_NAME in fixed.split("."):
        raise ValueError(
            "a pattern has one *, as its first or as its last label: write one such as *.dev, "
            "_acme-challenge.* or *"
        )
    names.normalise(fixed, names.ROOT)
    if text.endswith(".*") and fixed == "@":
        raise ValueError("@ is the origin, which begins no name; write * for every name")
    return text


UpdatePattern = Annotated[NameText, AfterValidator(_check)]
"""See the head of this module."""


def fits(owner: str, pattern: str, origin: str) -> bool:
    """Whether a name, absolute and in normal spelling, is one of a pattern for this zone."""
    if pattern == EVERY_NAME:
        return True
    try:
        if pattern.endswith(".*"):
            return owner.startswith(names.normalise(pattern.removesuffix(".*")))
        if pattern.startswith("*."):
            return names.normalise(pattern.removeprefix("*."), origin) in names.ancestors(owner)
        return owner == names.normalise(pattern, origin)
    except ValueError:
        return False  # together with this origin it is longer than any name
