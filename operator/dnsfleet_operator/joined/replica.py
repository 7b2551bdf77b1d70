"""What the operator reads in the replica of its Pop: its signed spec, its commands, and what the
edges say."""

from collections.abc import Mapping, Sequence

from dnsfleet.replication.acks import Ack
from dnsfleet_io.redis_clients import Server, bounded_redis_client
from dnsfleet_publisher.command_streams import CommandStreams
from dnsfleet_publisher.core_redis import CoreRedis

from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.pops.configs import ACKS_DATABASE
from dnsfleet_operator.pops.setting import REDIS_PORT

TIMEOUT_SECONDS = 1.0
"""It is in the same cluster; while it starts, passes must not wait long for it."""


def address(configuration: Configuration, pop: str) -> str:
    """Host and port of the replica, by its Service."""
    return f"pop-{pop}-replica.{configuration.namespace}.svc:{REDIS_PORT}"


class Replica:
    """One connection. Every method may raise StoreError."""

    def __init__(self, address: str, password: str) -> None:
        host, _, port = address.rpartition(":")
        copied = Server(host, int(port), "operator", password)
        own = copied._replace(database=ACKS_DATABASE)
        self._specs = bounded_redis_client(copied, TIMEOUT_SECONDS)
        self._acks = bounded_redis_client(own, TIMEOUT_SECONDS)
        self._copied, self._own = CoreRedis(self._specs), CoreRedis(self._acks)
        self._commands = CommandStreams(self._specs)

    def close(self) -> None:
        """Let go of it."""
        self._specs.close()
        self._acks.close()

    def spec(self, pop: str) -> bytes | None:
        """The signed spec of a Pop, as the replica has it: nothing of it is proved."""
        return self._copied.pops([pop]).get(pop)

    def commands(self, pop: str) -> list[bytes]:
        """The newest signed commands of a Pop, as the replica has them: nothing is proved."""
        return self._commands.read([pop])[pop]

    def forget_edges(self, edges: Sequence[str]) -> None:
        """Drop what these edges said, by POP/EDGE."""
        self._own.forget_edges(edges)

    def acks(self) -> Mapping[str, Ack]:
        """What every edge said last, by POP/EDGE."""
        return self._own.acks()
