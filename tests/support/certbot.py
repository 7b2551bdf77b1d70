"""certbot as it is, with its plugin for updates (RFC 2136)."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509

from support import pages
from support.acme_servers import Pebble
from support.updated_servers import ORIGIN, UpdatedServer

PAGE = "integrations/acme.md"
NAMES = (ORIGIN, f"*.{ORIGIN}")
"""What the command of that page asks for. The records of both are at one name."""
PROPAGATION_SECONDS = 4
"""How long it waits when all records are there: so long a test can see them."""


class Certbot:
    """A run that gets one certificate."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder

    def ended(self, seconds: float) -> list[x509.Certificate]:
        """Wait for its end: the chain that it got. AssertionError says what it printed."""
        printed, _ = self._process.communicate(timeout=seconds)
        assert self._process.returncode == 0, printed
        (chain,) = self._folder.glob("live/*/fullchain.pem")
        return x509.load_pem_x509_certificates(chain.read_bytes())


@contextmanager
def run(server: Pebble, updated: UpdatedServer, folder: Path) -> Iterator[Certbot]:
    """Have it get a certificate with the command of its page; `folder` gets its files."""
    pages.write_files(PAGE, folder)
    credentials = folder / "certbot.ini"
    credentials.chmod(0o600)
    text = credentials.read_text()
    host, port = updated.address.split(":")
    chosen = {"server": host, "port": port, "name": updated.key, "secret": updated.secret}
    for option, value in chosen.items():
        text, count = re.subn(f"(?m)^(dns_rfc2136_{option}) = .*$", rf"\1 = {value}", text)
        assert count == 1
    credentials.write_text(text)
    (line,) = [each.text for each in pages.commands(PAGE) if each.text.startswith("certbot ")]
    command: list[str | Path] = [
        Path(sys.executable).with_name("certbot"),
        *shlex.split(line)[1:],
        *("--non-interactive", "--agree-tos", "--register-unsafely-without-email"),
        *("--config-dir", folder, "--work-dir", folder, "--logs-dir", folder / "logs"),
        *("--server", server.directory),
        f"--dns-rfc2136-propagation-seconds={PROPAGATION_SECONDS}",
    ]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "REQUESTS_CA_BUNDLE": str(server.authority)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Certbot(process, folder)
    finally:
        process.kill()
        process.wait()
