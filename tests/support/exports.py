"""Zone files in the shapes that providers and servers export, and what their readers are told.

We wrote the files in `tests/golden/exports`; what their zones contain is invented.
"""

import re
from pathlib import Path

from dnsfleet.zones.master_files import Built, read
from dnsfleet_cli.zone_files import Inclusions

FOLDER = Path(__file__).parents[1] / "golden" / "exports"
ORIGIN = "example.com."

ADVICE: dict[str, list[tuple[str, str]]] = {
    "bind.db": [],
    "cloudflare.txt": [("^example.com\t", "example.com.\t")],
    "cpanel.db": [],
    "godaddy.txt": [("Parked", "192.0.2.41"), (r"^_sip\._tls\.@", "_sip._tls")],
    "route53.txt": [
        (r"^\\052", "*"),
        (r"^@\t86400\tAWS\tALIAS\tA .*", "@\t300\tIN\tA\t192.0.2.24"),
        (r"\tAWS\tALIAS\tA (\S+) .*", r"\tIN\tCNAME\t\1"),
    ],
    "windows.dns": [(r"\[AGE:[0-9]*\]", ""), (r"^@ +0\tWINS.*", "")],
}
"""By file: what the messages about it say to do, as substitutions in its lines."""


def text(name: str) -> bytes:
    """A file as it was exported."""
    return (FOLDER / name).read_bytes()


def corrected(name: str) -> bytes:
    """A file after somebody did what the messages say."""
    lines = text(name).decode()
    for pattern, replacement in ADVICE[name]:
        lines, count = re.subn(pattern, replacement, lines, flags=re.MULTILINE)
        assert count, f"{name} has no {pattern}"
    return lines.encode()


def load(name: str, octets: bytes) -> Built:
    """The zone of a file with this content, as `zone import --origin` reads it in its folder."""
    zone, found = read(
        octets, str(FOLDER / name), ORIGIN, Inclusions(FOLDER / name, Path.read_bytes)
    )
    return zone, [each._replace(where=each.where.removeprefix(f"{FOLDER}/")) for each in found]
