"""What other programs say of a signed zone: those of BIND, Knot and ldns that judge a zone file."""

import shutil
import subprocess
from pathlib import Path

SECONDS = 60

# One key signs all, and Knot takes the zone's own keys for trusted, as the others are told to do.
COMMANDS = {
    "bind": ["dnssec-verify", "-q", "-z", "-o", "{origin}", "{file}"],
    "knot": ["kzonecheck", "-d", "on", "-o", "{origin}", "{file}"],
    "ldns": ["ldns-verify-zone", "-V", "1", "{file}"],
}
PACKAGES = {"bind": "bind9-utils", "knot": "knot-dnssecutils", "ldns": "ldnsutils"}


def refused_by(origin: str, file: Path) -> dict[str, str]:
    """The programs that refuse a zone, and their first words about it."""
    refused = {}
    for name, command in COMMANDS.items():
        program = shutil.which(command[0])
        if program is None:
            package = PACKAGES[name]
            raise FileNotFoundError(
                f"{command[0]} is missing: install the Debian package {package}"
            )
        line = [program, *(word.format(origin=origin, file=file) for word in command[1:])]
        done = subprocess.run(line, capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode:
            refused[name] = (done.stdout + done.stderr).strip().split("\n")[0]
    return refused
