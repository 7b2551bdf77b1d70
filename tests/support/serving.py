"""`dnsfleet serve` as a process, asked by an independent tool (dnspython)."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import dns.edns
import dns.message
import dns.query

HOST = "127.0.0.1"
SECONDS = 10.0
COMMAND = ("-m", "dnsfleet_cli")
CLIENT_COOKIE = b"01234567"


class Served(NamedTuple):
    """A running `serve`."""

    process: subprocess.Popen[str]
    lines: list[str]
    """What it printed, up to its address."""

    @property
    def port(self) -> int:
        return int(self.lines[-1].rpartition(":")[2])

    def cookie(self, known: bytes = b"") -> bytes:
        """The server cookie that a client gets; `known` is the one that it has, if any."""
        option = dns.edns.CookieOption(CLIENT_COOKIE, known)
        query = dns.message.make_query("www.example.com", "A", use_edns=0, options=[option])
        reply = dns.query.udp(query, HOST, SECONDS, self.port)
        (answered,) = reply.options
        assert isinstance(answered, dns.edns.CookieOption)
        assert answered.client == CLIENT_COOKIE
        return answered.server


@contextmanager
def serving(
    *arguments: str | Path, python: Sequence[str] = COMMAND, stderr: IO[str] | None = None
) -> Iterator[Served]:
    """A `serve` that answers; killed at the end, if it still runs."""
    command = [sys.executable, *python, "serve", "--listen", f"{HOST}:0", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
        assert process.stdout is not None
        lines = []
        try:
            for line in process.stdout:
                lines.append(line.rstrip())
                if line.startswith("answering at "):
                    break
            yield Served(process, lines)
        finally:
            process.kill()
