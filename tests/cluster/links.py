"""The way between the nodes of two clusters, which leads through their client's namespace."""

import contextlib
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from cluster.namespaces import NETWORKS, Node

_TABLE = "inet cut"


class Link:
    """Both directions between two nodes whose links end in one namespace."""

    def __init__(self, one: Node, other: Node) -> None:
        self._namespace = one.client
        self._ends = one.network.link, other.network.link

    @contextlib.contextmanager
    def cut(self) -> Iterator[None]:
        """Nothing passes while it is entered; AssertionError where nothing tried to."""
        one, other = self._ends
        rules = [
            f"add table {_TABLE}",
            f"add chain {_TABLE} forward {{ type filter hook forward priority 0; }}",
            f"add rule {_TABLE} forward iifname {one} oifname {other} counter drop",
            f"add rule {_TABLE} forward iifname {other} oifname {one} counter drop",
        ]
        self._nft("\n".join(rules))
        try:
            yield
            assert self.dropped(), "no packet was dropped: the rules do not match"
        finally:
            self._nft(f"delete table {_TABLE}")

    def dropped(self) -> int:
        """Packets that the cut has taken so far, both ways."""
        listed = self._run("nft", "list", "table", *_TABLE.split())
        return sum(int(packets) for packets in re.findall(r"counter packets (\d+)", listed))

    def octets(self) -> int:
        """Octets that the second node has sent and received so far, headers included."""
        shown = json.loads(self._run("ip", "-json", "-stats", "link", "show", self._ends[1]))
        counters = shown[0]["stats64"]
        return int(counters["rx"]["bytes"]) + int(counters["tx"]["bytes"])

    def _nft(self, rules: str) -> None:
        self._run("nft", "-f", "-", stdin=rules)

    def _run(self, *command: str, stdin: str = "") -> str:
        network: Path = NETWORKS / self._namespace
        done = subprocess.run(
            ["nsenter", f"--net={network}", *command],
            input=stdin,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout
