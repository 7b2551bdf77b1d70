"""Names as labels: the octets of zones and queries, and their presentation form."""

Name = tuple[bytes, ...]
"""Labels, the leftmost first; relative to a place until the place gets its own label."""

# Octets that all servers read as they are. Other octets are written as numbers: each server reads
# some of their short escapes in its own way, NSD `\\.` and BIND `\[`.
PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*")


def to_text(name: Name) -> str:
    """Presentation form, absolute; every octet that is not plain is escaped."""
    return "".join("".join(map(_octet_to_text, label)) + "." for label in name) or "."


def _octet_to_text(octet: int) -> str:
    return chr(octet) if octet in PLAIN else f"\\{octet:03}"


def to_wire(name: Name) -> bytes:
    """Wire form, uncompressed."""
    return b"".join(bytes([len(label)]) + label for label in name) + b"\0"


def octets(name: Name) -> int:
    """The length of the wire form."""
    return sum(len(label) + 1 for label in name) + 1


def folded(name: Name) -> Name:
    """In lower case, as names are compared."""
    return tuple(label.lower() for label in name)


def is_below(name: Name, other: Name) -> bool:
    """Whether a folded name is strictly below another."""
    return len(name) > len(other) and name[len(name) - len(other) :] == other
