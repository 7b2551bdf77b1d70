"""Statuses in a small form, for as long as nobody reads them.

The operator holds a status of every object, and while a large fleet comes up one more that waits to
be written. A status takes 2 kB as Python objects and 600 octets as JSON. Most of it are the words
that all statuses have. So it is kept as JSON that was compressed with a dictionary of these words,
in some 60 octets; both ways take a few microseconds.
"""

import json
import zlib
from collections.abc import Mapping
from typing import Any

_LEVEL = 1
_RAW_WINDOW = -11
"""2 KiB, without header or checksum (RFC 1951): the words and a status fit."""
_MEMORY = 2
"""Of 9: a compressor of a larger one takes longer to be made than to do its work."""

_OFTEN = {
    "Accepted": ("NotAllowedByZone", "Accepted"),
    "Programmed": ("NotAccepted", "Published"),
    "Propagated": ("NotProgrammed", "Propagated"),
    "Ready": ("Propagating", "Ready"),
}
"""Reasons of each condition, the most frequent last: the nearest text costs the fewest bits."""


def _words() -> bytes:
    """A text with what statuses have in common. What it says does not matter."""
    conditions = [
        {
            "type": kind,
            "status": str(reason == reasons[-1]),
            "observedGeneration": 1,
            "lastTransitionTime": "2026-01-01T00:00:00Z",
            "reason": reason,
            "message": "",
        }
        for kind, reasons in _OFTEN.items()
        for reason in reasons
    ]
    status = {
        "observedGeneration": 1,
        "serial": 2026010101,
        "revision": {"epoch": 1767225600, "seq": 1},
        "records": 1,
        "propagation": {"pops": 1, "current": 1, "text": "1/1", "seconds": 0.1},
        "conditions": conditions,
    }
    return json.dumps(status, separators=(",", ":")).encode()


_WORDS = _words()


def pack(status: Mapping[str, Any]) -> bytes:
    """The small form of a status; equal statuses, in the same order, have the same."""
    if not status:
        return b""
    text = json.dumps(status, separators=(",", ":")).encode()
    squeezer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW_WINDOW, _MEMORY, zdict=_WORDS)
    return squeezer.compress(text) + squeezer.flush()


def unpack(packed: bytes) -> dict[str, Any]:
    """The status that was packed."""
    if not packed:
        return {}
    return dict(json.loads(zlib.decompressobj(_RAW_WINDOW, _WORDS).decompress(packed)))
