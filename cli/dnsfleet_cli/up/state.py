"""The folder in which a fleet on one machine keeps its keys, secrets, passwords, ports and data.

lock            held while a fleet runs from this folder; names its process
publisher.key   Ed25519 private key (PEM, 0600): made once, signs every revision
publisher.pub   its public half, what edges verify with
passwords.json  one password per Redis user (0600), made once
cookies         the secrets of DNS cookies (0600), rotated while a fleet runs
accepted.db     the last good documents (0600)
ports.json      loopback ports of Redis and metrics servers, kept from run to run
core/           the core Redis: configuration and append-only file
pops/NAME/      a Pop: replica/ (Redis), edge/ (snapshots), edge.json (configuration)
logs/           output of every process
"""

import fcntl
import json
import os
import random
import secrets
import socket
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet import cookies

from dnsfleet_cli.troubles import Trouble, reason

PRIVATE = 0o600
PRIVATE_FOLDER = 0o700
"""Only their owner may read what holds keys, passwords, or settings that contain them."""
PASSWORD_OCTETS = 32
"""256 bits cannot be guessed, so the fast hash that Redis uses (SHA-256) is enough."""
PORT_RANGE = (20000, 32767)
"""Below what Linux hands to outgoing connections, so a restarted server finds its port free."""


class StateFolder:
    """An open state folder; this process is the only one that holds it."""

    def __init__(self, root: Path) -> None:
        """Take the folder, made if it is missing; Trouble if another fleet runs from it."""
        self.root = root.absolute()
        try:
            self.root.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            self._lock = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, PRIVATE)
        except OSError as error:
            raise Trouble(
                f"state folder {self.root} cannot be used: {reason(error)}; "
                "choose another with --state-dir"
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._lock, 20).decode() or "unknown"
            os.close(self._lock)
            raise Trouble(
                f"a fleet already runs from {self.root} (process {holder}); "
                "stop it, or choose another folder with --state-dir"
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, str(os.getpid()).encode(), 0)

    def close(self) -> None:
        """Release the folder."""
        os.close(self._lock)

    @property
    def accepted(self) -> Path:
        """The file that keeps the last good documents."""
        return self.root / "accepted.db"

    @property
    def core(self) -> Path:
        """Where the core Redis lives."""
        return self.root / "core"

    def pop(self, name: str) -> Path:
        """Where a Pop's replica and edge live."""
        return self.root / "pops" / name

    @property
    def logs(self) -> Path:
        """The folder of what the processes print."""
        return self.root / "logs"

    def log(self, program: str) -> Path:
        """The file that takes a program's output."""
        return self.logs / f"{program.replace('/', '-')}.log"

    @property
    def public_key(self) -> Path:
        """The file with the key that edges verify with; written by `private_key`."""
        return self.root / "publisher.pub"

    def private_key(self) -> Ed25519PrivateKey:
        """The key that signs revisions, made on first use."""
        path = self.root / "publisher.key"
        advice = "restore it from a backup, or delete it to get a new one"
        try:
            key = _load_key(path) if path.exists() else _make_key(path)
        except OSError as error:
            raise Trouble(f"key file {path} cannot be read: {reason(error)}; {advice}") from None
        except (ValueError, TypeError):
            raise Trouble(f"key file {path} holds no Ed25519 private key; {advice}") from None
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.public_key.write_bytes(public)
        return key

    @property
    def cookie_secrets(self) -> Path:
        """The file with the cookie secrets of all edges; written by `rotate_cookie_secrets`."""
        return self.root / "cookies"

    def rotate_cookie_secrets(self, now: int) -> None:
        """Take the step that is due at a Unix time, if one is.

        A file that cannot be read is replaced, and clients then have to ask once more to learn
        their new cookie. A file that cannot be written stays as it is.
        """
        try:
            found = cookies.parse(self.cookie_secrets.read_text())
        except (OSError, ValueError):
            found = ()
        rotated = cookies.rotate(found, now, secrets.token_bytes(cookies.OCTETS))
        if rotated != found:
            with suppress(OSError):
                write_private(self.cookie_secrets, cookies.to_text(rotated).encode())

    def password(self, user: str) -> str:
        """The password of a Redis user, made on first use."""
        path = self.root / "passwords.json"
        passwords = _read_table(path)
        if user not in passwords:
            passwords[user] = secrets.token_urlsafe(PASSWORD_OCTETS)
            write_private(path, json.dumps(passwords, indent=1).encode())
        return str(passwords[user])

    def port(self, server: str, avoid: range) -> int:
        """A free loopback port for a server outside `avoid`; the one it had before if it can be."""
        path = self.root / "ports.json"
        ports = _read_table(path)
        taken = {port for name, port in ports.items() if name != server}
        port = ports.get(server)
        while not isinstance(port, int) or port in avoid or port in taken or not _is_free(port):
            port = random.randint(*PORT_RANGE)  # noqa: S311 - not a secret
        if ports.get(server) != port:
            ports[server] = port
            path.write_text(json.dumps(ports, indent=1))
        return port


def write_private(path: Path, data: bytes) -> None:
    """Replace a file, completely or not at all; at no time can others read it."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
        file.write(data)
    fresh.replace(path)


def _load_key(path: Path) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError
    return key


def _make_key(path: Path) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    write_private(
        path,
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
    return key


def _read_table(path: Path) -> dict[str, str | int]:
    if not path.exists():
        return {}
    try:
        table = json.loads(path.read_bytes())
    except OSError as error:
        raise Trouble(f"state file {path} cannot be read: {reason(error)}; delete it") from None
    except ValueError:
        table = None
    if not isinstance(table, dict):
        raise Trouble(f"state file {path} is damaged; delete it")
    return table


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
