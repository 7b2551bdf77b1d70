"""What other servers say of one record: the checkers of BIND, Knot DNS and NSD.

Each case is a zone of its own with one record besides its apex. Only rdata is judged: checks of
names and of what records have to do with each other are off.
"""

import re
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from support.nameservers import SEARCHED

ORIGIN = "example.com."
APEX = """$TTL 300
@ SOA ns1.example.net. hostmaster.example.net. 1 7200 900 1209600 300
@ NS ns1.example.net.
"""
# Checkers wait for files more than they compute; a machine has at least two cores.
WORKERS = 4
SECONDS = 60
LENIENT = ["-i", "none", "-k", "ignore", "-m", "ignore", "-M", "ignore", "-n", "ignore"]
LENIENT += ["-r", "ignore", "-S", "ignore", "-T", "ignore"]


class Case(NamedTuple):
    """One rdata text."""

    rtype: str
    text: str


def zone_file(cases: Sequence[Case]) -> bytes:
    """A master file with an owner for each record, `c0`, `c1` and so on."""
    lines = (f"c{number} {case.rtype} {case.text}\n" for number, case in enumerate(cases))
    return (APEX + "".join(lines)).encode()


def refused_by(cases: Sequence[Case], folder: Path) -> list[frozenset[str]]:
    """For each case the servers that refuse it: bind, knot, nsd."""
    files = []
    for number, case in enumerate(cases):
        files.append(folder / f"{number}.zone")
        files[-1].write_bytes(zone_file([case]))
    bind = [_program("named-checkzone", "bind9-utils"), "-q", *LENIENT, ORIGIN]
    nsd = [_program("nsd-checkzone", "nsd"), ORIGIN]
    knot = [_program("kzonecheck", "knot-dnssecutils"), "-o", ORIGIN]
    lines = {
        "bind": [[*bind, str(file)] for file in files],
        "nsd": [[*nsd, str(file)] for file in files],
        "knot": [[*knot, str(file)] for file in files],
    }
    refused = {}
    with ThreadPoolExecutor(WORKERS) as pool:
        for server, commands in lines.items():
            refuses = pool.map(_refuses, commands)
            refused[server] = {number for number, refusing in enumerate(refuses) if refusing}
    return [
        frozenset(server for server, numbers in refused.items() if number in numbers)
        for number in range(len(cases))
    ]


def compiled(cases: Sequence[Case], folder: Path) -> dict[str, str]:
    """How BIND writes each record, `TYPE RDATA` by owner; all must be valid to it."""
    done = _compile(cases, folder, "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    records = (text.split(maxsplit=3) for text in done.stdout.splitlines() if text[0] == "c")
    return {owner.removesuffix(f".{ORIGIN}"): data for owner, _, _, data in records}


def refused_by_bind(cases: Sequence[Case], folder: Path) -> set[int]:
    """The numbers of the cases that BIND cannot read; one process judges all.

    It looks for the end of a refused line without regard to quotes. A parenthesis within them hides
    the lines behind it, so what is left is judged again.
    """
    refused: set[int] = set()
    while True:
        left = [number for number in range(len(cases)) if number not in refused]
        found = _told_by_bind([cases[number] for number in left], folder)
        if not found:
            return refused
        refused |= {left[number] for number in found}


def _told_by_bind(cases: Sequence[Case], folder: Path) -> set[int]:
    done = _compile(cases, folder)
    told = re.findall(
        r"dns_rdata_fromtext: \S+:(\d+): |\S+:(\d+): type '\w+': obsolete",
        done.stdout + done.stderr,
    )
    before = APEX.count("\n") + 1
    return {int(faulty or obsolete) - before for faulty, obsolete in told}


def _compile(
    cases: Sequence[Case], folder: Path, *options: str
) -> subprocess.CompletedProcess[str]:
    file = folder / "all.zone"
    file.write_bytes(zone_file(cases))
    program = _program("named-compilezone", "bind9-utils")
    line = [program, *options, *LENIENT, "-s", "full", "-o", "-", ORIGIN, str(file)]
    return subprocess.run(line, capture_output=True, text=True, timeout=SECONDS)


def _refuses(line: Sequence[str]) -> bool:
    """Whether a checker refuses a zone.

    Some octets make Knot crash or never end, which is its refusal too. Once kzonecheck has read a
    zone, it looks for missing glue and the like, which nothing turns off, and sums up the findings.
    """
    try:
        done = subprocess.run(line, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0 and b"Error summary" not in done.stdout


def _program(name: str, package: str) -> str:
    program = shutil.which(name, path=SEARCHED)
    if program is None:
        raise FileNotFoundError(f"{name} is missing: install the Debian package {package}")
    return program
