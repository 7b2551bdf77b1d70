"""A real edge process behind a real primary and replica."""

import time
from pathlib import Path
from typing import Any

import dns.edns
import dns.message
import dns.query
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.manifests import Manifest
from dnsfleet_publisher.core_redis import CoreRedis, connect
from dnsfleet_publisher.record_store import RecordStore

from support.edges import EdgeProcess
from support.signed_zones import PUBLISHER
from support.valkey import Valkey
from support.waiting import wait_for
from support.zones import make_zone

FIELD = "fra/fra-0"
OLD, NEW = "192.0.2.1", "192.0.2.2"


class EdgeFleet:
    """A core, one replica and one edge, with `www` in one zone or more."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self._claimed = 0
        self.core = Valkey(folder / "core")
        self.replica = Valkey(folder / "replica", self.core)
        self.edge = EdgeProcess(
            folder / "edge",
            PUBLISHER.public_key(),
            replica_url=self.replica.url,
            core_url=self.core.url,
            **config,
        )

    def start(self) -> None:
        self.core.start()
        self.replica.start()
        self.claim()

    def claim(self) -> None:
        """Become the writer of whatever the core holds now.

        A fence is a time in seconds. So in a core that was emptied, a new writer gets a higher
        fence than the one before only from the next second on.
        """
        wait_for("the next second", lambda: int(time.time()) > self._claimed, 2)
        self.client = connect(self.core.url)
        self.store = RecordStore(CoreRedis(self.client), PUBLISHER, time.time)
        self._claimed = self.store.claim()

    def publish(self, address: str, origin: str = "example.com.") -> Manifest:
        """`www` of a zone gets an address."""
        manifest = self.store.publish(origin, make_zone(origin, [("www", "A", address)]))
        assert manifest is not None
        return manifest

    def serving(self) -> None:
        """One zone is published, and the edge answers from it."""
        self.start()
        self.publish(OLD)
        self.store.complete()
        self.edge.start_ready()

    def answers(self, address: str | None, origin: str = "example.com.") -> None:
        """Wait until the edge gives this address, rcode or, for None, nothing."""
        name = f"www.{origin}"
        wait_for(f"{name} is {address}", lambda: self.edge.address(name) == address, 10)

    def ack(self) -> Ack | None:
        return self.store.core.acks().get(FIELD)

    def cookie(self, known: bytes = b"") -> bytes | None:
        """The server cookie that the edge gives to a client."""
        option = dns.edns.CookieOption(b"01234567", known)
        query = dns.message.make_query("example.com", "SOA", use_edns=0, options=[option])
        reply = dns.query.udp(query, "127.0.0.1", 5, self.edge.port)
        given = [each for each in reply.options if isinstance(each, dns.edns.CookieOption)]
        return given[0].server if given else None

    def close(self) -> None:
        self.edge.kill()
        self.replica.kill()
        self.core.kill()
