"""The folder in which a fleet on one machine keeps its keys, secrets, passwords, ports and data.

    lock            held while a fleet runs from this folder; names its process
    publisher.key   Ed25519 private key (PEM): made once, signs every revision
    publisher.pub   its public half, what edges verify with
    passwords.json  one password per Redis user, made once
    cookies         the secrets of DNS cookies, rotated while a fleet runs
    accepted.db     the last good documents
    ports.json      loopback ports of Redis and metrics servers, kept from run to run
    core/           the core Redis: configuration and append-only file
    pops/NAME/      a Pop: replica/ (Redis), edge/ (snapshots), edge.json (while it runs)
    gate/           with --gate: its configuration, its TSIG keys and its replica/ (Redis)
    updates/        with --gate: RecordSets, what clients have changed by updates
    observe/        with --observe: configuration and data of Prometheus and Alertmanager
    logs/           output of every process

Only its owner may read the folder and what is in it. Every file is replaced in one step (see
`dnsfleet_io.files`), but for the database, the append-only file and logs, which know by themselves
what of them is whole. A fleet starts beside damage, tells it, and loses no more than it must:

    publisher.key   needs its owner where the core has zones (see `publisher_key`)
    passwords.json  new ones: each server is started with the passwords of this run
    cookies         those in memory; after a restart new ones, and clients ask once more
    accepted.db     the documents in it that are whole (see `accepted`)
    ports.json      other ports
    core/           is published again (see `redis_servers`)
    pops/NAME/edge  comes from the replica again; everything else there is written at each start
    updates/        what is damaged is told, and its last good version is served
"""

import fcntl
import os
import random
import secrets
import socket
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet import cookies
from dnsfleet_io import files

from dnsfleet_cli.troubles import Trouble, reason
from dnsfleet_cli.up import events, publisher_key, state_files
from dnsfleet_cli.up.state_files import Show, Table

PASSWORD_OCTETS = 32
"""256 bits cannot be guessed, so the fast hash that Redis uses (SHA-256) is enough."""
PORT_RANGE = (20000, 32767)
"""Below what Linux hands to outgoing connections, so a restarted server finds its port free."""
_SECRETS = ("publisher.key", "passwords.json", "cookies")
_OURS = (
    *(*_SECRETS, "lock", "publisher.pub", "accepted.db*", "ports.json", "core", "logs"),
    *(
        "observe",
        "pops",
        "gate",
        "gate/*",
        "gate/*/*",
        "updates",
        "updates/*",
        "core/*",
        "logs/*",
        "observe/*",
        "pops/*",
        "pops/*/*",
    ),
)
"""In the folder. Somebody may have chosen one that holds other things too."""


class StateFolder:
    """An open state folder; this process is the only one that holds it."""

    def __init__(self, root: Path, show: Show) -> None:
        """Take the folder, made if it is missing; Trouble if another fleet runs from it."""
        self.root = root.absolute()
        self._show = show
        try:
            files.private_folder(self.root)
            self._lock = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, files.PRIVATE)
        except OSError as error:
            raise Trouble(
                f"state folder {self.root} cannot be used: {reason(error)}; "
                "choose another with --state-dir"
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._lock, 20).decode(errors="replace") or "unknown"
            os.close(self._lock)
            raise Trouble(
                f"a fleet already runs from {self.root} (process {holder}); "
                "stop it, or choose another folder with --state-dir"
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, str(os.getpid()).encode(), 0)
        try:
            self._tidy()
        except OSError as error:
            raise Trouble(f"{error.filename} cannot be used: {reason(error)}") from None
        self._passwords = Table(
            self.root / "passwords.json", str, "every server gets a new password", show
        )
        self._ports = Table(self.root / "ports.json", int, "every server gets a new port", show)
        self._cookies: tuple[cookies.Secret, ...] = ()
        self._cookie_problem = ""

    def close(self) -> None:
        """Release the folder."""
        os.close(self._lock)

    @property
    def updates(self) -> Path:
        """The folder of RecordSets that a gate writes."""
        return self.root / "updates"

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

    def private_key(self) -> Ed25519PrivateKey | None:
        """The key that signs revisions; None where there is none to use."""
        key = publisher_key.read(self._private_key)
        if key is not None:
            publisher_key.write_public(self.public_key, key)
        return key

    def make_private_key(self, published: bool, emptied: str) -> Ed25519PrivateKey:
        """A new key where there is none to use; Trouble as `publisher_key.make` has it."""
        key = publisher_key.make(self._private_key, published, emptied, self._show)
        publisher_key.write_public(self.public_key, key)
        return key

    @property
    def _private_key(self) -> Path:
        return self.root / "publisher.key"

    @property
    def cookie_secrets(self) -> Path:
        """The file with the cookie secrets of all edges; written by `rotate_cookie_secrets`."""
        return self.root / "cookies"

    def rotate_cookie_secrets(self, now: int) -> None:
        """Take the step that is due at a Unix time, if one is.

        Edges go on with what they have while the file cannot be written. Where it cannot be read,
        those in memory are written again. Without any, new ones are made, and clients then have to
        ask once more to learn their new cookie.
        """
        stored, problem = self._read_cookie_secrets()
        held = stored or self._cookies
        self._cookies = cookies.rotate(held, now, secrets.token_bytes(cookies.OCTETS))
        if self._cookies != stored:
            try:
                state_files.write(self.cookie_secrets, cookies.to_text(self._cookies).encode())
            except Trouble as trouble:
                problem = str(trouble)
        if problem and problem != self._cookie_problem:
            self._show(events.Warned(str(self.cookie_secrets), problem, "StateDamaged"))
        self._cookie_problem = problem

    def _read_cookie_secrets(self) -> tuple[tuple[cookies.Secret, ...], str]:
        """What the file has, or else nothing and what is told about it."""
        try:
            return cookies.parse(self.cookie_secrets.read_text()), ""
        except FileNotFoundError:
            return (), ""
        except (OSError, ValueError):
            again = "written again" if self._cookies else "new secrets were made"
            return (), f"damaged: {again}"

    def password(self, user: str) -> str:
        """The password of a Redis user, made on first use."""
        password = self._passwords.get(user)
        if not password:
            password = secrets.token_urlsafe(PASSWORD_OCTETS)
            self._passwords.put(user, password)
        return password

    def port(self, server: str, avoid: range) -> int:
        """A free loopback port for a server outside `avoid`; the one it had before if it can be."""
        taken = self._ports.others(server)
        before = self._ports.get(server)
        port = 0 if before is None else before
        usable = range(PORT_RANGE[0], PORT_RANGE[1] + 1)
        while port not in usable or port in avoid or port in taken or not _is_free(port):
            port = random.choice(usable)  # noqa: S311 - not a secret
        if port != before:
            self._ports.put(server, port)
        return port

    def _tidy(self) -> None:
        """Make private what was not, and remove what a process that was killed left half-written.

        Earlier versions, and people who copied a folder, left some of it open to others.
        """
        for pattern in _OURS:
            for path in self.root.glob(pattern):
                if path.is_symlink() or not files.make_private(path):
                    continue
                if path.name in _SECRETS and path.is_file():
                    message = "others could read it; now only its owner may"
                    self._show(events.Warned(str(path), message, "StateNotPrivate"))
            files.remove_temporary(self.root, pattern)


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
