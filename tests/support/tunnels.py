"""Both ends of a tunnel to a core, each a process of its own, with certificates in folders."""

import hashlib
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.request import urlopen

from dnsfleet_operator.secrets import authorities
from dnsfleet_operator.secrets.authorities import Pair

from support import scraped
from support.ports import free_port
from support.waiting import wait_for

NAME = "core.example"
SECONDS = 30.0
_FOLDER = tempfile.TemporaryDirectory()
KNOWN = Path(_FOLDER.name) / "fingerprints"
"""Has all certificates of clients that were made here."""
KNOWN.touch()
PING = b"*1\r\n$4\r\nPING\r\n"


def authority() -> Pair:
    """A new one; all have the same name."""
    return authorities.make("dnsfleet", time.time())


def server(signer: Pair, name: str = NAME) -> Pair:
    return authorities.server(signer, [name], time.time())


def client(signer: Pair, name: str = "ams") -> Pair:
    """One that every end lets in which has no list of its own."""
    made = authorities.client(signer, name, time.time())
    with KNOWN.open("a") as file:
        file.write(fingerprint(made) + "\n")
    return made


def fingerprint(pair: Pair) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pair.certificate)).hexdigest()


def write(folder: Path, pair: Pair, *trusted: Pair) -> Path:
    """Put the files of one end into a folder, each in one step."""
    folder.mkdir(exist_ok=True)
    texts = {
        "tls.crt": pair.certificate,
        "tls.key": pair.key,
        "ca.crt": "".join(each.certificate for each in trusted),
    }
    for name, text in texts.items():
        unfinished = folder / f"{name}.new"
        unfinished.write_text(text)
        unfinished.replace(folder / name)
    return folder


class End:
    """One end, for as long as the context lasts."""

    def __init__(
        self,
        folder: Path,
        target: int,
        server_name: str = "",
        host: str = "127.0.0.1",
        inside: Sequence[str] = (),
        known: Path = KNOWN,
    ) -> None:
        """The end in a Pop's cluster has the name that the other one must show.

        `host` is where the target is. The command begins with `inside` where it runs in a network
        of its own. `known` has the certificates that the end at the core lets in.
        """
        self.port, http = free_port(), free_port()
        self.metrics_url = f"http://127.0.0.1:{http}/metrics"
        self.log = folder / "log"
        options = [
            *("--target", f"{host}:{target}", "--certificates", str(folder)),
            *("--authorities", str(folder / "ca.crt"), "--known", str(known)),
        ]
        if server_name:
            (folder / "core-address").write_text(f"{host}:{target}\n")
            (folder / "server-name").write_text(server_name)
            options = ["--join", str(folder)]
        program = str(Path(sys.executable).with_name("dnsfleet-tunnel"))
        listen = "*" if inside else "127.0.0.1"
        places = ("--listen", f"{listen}:{self.port}", "--http", f"127.0.0.1:{http}")
        self._command = [*inside, program, *places, *options]

    def __enter__(self) -> "End":
        with self.log.open("w") as log:
            self._process = subprocess.Popen(self._command, stderr=log)
        wait_for("the tunnel to listen", lambda: self.said("event=listening"), SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        assert self._process.wait(SECONDS) == 0

    def said(self, text: str) -> int:
        """How many lines of the log have this."""
        return sum(text in each for each in self.log.read_text().splitlines())

    def metric(self, name: str, **labels: str) -> float:
        """The value of a sample of its page."""
        with urlopen(self.metrics_url, timeout=SECONDS) as answer:
            found = list(scraped.samples(answer.read().decode()))
        return next(each.value for each in found if (each.name, each.labels) == (name, labels))


def secure(port: int, folder: Path | None, trusted: Path) -> ssl.SSLSocket:
    """A TLS connection to the end at the core, by hand."""
    context = ssl.create_default_context(cafile=str(trusted / "ca.crt"))
    if folder is not None:
        context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    plain = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
    try:
        return context.wrap_socket(plain, server_hostname=NAME)
    except BaseException:
        plain.close()
        raise


def asked(port: int, folder: Path | None, trusted: Path) -> bytes:
    """What the core says to a PING without a user; empty where the connection is closed."""
    try:
        with secure(port, folder, trusted) as connection:
            connection.sendall(PING)
            return connection.recv(100)
    except (ConnectionError, ssl.SSLError):
        return b""
