"""Zones signed by the tools of BIND, ldns and Knot, in the ways that people sign them."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

# A zone of 100,000 names takes half a minute, more on a busy machine.
SIGN_SECONDS = 300
# Without a random salt, so that hashes are the same in each run.
# ldns-verify-zone never ends with some of them.
NSEC3 = """nsec3: on
    nsec3-salt-length: 0"""
NSEC3_OPT_OUT = f"""{NSEC3}
    nsec3-opt-out: on"""


class Signer(NamedTuple):
    """How a zone is signed."""

    name: str
    """A label for the origins of its zones."""
    sign: Callable[[str, Path], None]
    """Signs the master file of an origin in place; what it needs lies beside the file."""


def run(*command: str | Path, folder: Path) -> str:
    """What a tool prints, run in a folder; it must be there and succeed."""
    program = shutil.which(str(command[0]))
    if program is None:
        raise FileNotFoundError(f"{command[0]} is missing: see CONTRIBUTING.md for its package")
    done = subprocess.run(
        [program, *map(str, command[1:])],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SIGN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def bind(algorithm: str, *options: str) -> Callable[[str, Path], None]:
    """How dnssec-signzone signs with a KSK and a ZSK; its options are added."""

    def sign(origin: str, file: Path) -> None:
        folder = file.parent
        size = ["-b", "2048"] if algorithm.startswith("RSA") else []
        for flags in (["-f", "KSK"], []):
            key = run("dnssec-keygen", "-a", algorithm, *size, *flags, "--", origin, folder=folder)
            with file.open("a") as zone:
                zone.write((folder / f"{key.strip()}.key").read_text())
        signed = folder / f"{file.name}.signed"
        run("dnssec-signzone", "-o", origin, "-f", signed, *options, file, folder=folder)
        signed.replace(file)

    return sign


def _ldns(algorithm: str, *options: str) -> Callable[[str, Path], None]:
    """ldns-signzone with one key for all."""

    def sign(origin: str, file: Path) -> None:
        folder = file.parent
        key = run("ldns-keygen", "-a", algorithm, "-k", origin, folder=folder).strip()
        signed = folder / f"{file.name}.signed"
        run("ldns-signzone", "-o", origin, "-f", signed, *options, file, key, folder=folder)
        signed.replace(file)

    return sign


def _knot(algorithm: str, policy: str, zone: str = "") -> Callable[[str, Path], None]:
    """kzonesign with a policy of knotd, and more about the zone."""

    def sign(origin: str, file: Path) -> None:
        folder = file.parent / f"{file.name}.kasp"
        folder.mkdir()
        config = folder / "knot.conf"
        config.write_text(
            f"""
database:
    storage: "{folder}"
policy:
  - id: signed
    algorithm: {algorithm}
    {policy}
zone:
  - domain: "{origin}"
    file: "{file}"
    dnssec-policy: signed
    {zone}
"""
        )
        run("kzonesign", "-c", config, "-o", folder, origin, folder=folder)
        (folder / file.name).replace(file)

    return sign


SIGNERS = [
    Signer("bind-nsec", bind("ECDSAP256SHA256")),
    Signer("bind-nsec3", bind("ED25519", "-3", "-", "-H", "0")),
    Signer("bind-optout", bind("RSASHA256", "-3", "abcd", "-H", "3", "-A")),
    Signer("ldns-nsec", _ldns("ED25519")),
    Signer("ldns-nsec3", _ldns("ECDSAP256SHA256", "-n", "-t", "0", "-s", "00ff")),
    Signer("knot-nsec", _knot("ecdsap256sha256", "nsec3: off")),
    Signer(
        "knot-optout",
        _knot("ed25519", NSEC3_OPT_OUT),
    ),
]

# Those that write the digest of the zone too (RFC 8976).
DIGESTING = [
    Signer("ldns-digest", _ldns("ED25519", "-z", "simple:sha384", "-z", "simple:sha512")),
    Signer(
        "knot-digest",
        _knot("ecdsap256sha256", NSEC3, "zonemd-generate: zonemd-sha512"),
    ),
]
