"""RR types as text: one spelling for each type, so that texts can be compared and be keys.

A type is a number. People write its mnemonic, or TYPE and the number, which every type has
(RFC 3597 section 5). The normal spelling is the mnemonic where the type has one.

The mnemonics are those of the engine, because it reads and writes the zones. Another table would
know other types, and then one type has two spellings, and an RRset two owners.
"""

from functools import lru_cache

from dnsfleet_engine import type_number, type_text

MOST_KNOWN = 256
"""Spellings that are remembered: more than a fleet uses, and bounded whatever people invent."""


class UnknownTypeError(ValueError):
    """A text is neither a mnemonic nor TYPE and a number."""

    def __init__(self, text: str) -> None:
        super().__init__(f"type {text} is unknown; write it as TYPEnnn (RFC 3597)")


@lru_cache(MOST_KNOWN)
def number(text: str) -> int | None:
    """The number of a type, 0 to 65535, in any letter case; None for a text that names none."""
    return type_number(text)


@lru_cache(MOST_KNOWN)
def normalise(text: str) -> str:
    """The normal spelling of a type: A for TYPE1, TYPE65280 where there is no mnemonic.

    UnknownTypeError says what is wrong with the text.
    """
    found = type_number(text)
    if found is None:
        raise UnknownTypeError(text)
    return type_text(found)


def to_text(rtype: int) -> str:
    """The normal spelling of the type with this number, 0 to 65535."""
    return type_text(rtype)
