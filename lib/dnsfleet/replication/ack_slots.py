"""Ack slots: where in the core the ack of an edge is, so that nobody can make others hold much.

The right to write acks is one that every edge has, so one that was taken over has it too. A user of
Redis can be kept to keys, but not to fields of a hash, nor to sizes. So there is a fixed number of
keys, and whoever may write acks may write these and no others:

    dnsfleet:1:ack:000 ... 3ff     POP/EDGE, a space, when it was written, a newline, the ack

An edge takes one slot and keeps it. It looks for one from a place on that its name gives, so that
an edge that starts again finds its own. One that is empty is taken by a write that does not replace
anything. Where none is empty, the edge takes over the one that was silent longest, if that is so
long ago that its edge is gone. Every write tells what the slot held before. Where that is another
edge's, two of them took over the same slot: who finds out leaves it and takes another. A slot that
is left, or whose edge is gone, is emptied by the writer, which believes the newest word of an edge.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dnsfleet.replication import acks
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.keys import PREFIX

SLOTS = 1024
"""Five Pops of the largest size, each with all its edges replaced at once; 340 of the usual one."""

MAX_OCTETS = 256 * 1024
"""Octets of a slot that are read; an ack has a few hundred, and what fits into one is far less than
half of this. All slots together are 256 MiB."""

HEADER_OCTETS = 600
"""Octets that are enough for whose a slot is: two names of Kubernetes, and a time."""

GONE_MS = 24 * 3600 * 1000
"""An edge that was silent for so long may lose its slot: it takes another when it is back."""

KEY_PREFIX = PREFIX + "ack:"
PATTERN = KEY_PREFIX + "[0-3][0-9a-f][0-9a-f]"
"""What matches the slots and nothing else, as a pattern of Redis."""


class Word(NamedTuple):
    """What a slot holds."""

    edge: str
    """POP/EDGE."""
    time_ms: int
    """When it was written, Unix time in milliseconds."""
    ack: Ack | None
    """None where it cannot be read."""


def key(slot: int) -> str:
    """The key of a slot."""
    return f"{KEY_PREFIX}{slot:03x}"


def order(edge: str) -> list[int]:
    """All slots, in the order in which an edge looks for one."""
    first = int.from_bytes(hashlib.blake2b(edge.encode(), digest_size=4).digest()) % SLOTS
    return [*range(first, SLOTS), *range(first)]


def encode(edge: str, ack: Ack) -> bytes:
    """What an edge writes into its slot."""
    return f"{edge} {ack.time_ms}\n".encode() + acks.encode(ack)


def decode(value: bytes) -> Word | None:
    """What a slot holds, or says at its beginning; None where it does not say whose it is."""
    header, _, said = value.partition(b"\n")
    edge, _, time_ms = header.decode(errors="replace").partition(" ")
    if not edge or len(header) > HEADER_OCTETS or not (time_ms.isascii() and time_ms.isdecimal()):
        return None
    return Word(edge, int(time_ms), acks.decode(said))


def newest(words: Iterable[Word]) -> dict[str, Word]:
    """By edge, its newest word; of those of the same time the last one."""
    found: dict[str, Word] = {}
    for word in words:
        if word.edge not in found or found[word.edge].time_ms <= word.time_ms:
            found[word.edge] = word
    return found


def choose(edge: str, slots: Sequence[int], beginnings: Sequence[bytes], now_ms: int) -> int | None:
    """The slot to take, of those of which the beginnings are known; None where all are in use.

    Its own, else the first that is empty, else the one that was silent longest.
    """
    empty: int | None = None
    gone: tuple[int, int] | None = None
    for slot, beginning in zip(slots, beginnings, strict=True):
        word = decode(beginning)
        if word is not None and word.edge == edge:
            return slot
        if not beginning:
            empty = slot if empty is None else empty
            continue
        silent_since = 0 if word is None else word.time_ms
        if now_ms - silent_since > GONE_MS and (gone is None or silent_since < gone[0]):
            gone = (silent_since, slot)
    return empty if empty is not None or gone is None else gone[1]
