"""DNSViz as a judge: it asks an engine from the root downwards and tells what is wrong.

`python -m support.dnsviz FOLDER NAME…` serves the encoded zones of a folder and has DNSViz ask for
names. `judged` runs it in a network namespace that has nothing but a loopback device. So the engine
can be at port 53, where DNSViz looks for it, and no question leaves the machine. It needs root.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dnsfleet_engine import Engine, Zone

ADDRESS = "10.53.0.1"
"""Where the engine answers inside of the namespace."""

RUN_SECONDS = 120
PROGRAM = Path(sys.executable).parent / "dnsviz"
PROBED = "probed.json"
SHARDS = 1

# What the zones of a test are on purpose: at an address of a test, and with iterations, which
# validators have to know (RFC 9276 section 3.1).
ON_PURPOSE = {"NS_NAME_PRIVATE_IP", "NONZERO_NSEC3_ITERATION_COUNT"}


class Judgement(NamedTuple):
    """What DNSViz says of some names."""

    errors: list[str]
    """Code, description and where it was found."""
    statuses: Counter[str]
    """How signatures, proofs, DS and delegations were judged, such as VALID and SECURE."""


def judged(zones: Sequence[Zone], names: Sequence[str], folder: Path) -> Judgement:
    """Have zones judged that include the root and all delegations from there."""
    folder.mkdir()
    for number, zone in enumerate(zones):
        (folder / f"{number}.zone").write_bytes(zone.encode())
    command = ["unshare", "--net", sys.executable, "-m", "support.dnsviz", str(folder), *names]
    subprocess.run(command, check=True, timeout=RUN_SECONDS, cwd=Path(__file__).parent.parent)
    grok: list[str | Path] = [PROGRAM, "grok", "-l", "info", "-r", folder / PROBED]
    done = subprocess.run(grok, check=True, capture_output=True, text=True, timeout=RUN_SECONDS)
    found = list(_walk(json.loads(done.stdout), ""))
    errors = [
        f"{place}: {error['code']}, {error['description']}"
        for place, key, value in found
        if key == "errors"
        for error in value
        if error["code"] not in ON_PURPOSE
    ]
    return Judgement(errors, Counter(value for _, key, value in found if key == "status"))


def _walk(part: Any, place: str) -> Iterator[tuple[str, str, Any]]:
    """Every member of every object: the path to the object, name and value."""
    if isinstance(part, list):
        for item in part:
            yield from _walk(item, place)
    elif isinstance(part, dict):
        for key, value in part.items():
            yield place, key, value
            yield from _walk(value, f"{place}/{key}")


def main(folder: Path, names: Sequence[str]) -> None:
    """Serve and probe; the network of this process is its own."""
    for command in (("link", "set", "lo", "up"), ("address", "add", f"{ADDRESS}/32", "dev", "lo")):
        subprocess.run(["ip", *command], check=True)
    engine = Engine()
    for file in folder.glob("*.zone"):
        engine.load(Zone.decode(file.read_bytes()))
    engine.start([(ADDRESS, 53)], SHARDS)
    probe: list[str | Path] = [PROGRAM, "probe", "-A", "-4", "-a", ".", "-x", f".:ns.={ADDRESS}"]
    probe += ["-d", "1", "-o", folder / PROBED]
    try:
        subprocess.run([*probe, *names], check=True)
    finally:
        engine.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
