"""Zones and queries, written to files.

Every zone has the origin `ORIGIN`, and the names that are asked all have the same length. Queries
carry EDNS with the payload of 1,232 octets that resolvers use.
"""

import random
import struct
from collections.abc import Iterable
from itertools import accumulate, pairwise
from pathlib import Path

from bench.loads import Queries

ORIGIN = "big.example"
PAYLOAD = 1232
A, OPT = 1, 41

DNSSEC_OK = 0x8000
"""DO among the flags of an OPT record (RFC 3225 section 3)."""

SMALL = 100_000
LARGE = 1_000_000
CACHED = 1_000
"""Names that fit every answer cache."""

CHAINS = 25_000
CHAIN = 4
"""CNAMEs between the name that is asked and the address."""

REPLACED = "twelveoctets"
"""A label that the generator replaces by random letters."""

ASKED = 500_000
"""Queries in a file, before it begins again: enough for some seconds."""

SEED = 1
HEAD = f"""\
$ORIGIN {ORIGIN}.
$TTL 300
@ SOA ns1.example.net. hostmaster 1 7200 900 1209600 300
@ NS ns1.example.net.
"""


def host(number: int) -> str:
    """The owner name number `number`, relative to the origin."""
    return f"host{number:08}"


def names(records: int) -> bytes:
    """A master file of `records` A records of different names."""
    lines = [f"{host(n)} A 10.{n >> 16}.{n >> 8 & 255}.{n & 255}\n" for n in range(records)]
    return (HEAD + "".join(lines)).encode()


def chains(count: int) -> bytes:
    """A master file where each `host` leads over `CHAIN` CNAMEs to an address."""
    lines = []
    for n in range(count):
        steps = [host(n), *(f"step{step}-{n:08}" for step in range(1, CHAIN + 1))]
        lines += [f"{owner} CNAME {target}\n" for owner, target in pairwise(steps)]
        lines.append(f"{steps[-1]} A 10.{n >> 16}.{n >> 8 & 255}.{n & 255}\n")
    return (HEAD + "".join(lines)).encode()


def uniform(file: Path, count: int, asked: int = ASKED) -> Queries:
    """Ask for each of `count` names as often as for any other."""
    chance = random.Random(SEED)
    return _written(file, (chance.randrange(count) for _ in range(asked)))


def zipf(file: Path, count: int) -> Queries:
    """Ask the name of rank r in proportion to 1 / r; ranks are spread over the zone."""
    chance = random.Random(SEED)
    ranked = list(range(count))
    chance.shuffle(ranked)
    weights = accumulate(1 / (rank + 1) for rank in range(count))
    return _written(file, chance.choices(ranked, cum_weights=list(weights), k=ASKED))


def absent(file: Path) -> Queries:
    """Names that do not exist, always new ones: as an attack with random subdomains asks."""
    file.write_bytes(framed(query(REPLACED)))
    return Queries(file, random=True)


def query(name: str, dnssec_ok: bool = False) -> bytes:
    """A query for the address of a name below the origin, with EDNS, id 0, and DO or not."""
    labels = b"".join(
        bytes([len(label)]) + label.encode() for label in f"{name}.{ORIGIN}".split(".")
    )
    header = struct.pack("!6H", 0, 0, 1, 0, 0, 1)
    flags = DNSSEC_OK if dnssec_ok else 0
    return header + labels + struct.pack("!BHHBHHIH", 0, A, 1, 0, OPT, PAYLOAD, flags, 0)


def framed(message: bytes) -> bytes:
    """A message as the generator reads it from a file: its length is in front."""
    return struct.pack("!H", len(message)) + message


def _written(file: Path, numbers: Iterable[int]) -> Queries:
    file.write_bytes(b"".join(framed(query(host(number))) for number in numbers))
    return Queries(file)
