"""Domain names as text: one spelling for each name, so that texts can be compared and be keys.

The normal spelling is absolute (it ends in a dot), ASCII lower case, with the escapes of RFC 1035
section 5.1 only where they are needed. Wire form belongs to the engine.

Letters outside ASCII are taken as U-labels of IDNA 2008 (RFC 5891) and become A-labels. Capitals
and other forms of a letter are mapped first, as UTS 46 says. Who means octets writes `\\DDD`.

Names with escapes go through dnspython, U-labels through idna. They are imported only then, because
dnspython takes 20 ms, a seventh of the time that `dnsfleet serve` takes to start without it.
"""

import re
from typing import TYPE_CHECKING

from dnsfleet.violations import printable

if TYPE_CHECKING:
    import dns.name

MAX_LABEL = 63
"""Octets in a label (RFC 1035 section 2.3.4)."""
MAX_NAME = 255
"""Octets in a name on the wire, length octets and the root included (RFC 1035 section 2.3.4)."""
MAX_TEXT = 1004
"""Characters in a name: 250 octets of four labels, each written as \\DDD, and four dots."""

ROOT = "."

_PLAIN = re.compile(r"(?:[a-z0-9_*][a-z0-9_-]{0,62}\.)+")
"""Names without escapes, as nearly all are: one match is 20 times faster than label by label."""


def normalise(text: str, origin: str | None = None) -> str:
    """The normal spelling of a name; without `origin` a missing dot at the end is added.

    With `origin` (absolute) the name is relative unless it ends in a dot, and `@` is the origin.
    U-labels become A-labels. ValueError says what is wrong with the name.
    """
    text = to_a_labels(text)
    end = "" if origin is None or origin == ROOT else origin
    absolute = (text if text.endswith(".") else f"{text}.{end}").lower()
    if len(absolute) < MAX_NAME and _PLAIN.fullmatch(absolute) and "xn--" not in absolute:
        return absolute
    name = _parse(text, ROOT if origin is None else origin)
    for label in name.labels:
        _check_a_label(label)
    return name.canonicalize().to_text()


def is_absolute(text: str) -> bool:
    """Whether a name ends in a dot that is no part of its last label."""
    if not text.endswith("."):
        return False
    before = text[:-1]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 0


def to_a_labels(text: str) -> str:
    """A name with its U-labels as A-labels, as it is otherwise; ValueError on a bad U-label."""
    if text.isascii():
        return text
    if "\\" in text:
        raise ValueError(
            f'"{printable(text)}" has an escape beside letters outside ASCII; write A-labels '
            "(xn--…), or \\DDD for each octet"
        )
    return ".".join(each if each.isascii() else _to_a_label(each) for each in text.split("."))


def shown(name: str) -> str:
    """A name as messages show it: where it has A-labels, with its U-labels behind it."""
    if "xn--" not in name:
        return name
    import idna

    try:
        labels = [
            idna.ulabel(each) if each.startswith("xn--") else each for each in name.split(".")
        ]
    except idna.IDNAError:
        return name  # octets that somebody called an A-label
    return f"{name} ({'.'.join(labels)})"


def is_at_or_below(name: str, ancestor: str) -> bool:
    """Whether `name` is `ancestor` or a name under it; both absolute."""
    return _parse(name, ROOT).is_subdomain(_parse(ancestor, ROOT))


def ancestors(name: str) -> list[str]:
    """The names above an absolute name in normal spelling, the nearest first, the root last."""
    if _PLAIN.fullmatch(name):
        parts = name.split(".")
        return [".".join(parts[start:]) or ROOT for start in range(1, len(parts))]
    found = []
    parent = _parse(name, ROOT)
    while len(parent.labels) > 1:
        parent = parent.parent()
        found.append(parent.to_text())
    return found


def relative(name: str, origin: str) -> str:
    """The name as a zone file of `origin` writes it: `www`, `@`, or absolute when outside."""
    absolute, apex = _parse(name, ROOT), _parse(origin, ROOT)
    return (absolute if origin == ROOT else absolute.relativize(apex)).to_text()


def labels(name: str) -> int:
    """How many labels an absolute name has; the root has none."""
    if _PLAIN.fullmatch(name):
        return name.count(".")
    return len(_parse(name, ROOT).labels) - 1


def _parse(text: str, origin: str) -> "dns.name.Name":
    import dns.exception
    import dns.name

    if not text:
        raise ValueError("the name is empty; write a name, or @ for the origin")
    bad = next((char for char in text if char <= " " or char == "\x7f"), None)
    if bad is not None:
        raise ValueError(f'"{text}" has a blank or control character; write it as \\{ord(bad):03}')
    try:
        apex = dns.name.from_text(origin) if origin != ROOT else dns.name.root
        return dns.name.from_text(text, apex)
    except dns.name.LabelTooLong:
        size = max(len(label) for label in _split(text))
        raise ValueError(f"label of {size} octets, at most {MAX_LABEL} allowed") from None
    except dns.name.NameTooLong:
        size = sum(1 + len(label) for label in _split(text)) + 1
        if not text.endswith("."):
            size += sum(1 + len(label) for label in apex.labels) - 1
        raise ValueError(f"name of {size} octets, at most {MAX_NAME} allowed") from None
    except dns.name.EmptyLabel:
        raise ValueError(f'"{text}" has an empty label; remove the doubled dot') from None
    except dns.exception.DNSException:
        raise ValueError(f'"{text}" has a bad escape; write \\X or \\DDD up to \\255') from None


def _split(text: str) -> list[bytes]:
    """The labels of a name that may be too long for dnspython; escapes are known to be good."""
    found = [bytearray()]
    position = 0
    while position < len(text):
        char = text[position]
        if char == "\\" and text[position + 1].isdigit():
            found[-1].append(int(text[position + 1 : position + 4]))
            position += 4
        elif char == "\\":
            found[-1] += text[position + 1].encode()
            position += 2
        else:
            if char == ".":
                found.append(bytearray())
            else:
                found[-1] += char.encode()
            position += 1
    return [bytes(label) for label in found if label]


def _to_a_label(label: str) -> str:
    import idna

    try:
        return idna.alabel(idna.uts46_remap(label, std3_rules=False)).decode()
    except idna.IDNAError as error:
        raise ValueError(f'"{printable(label)}" is no label of IDNA 2008: {error}') from None


def _check_a_label(label: bytes) -> None:
    """Refuse `xn--` labels that no decoder could show (RFC 5890 section 2.3.2.1)."""
    if not label.lower().startswith(b"xn--"):
        return
    try:
        shown = label[4:].decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        shown = ""
    if not shown or shown.isascii():
        text = label.decode("ascii", "backslashreplace")
        raise ValueError(f'"{text}" begins with xn-- but is no A-label; check its spelling')
