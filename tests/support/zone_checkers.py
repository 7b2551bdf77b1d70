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
    commands: dict[str, list[str]] = {
        "bind": [_program("named-checkzone", "bind9-utils"), "-q", *LENIENT, ORIGIN],
        "nsd": [_program("nsd-checkzone", "nsd"), ORIGIN],
    }
    refused = {"knot": _refused_by_knot(files, folder)}
    with ThreadPoolExecutor(WORKERS) as pool:
        for server, line in commands.items():
            fails = pool.map(_fails, ([*line, str(file)] for file in files))
            refused[server] = {number for number, failed in enumerate(fails) if failed}
    return [
        frozenset(server for server, numbers in refused.items() if number in numbers)
        for number in range(len(cases))
    ]


def compiled(cases: Sequence[Case], folder: Path) -> dict[str, str]:
    """How BIND writes each record, `TYPE RDATA` by owner; all must be valid to it."""
    (folder / "all.zone").write_bytes(zone_file(cases))
    program = _program("named-compilezone", "bind9-utils")
    line = [program, "-q", *LENIENT, "-s", "full", "-o", "-", ORIGIN, str(folder / "all.zone")]
    done = subprocess.run(line, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    records = (text.split(maxsplit=3) for text in done.stdout.splitlines() if text[0] == "c")
    return {owner.removesuffix(f".{ORIGIN}"): data for owner, _, _, data in records}


def _fails(line: Sequence[str]) -> bool:
    return subprocess.run(line, capture_output=True, timeout=SECONDS).returncode != 0


def _refused_by_knot(files: Sequence[Path], folder: Path) -> set[int]:
    """By number; one process of Knot checks all zones of a configuration."""
    zones = "".join(f'  - domain: "z{n}."\n    file: "{file}"\n' for n, file in enumerate(files))
    config = folder / "knot.conf"
    config.write_text(f'database:\n    storage: "{folder}"\nzone:\n{zones}')
    line = [_program("knotc", "knot"), "-c", str(config), "zone-check"]
    done = subprocess.run(line, capture_output=True, timeout=SECONDS)
    failed = re.findall(rb"\[z(\d+)\.\] failed to check zone file", done.stderr)
    return {int(number) for number in failed}


def _program(name: str, package: str) -> str:
    program = shutil.which(name, path=SEARCHED)
    if program is None:
        raise FileNotFoundError(f"{name} is missing: install the Debian package {package}")
    return program
