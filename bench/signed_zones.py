"""Signed zones, and queries with DO for them, written to files.

Their names are random letters, as are the absent names that the generator makes: so absent names
lie between all of them, and different records deny each. All zones are signed by dnssec-signzone
with ECDSA P-256, the algorithm of most signed zones, and NSEC3 is that of RFC 9276: no additional
iterations, no salt.
"""

import random
import string
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from support import zone_signers

from bench import datasets
from bench.asking import Workload
from bench.datasets import ORIGIN, REPLACED, SEED, SMALL
from bench.loads import Queries

ALGORITHM = "ECDSAP256SHA256"
# To verify what was signed takes longer than to sign it.
UNVERIFIED = "-P"
NSEC3 = ("-3", "-", "-H", "0")
OPT_OUT = "-A"

LETTERS = string.ascii_lowercase + "012345"
"""Those that the generator makes random labels of (`load/src/queries.rs`)."""

SIGNED_CUTS = 10
"""One delegation in this many has DS, so that with opt-out it has an NSEC3 record."""

DS = f"1 13 2 {32 * '0b'}"


class Signed(NamedTuple):
    """A signed zone and what is asked of it."""

    name: str
    file: Path
    workloads: dict[str, Workload]


def written(folder: Path) -> Iterator[Signed]:
    """Zones of 100,000 names with NSEC and with NSEC3, and one of as many delegations."""
    labels = scattered(SMALL)
    absent = _asked(folder / "absent", [REPLACED], are_new=True)
    again = scattered(SMALL + datasets.CACHED)[SMALL:]
    nsec = {
        "positive": Workload(_asked(folder / "positive", drawn(labels))),
        "cached-nxdomain": Workload(_asked(folder / "again", again)),
        "nxdomain-nsec": Workload(absent),
    }
    text = addresses(labels)
    yield Signed("nsec", _signed(folder / "nsec", text), nsec)
    nsec3 = {"nxdomain-nsec3": Workload(absent)}
    yield Signed("nsec3", _signed(folder / "nsec3", text, *NSEC3), nsec3)
    below = [f"{REPLACED}.{label}" for number, label in enumerate(labels) if not _has_ds(number)]
    referrals = _asked(folder / "referrals", drawn(below), are_new=True)
    file = _signed(folder / "cuts", delegations(labels), *NSEC3, OPT_OUT)
    yield Signed("cuts", file, {"referral": Workload(referrals)})


def scattered(count: int) -> list[str]:
    """Labels of random letters; the first is the one that a starting server is asked for."""
    chance = random.Random(SEED)
    length = len(REPLACED)
    more = ("".join(chance.choices(LETTERS, k=length)) for _ in range(count - 1))
    return [datasets.host(0), *more]


def addresses(labels: Iterable[str]) -> str:
    """A master file with an A record at each label."""
    lines = (f"{label} A 192.0.2.{number % 256}\n" for number, label in enumerate(labels))
    return datasets.HEAD + "".join(lines)


def delegations(labels: Sequence[str]) -> str:
    """A master file with a delegation at each label but the first, some of them with DS."""
    lines = [f"{labels[0]} A 192.0.2.1\n"]
    for number, label in enumerate(labels[1:], 1):
        lines.append(f"{label} NS ns1.example.net.\n")
        if _has_ds(number):
            lines.append(f"{label} DS {DS}\n")
    return datasets.HEAD + "".join(lines)


def drawn(names: Sequence[str]) -> list[str]:
    """Each of some names as often as any other, enough for some seconds."""
    return random.Random(SEED).choices(names, k=datasets.ASKED)


def _has_ds(number: int) -> bool:
    # The first label has an address.
    return number % SIGNED_CUTS == 0


def _asked(file: Path, names: Iterable[str], are_new: bool = False) -> Queries:
    """Queries with DO; each gets a first label of its own, or the names are asked as they are."""
    file.write_bytes(b"".join(datasets.framed(datasets.query(name, True)) for name in names))
    return Queries(file, are_new)


def _signed(folder: Path, text: str, *options: str) -> Path:
    """A folder of its own for each zone, because the keys of all have the same name."""
    folder.mkdir()
    file = folder / "zone"
    file.write_text(text)
    zone_signers.bind(ALGORITHM, UNVERIFIED, *options)(ORIGIN, file)
    return file
