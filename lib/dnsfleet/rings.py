"""Which shard owns a name: one function that Python, Rust and the kernel all compute alike.

The kernel hands every UDP query to one shard (`SO_ATTACH_REUSEPORT_CBPF`), so a name is answered
by the same thread each time and no name is kept twice. The function is therefore made of what a
classic BPF program can do: 32-bit arithmetic and forward jumps, no loops and no memory.

1. Hash the name. FNV-1a over the octets of the wire name (length octets included), A-Z folded to
   lower case. It stops at the first zero octet, which is the root label. For a name with a zero
   octet inside a label it stops early, and that name still has one owner. Only the first
   `NAME_OCTETS` octets count: names with the same first octets share a shard.
2. Give every shard a weight: `mix(hash ^ constant(shard))`, where `mix` is the finaliser of
   MurmurHash3. The highest weight owns the name (rendezvous hashing). `mix` is one to one, so two
   shards with different constants never have equal weights.
3. `constant(shard)` depends on the shard's number alone. One more shard changes no weight of the
   others. It takes only the names where its own weight is the highest: one name in N, and as many
   from each of the others.

`owners` divides other things by the same weights, among members that have names.

Its twin is `edge/engine/src/rings.rs`; `tests/golden/rings.json` holds both to the same values.
"""

from collections.abc import Iterable
from functools import cache

MAX_SHARDS = 64
"""Shards one engine may have.

The program for 64 takes 20,120 octets in the kernel; before Linux 6.7 it may have 20,480
(`net.core.optmem_max`).
"""

NAME_OCTETS = 64
"""Octets of a name that are hashed: most names are shorter, and a program has no loops."""

_MASK = 0xFFFF_FFFF
_FNV_OFFSET = 0x811C_9DC5
_FNV_PRIME = 0x0100_0193
_GOLDEN_RATIO = 0x9E37_79B9


def name_hash(qname_wire: bytes) -> int:
    """The 32-bit hash of an uncompressed wire name; what follows its root label is ignored."""
    value = _FNV_OFFSET
    for octet in qname_wire[:NAME_OCTETS].lower():
        if octet == 0:
            break
        value = (value ^ octet) * _FNV_PRIME & _MASK
    return value


def owner(name: bytes, shards: int) -> int:
    """The shard, 0 to `shards` - 1, that gets UDP queries for this wire name.

    ValueError where `shards` is not between 1 and `MAX_SHARDS`.
    """
    if not 1 <= shards <= MAX_SHARDS:
        raise ValueError(f"{shards} shards: use 1 to {MAX_SHARDS}")
    value = name_hash(name)
    return max(range(shards), key=lambda shard: _mix(value ^ _constant(shard)))


def owners(key: str, members: Iterable[str], count: int) -> list[str]:
    """The `count` members with the highest weight for a key, or all where there are fewer.

    Whoever has the same members comes to the same, and a member that is lost gives away its own
    keys alone. Keys and members are names of at most `NAME_OCTETS` octets without zero octets.
    """
    value = name_hash(key.encode())
    ranked = sorted(
        set(members), key=lambda each: (_mix(value ^ _mix(name_hash(each.encode()))), each)
    )
    return ranked[::-1][:count]


@cache
def _constant(shard: int) -> int:
    return _mix((shard + 1) * _GOLDEN_RATIO & _MASK)


def _mix(value: int) -> int:
    value ^= value >> 16
    value = value * 0x85EB_CA6B & _MASK
    value ^= value >> 13
    value = value * 0xC2B2_AE35 & _MASK
    return value ^ value >> 16
