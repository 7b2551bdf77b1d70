"""Pebble: the ACME server (RFC 8555) for tests of those who run Let's Encrypt.

By DNS-01 a client shows that it has a name: it puts a TXT record at `_acme-challenge`, and Pebble
asks a name server for it.

    with pebble(folder, "127.0.0.1:5353") as server:
        …                                       # a client with server.directory
        server.check(chain, ["www.example.com"])
"""

import json
import os
import ssl
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cluster import builds
from cluster.certificates import Authority
from cryptography import x509

from support.ports import free_port
from support.waiting import wait_for

START_SECONDS = 60.0
STOP_SECONDS = 20.0
ANSWER_SECONDS = 5.0

# By itself Pebble is hard on clients, at random.
_AS_A_REAL_ONE = {
    # Else it waits for up to 5 s before it asks the resolver.
    "PEBBLE_VA_NOSLEEP": "1",
    # Else it refuses one good nonce in twenty, and clients that retry once fail now and then.
    "PEBBLE_WFE_NONCEREJECT": "0",
    # Else it skips half of the challenges of a name that an account has proved before.
    "PEBBLE_AUTHZREUSE": "0",
}


class Pebble(NamedTuple):
    """A running ACME server."""

    directory: str
    """Its URL."""
    authority: Path
    """A file with the certificate that its https is trusted by; PEM."""
    signers: list[x509.Certificate]
    """Who signs what it gives: the intermediate, then its root."""

    def check(self, chain: Sequence[x509.Certificate], names: Sequence[str]) -> None:
        """Assert that it gave this, a certificate for these DNS names before those that sign it."""
        own = chain[0]
        for signed, signer in zip([own, *self.signers], self.signers, strict=False):
            signed.verify_directly_issued_by(signer)
        said = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert sorted(said.get_values_for_type(x509.DNSName)) == sorted(names)


def challenge(name: str) -> str:
    """Where the record for a DNS name of a certificate is (RFC 8555, 8.4)."""
    return f"_acme-challenge.{name.removeprefix('*.')}"


@contextmanager
def pebble(folder: Path, resolver: str) -> Iterator[Pebble]:
    """Run Pebble, which asks the name server at `resolver` (HOST:PORT); `folder` gets its files."""
    port, management = free_port(), free_port()
    Authority(folder).issue("pebble", "pebble", hosts=["127.0.0.1"])
    config = {
        "listenAddress": f"127.0.0.1:{port}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(folder / "pebble.crt"),
        "privateKey": str(folder / "pebble.key"),
        # What Pebble's own configuration says.
        "retryAfter": {"authz": 3, "order": 5},
        "keyAlgorithm": "ecdsa",
    }
    settings = folder / "pebble.json"
    settings.write_text(json.dumps({"pebble": config}))
    command: list[str | Path] = [builds.pebble(), "-config", settings, "-dnsserver", resolver]
    environment = {**os.environ, **_AS_A_REAL_ONE}
    context = ssl.create_default_context(cafile=folder / "ca.crt")

    def signers() -> list[x509.Certificate]:
        runs()
        found = []
        for page in ("intermediates", "roots"):
            url = f"https://127.0.0.1:{management}/{page}/0"
            try:
                with urllib.request.urlopen(url, timeout=ANSWER_SECONDS, context=context) as said:
                    found.append(x509.load_pem_x509_certificate(said.read()))
            except OSError:
                return []
        return found

    with running(command, folder / "pebble.log", environment) as runs:
        found = wait_for("Pebble answers", signers, START_SECONDS)
        yield Pebble(f"https://127.0.0.1:{port}/dir", folder / "ca.crt", found)


@contextmanager
def running(
    command: Sequence[str | Path], log: Path, environment: Mapping[str, str]
) -> Iterator[Callable[[], None]]:
    """Run a program that logs into this file; the function asserts that it runs still."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)

    def runs() -> None:
        assert process.poll() is None, log.read_text()

    try:
        yield runs
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)
