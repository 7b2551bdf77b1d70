"""Zones from master files (RFC 1035 section 5), plain or gzip.

The engine's `ZoneBuilder` reads and checks them, records of every type; gzip is done here. The
models of resources are not imported: that takes nearly as long as all else in the start of
`dnsfleet serve`.
"""

import zlib
from collections.abc import Callable, Iterable

from dnsfleet_engine import Zone, ZoneBuilder

from dnsfleet import names
from dnsfleet.violations import Violation, errors
from dnsfleet.zones.checking import checks, written

MAX_FILE = 1 << 30
"""Octets of a master file after gzip: 20 million records; more is an error or an attack."""

Built = tuple[Zone | None, list[Violation]]
"""A zone, or None after an error in it, and what was found."""
Include = Callable[[str, str], tuple[str, bytes]]
"""(path as written, name of the file with the $INCLUDE) to (name, text); ValueError or OSError."""
Progress = Callable[[int, int], None]
"""Gets (octets read, octets in all) from time to time."""

_GZIP = b"\x1f\x8b"


def read(
    text: bytes,
    name: str,
    origin: str | None = None,
    include: Include | None = None,
    progress: Progress | None = None,
) -> Built:
    """The zone of a master file, which may be gzip; places are `NAME:LINE`.

    Without `origin` the owner of the first SOA is the apex.
    """
    builder = ZoneBuilder(origin)
    found = add_file(builder, text, name, include, progress)
    records = written.of(builder)
    zone, found = finish(builder, found)
    return zone, found if zone is None else [*found, *checks.check(zone, records)]


def is_compressed(text: bytes) -> bool:
    """Whether a text is gzip."""
    return text.startswith(_GZIP)


def add_file(
    builder: ZoneBuilder,
    text: bytes,
    name: str,
    include: Include | None,
    progress: Progress | None,
) -> list[Violation]:
    """Read a master file into a builder; what is wrong with the file as a whole."""
    try:
        plain = _unzipped(text) if is_compressed(text) else text
    except (zlib.error, ValueError) as error:
        return [Violation("BadSyntax", f"bad gzip: {error}", name)]
    builder.add_file(plain, name, include, progress, names.to_a_labels)
    return []


def _unzipped(text: bytes) -> bytes:
    decoder = zlib.decompressobj(wbits=31)
    plain = decoder.decompress(text, MAX_FILE)
    if decoder.unconsumed_tail:
        raise ValueError(f"more than {MAX_FILE} octets after decompression")
    if not decoder.eof:
        raise ValueError("the file ends too early")
    return plain


def finish(builder: ZoneBuilder, found: Iterable[Violation]) -> Built:
    """The builder's zone, None after an error; its findings come after those in `found`."""
    zone, checked = builder.finish()
    violations = [*found, *(Violation(*violation) for violation in checked)]
    return (None if errors(violations) else zone), violations
