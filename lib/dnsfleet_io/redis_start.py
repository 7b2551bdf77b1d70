"""`dnsfleet-redis`: becomes the Redis server of a Pop, with the password of the core.

A replica needs the password itself, not a digest of it. An argument would show it to everybody who
sees processes or containers: `ps` on the node, until the server gives itself another title, agents
that gather command lines, and the container runtime for as long as the container is there.
The configuration is in a ConfigMap, which is no place for it either. So it is in a file that the
kubelet mounts from a Secret. This program reads that file and gives the setting to the server by a
pipe, which the server reads as the end of its configuration (`valkey-server FILE -`). Nothing is
written to a disk, and nothing runs beside the server: this process becomes it.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from dnsfleet_io import versions

PROGRAM = "dnsfleet-redis"
SERVER = "/usr/local/bin/valkey-server"
"""Where the image of edges has it."""
MAX_OCTETS = 4096
"""Of a setting: as much as a pipe takes although nobody reads it yet (PIPE_BUF, pipe(7))."""
_EXIT_USAGE = 2
_PLAIN = frozenset(range(0x20, 0x7F)) - set(b'"\\')


def quoted(text: str) -> str:
    """A word of a configuration of Redis, whatever characters it has."""
    octets = text.encode(errors="surrogateescape")
    words = (chr(each) if each in _PLAIN else f"\\x{each:02x}" for each in octets)
    return f'"{"".join(words)}"'


def main() -> NoReturn:
    """Become the server; exits 2, with a line that says why, where that cannot be."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=main.__doc__)
    parser.add_argument("--version", action="version", version=versions.text(PROGRAM))
    parser.add_argument("config", type=Path, help="the configuration of the server")
    parser.add_argument(
        "--primary-password-file",
        type=Path,
        required=True,
        help="a file with the password of the user that the configuration names (primaryuser)",
    )
    parser.add_argument("--server", default=SERVER, help="the server; default: %(default)s")
    given = parser.parse_args()
    try:
        octets = given.primary_password_file.read_bytes().removesuffix(b"\n")
        password = octets.decode(errors="surrogateescape")
        _become(given.server, given.config, f"primaryauth {quoted(password)}\n".encode())
    except (OSError, ValueError) as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        sys.exit(_EXIT_USAGE)


def _become(server: str, config: Path, settings: bytes) -> NoReturn:
    if len(settings) > MAX_OCTETS:
        raise ValueError(f"the password takes more than {MAX_OCTETS} octets: give a shorter one")
    reading, writing = os.pipe()
    os.write(writing, settings)
    os.close(writing)
    os.dup2(reading, 0)
    os.execv(server, [server, str(config), "-"])  # noqa: S606 - there is nothing to quote


if __name__ == "__main__":
    main()
