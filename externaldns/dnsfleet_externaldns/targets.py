"""Targets of ExternalDNS and rdata in presentation form (RFC 1035 section 5), in both directions.

ExternalDNS writes host names without the dot at their end, except in SRV and NAPTR. In a RecordSet
such a name would be relative to the origin. What a TXT registry writes is one quoted string of any
length, and a string has 255 octets at most (RFC 1035 section 3.3.14), so a longer one is cut.

`canonical` is what a target is after it was written and read again. Desired endpoints are given
that form before ExternalDNS compares them with those that are there, so nothing differs by
spelling only.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator

from dnsfleet import names

HOST = frozenset({"CNAME", "DNAME", "NS", "PTR"})
"""Types whose rdata is one host name, without the dot in ExternalDNS."""
FIELDS = {"MX": 2, "SRV": 4, "NAPTR": 6}
"""Types whose rdata ends in a host name, and how many fields they have."""
DOTTED = frozenset({"SRV", "NAPTR"})
"""Those of which ExternalDNS keeps the dot (RFC 2782, RFC 3403)."""
MAX_STRING = 255
"""Octets of one character-string (RFC 1035 section 3.3)."""

_ADDRESSES = {"A": ipaddress.IPv4Address, "AAAA": ipaddress.IPv6Address}
_STRINGS = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\s+|$)', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:[0-9]{3}|.)", re.DOTALL)
_LETTER = re.compile(rf"{_ESCAPE.pattern}|.", re.DOTALL)
_ASCII_PART = re.compile(rf"(?:{_ESCAPE.pattern}|[^\\]){{1,{MAX_STRING}}}", re.DOTALL)
"""One match for all letters of a part: one source may ask for megabytes, and letter by letter these
took all the time of a round."""


def to_rdata(rtype: str, target: str) -> str:
    """A target in presentation form; what cannot be read is given back for others to refuse."""
    text = target.strip()
    if rtype in _ADDRESSES:
        return _address(rtype, text)
    if rtype in HOST:
        return _with_dot(text)
    if rtype in FIELDS:
        parts = _fields(rtype, text)
        return text if parts is None else " ".join([*parts[:-1], _with_dot(parts[-1])])
    return _cut(text) if rtype == "TXT" else text


def to_target(rtype: str, rdata: str) -> str:
    """Rdata as ExternalDNS writes it."""
    if rtype in HOST:
        return _without_dot(rdata)
    if rtype in FIELDS and rtype not in DOTTED and (parts := _fields(rtype, rdata)):
        return " ".join([*parts[:-1], _without_dot(parts[-1])])
    return _joined(rdata) if rtype == "TXT" else rdata


def canonical(rtype: str, targets: Iterable[str]) -> tuple[str, ...]:
    """The targets of an RRset as they are read after they were written: sorted, each once."""
    return tuple(sorted({to_target(rtype, to_rdata(rtype, each)) for each in targets}))


def _address(rtype: str, text: str) -> str:
    try:
        return str(_ADDRESSES[rtype](text))
    except ValueError:
        return text


def _fields(rtype: str, text: str) -> list[str] | None:
    """The fields of rdata that ends in a host name; None where their number is wrong."""
    parts = text.split()
    return parts if len(parts) == FIELDS[rtype] else None


def _with_dot(name: str) -> str:
    is_cut = (len(name) - len(name.rstrip("\\"))) % 2  # a dot behind it would be an escaped one
    return name if is_cut or names.is_absolute(name) else f"{name}."


def _without_dot(name: str) -> str:
    return name[:-1] if names.is_absolute(name) and name != names.ROOT else name


def _cut(text: str) -> str:
    """Strings of 255 octets at most, where one of them is longer."""
    if len(text.encode()) <= MAX_STRING:
        return text  # as nearly all are
    strings = _strings(text)
    if strings is None:
        return text
    return " ".join(f'"{part}"' for string in strings for part in _parts(string))


def _joined(text: str) -> str:
    """The one string that was cut, where all parts but the last are full."""
    strings = _strings(text)
    if strings is None or any(_size(each) != MAX_STRING for each in strings[:-1]):
        return text
    return f'"{"".join(strings)}"'


def _strings(text: str) -> list[str] | None:
    """The insides of quoted strings; None for text that is anything else."""
    found, position = [], 0
    while position < len(text):
        match = _STRINGS.match(text, position)
        if match is None:
            return None
        found.append(match[1])
        position = match.end()
    return found or None


def _parts(string: str) -> Iterator[str]:
    if string.isascii():
        yield from _ASCII_PART.findall(string) or [""]
        return
    part, size = "", 0
    for letter in _LETTER.findall(string):
        more = 1 if letter[0] == "\\" else len(letter.encode())
        if size + more > MAX_STRING:
            yield part
            part, size = "", 0
        part, size = part + letter, size + more
    yield part


def _size(string: str) -> int:
    """Octets of the inside of a quoted string; an escape stands for one."""
    return len(_ESCAPE.sub(".", string).encode())
