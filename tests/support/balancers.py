"""A network load balancer such as clouds have, in the client's namespace, for a Service of nodes.

It knows nodes, not pods. Every `CHECK_SECONDS` it asks each of them by the `healthCheckNodePort` of
the Service whether it has a ready edge; two failures in a row take it out, two successes bring it
back in. So for up to 20 seconds it sends to a node that has none left, which is why an edge that
was told to stop goes on serving for longer than that.

A packet keeps its addresses, as with the balancers that keep the client's: its mark chooses the
route to a node. A flow, which is a client address and port, is given a node by a hash, and stays
there while the node is in. When a node leaves, its UDP flows get another one; its TCP connections
stay until they end, as on Google's.
"""

import http.client
import subprocess
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from cluster.namespaces import NETWORKS, Node

CHECK_SECONDS = 10.0
"""The interval of AWS and of many others."""
THRESHOLD = 2
"""Checks in a row that change what is thought of a node."""
REPLY_SECONDS = 2.0
_FIRST_TABLE = 100
"""Numbers of the marks and of the routing tables, one for each node."""


class Balancer:
    """Steers what the client sends to `address` to those `nodes` that pass the checks of a port."""

    def __init__(
        self, nodes: Sequence[Node], address: str, check_port: int, check_seconds: float
    ) -> None:
        self._nodes = {_FIRST_TABLE + number: node for number, node in enumerate(nodes)}
        self._address = address
        self._check_port = check_port
        self._check_seconds = check_seconds
        self._in: list[int] = []
        self._row = dict.fromkeys(self._nodes, 0)
        """Checks in a row that say something else than what is thought of a node."""
        self.turns: list[str] = []
        """Which node was taken in or out, and when."""
        self._client = nodes[0].client
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="balancer", daemon=True)
        self._problem: BaseException | None = None

    def __enter__(self) -> "Balancer":
        self._run_command("nft", "-f", "-", stdin=self._table())
        for table in self._nodes:
            self._run_command("ip", "rule", "add", "fwmark", str(table), "table", str(table))
            nowhere = ("blackhole", "default", "metric", "4096")  # while there is no link to it
            self._run_command("ip", "route", "add", *nowhere, "table", str(table))
        # A route by which a socket finds an address of its own; each packet takes that of its mark.
        first = next(iter(self._nodes.values()))
        first.route(self._address)
        with first.on_client():
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._run_command("ip", "route", "del", self._address)
        for table in self._nodes:
            self._run_command("ip", "rule", "del", "table", str(table))
            self._run_command("ip", "route", "flush", "table", str(table))
        self._run_command("nft", "delete", "table", "ip", "balancer")
        if self._problem is not None:
            raise self._problem

    @property
    def nodes(self) -> set[str]:
        """The names of the nodes that are in."""
        return {self._nodes[table].name for table in self._in}

    def steered(self) -> dict[str, int]:
        """Packets that went to each node so far, by its name."""
        found = {}
        for table, node in self._nodes.items():
            listed = self._run_command("nft", "list", "counter", "ip", "balancer", f"to_{table}")
            found[node.name] = int(listed.split("packets")[1].split()[0])
        return found

    def _run(self) -> None:
        try:
            due = time.monotonic()
            while not self._stopping.wait(max(0.0, due - time.monotonic())):
                due += self._check_seconds
                self._check()
        except BaseException as error:
            self._problem = error

    def _check(self) -> None:
        for table, node in self._nodes.items():
            changes = self._passes(node) != (table in self._in)
            self._row[table] = self._row[table] + 1 if changes else 0
            if self._row[table] == THRESHOLD:
                self._row[table] = 0
                self._turn(table)

    def _passes(self, node: Node) -> bool:
        connection = http.client.HTTPConnection(
            node.network.node, self._check_port, timeout=REPLY_SECONDS
        )
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _turn(self, table: int) -> None:
        """Take a node in, or out."""
        leaves = table in self._in
        stay = sorted({*self._in} ^ {table})
        if not leaves:  # it may have been started anew: then its link is a new one
            gateway = self._nodes[table].network.node
            self._run_command(
                *("ip", "route", "replace", "default", "via", gateway, "table", str(table)),
            )
        choice = ", ".join(f"{number} : {each}" for number, each in enumerate(stay))
        rules = ["flush chain ip balancer choose"]
        if stay:
            by = f"jhash ip saddr . th sport mod {len(stay)}"
            rules.append(f"add rule ip balancer choose meta mark set {by} map {{ {choice} }}")
        self._run_command("nft", "-f", "-", stdin="\n".join(rules))
        if leaves:
            self._run_command(
                *("conntrack", "-D", "-p", "udp", "-d", self._address, "-m", str(table)),
                check=False,  # it fails where there is none
            )
        self._in = stay
        name, turn = self._nodes[table].name, "out" if leaves else "in"
        self.turns.append(f"{name} {turn} at {datetime.now(UTC):%H:%M:%S.%f}")

    def _table(self) -> str:
        here = f"ip daddr {self._address}"
        counters = "\n".join(f"counter to_{table} {{ }}" for table in self._nodes)
        counted = "\n".join(f"{here} meta mark {t} counter name to_{t}" for t in self._nodes)
        return f"""
table ip balancer {{
    {counters}
    chain choose {{ }}
    chain steer {{
        type route hook output priority mangle;
        {here} meta mark set ct mark
        {here} meta mark 0 jump choose
        {here} meta mark 0 drop
        {here} ct mark set meta mark
        {counted}
    }}
}}
"""

    def _run_command(self, *command: str, stdin: str = "", check: bool = True) -> str:
        done = subprocess.run(
            ["nsenter", f"--net={NETWORKS / self._client}", *command],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=None if check else subprocess.DEVNULL,
            text=True,
            check=check,
        )
        return done.stdout
