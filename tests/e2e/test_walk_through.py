"""The commands of docs/multi-cluster.md, as they stand there: a core and two Pops, three clusters.

It takes minutes, so `make e2e` leaves it out; `make e2e-clusters` runs it.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import dns.exception
import dns.message
import dns.query
import pytest
import yaml
from cluster import images
from cluster.access import Access
from cluster.clusters import Cluster
from support import releases, shell_blocks, two_clusters
from support.releases import READY_SECONDS
from support.two_clusters import FOLLOW_SECONDS, give_address
from support.waiting import wait_for

pytestmark = pytest.mark.skipif(
    "CLUSTERS" not in os.environ, reason="it takes minutes: make e2e-clusters"
)
PAGE = releases.REPOSITORY / "docs" / "multi-cluster.md"
FOLDER = "/var/cache/dnsfleet"
"""Of the page; here each node has one of its own."""
CORE_ADDRESS = "198.18.0.1"
ADDRESSES = {"ams": "198.18.0.2", "gru": "198.18.0.3", "sin": "198.18.0.4"}
ANSWER_SECONDS = 5.0


class Clusters(NamedTuple):
    core: Cluster
    gru: Cluster
    sin: Cluster

    def of(self, pop: str) -> Cluster:
        return {"ams": self.core, "gru": self.gru, "sin": self.sin}[pop]


@pytest.fixture
def clusters(own_cluster: Cluster, pop_cluster: Cluster) -> Iterator[Clusters]:
    """Three, with nothing in them."""
    third = Cluster(2, own_cluster)
    try:
        third.up(images.archives())
        yield Clusters(own_cluster, pop_cluster, third)
    finally:
        third.down()
        releases.remove(own_cluster.access)


@pytest.fixture
def everywhere(clusters: Clusters, tmp_path: Path) -> Access:
    """All of them by one kubeconfig, with the contexts of the page."""
    merged: dict[str, list[object]] = {"clusters": [], "users": [], "contexts": []}
    for name, cluster in zip(clusters._fields, clusters, strict=True):
        found = yaml.safe_load(cluster.kubeconfig.read_text())
        merged["clusters"].append({**found["clusters"][0], "name": name})
        merged["users"].append({**found["users"][0], "name": name})
        context = {"cluster": name, "user": name}
        merged["contexts"].append({"name": name, "context": context})
    path = tmp_path / "kubeconfig"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", **merged}))
    access = clusters.core.access
    plugin = Path(sys.executable).with_name("kubectl-dnsfleet")
    (tmp_path / "kubectl").symlink_to(access.kubectl_path)
    (tmp_path / "kubectl-dnsfleet").symlink_to(plugin)
    return Access(path, str(tmp_path / "kubectl"), access.helm_path)


@pytest.mark.timeout(1200)
def test_the_commands_of_the_page(clusters: Clusters, everywhere: Access) -> None:
    core = clusters.core.access

    def commands(heading: str, number: int) -> str:
        found = shell_blocks.under(PAGE, heading)[number]
        return two_clusters.run(everywhere, found.replace(FOLDER, str(folder(clusters.gru))))

    commands("The core", 0)
    give_address(clusters.core, two_clusters.CORE_SERVICE, CORE_ADDRESS)
    commands("Two Pops join", 0)
    for number, pop in ((1, "gru"), (2, "sin")):
        printed = commands("Two Pops join", number).rstrip("\n")
        cluster = clusters.of(pop)
        prefix = f" --set cacheHostPathPrefix={folder(cluster)}\n"
        two_clusters.run(cluster.access, printed + prefix)
    for pop, address in ADDRESSES.items():
        give_address(clusters.of(pop), f"pop-{pop}-dns", address)
    core.wait("condition=Ready", FOLLOW_SECONDS, "pops", "--all")
    core.wait("condition=Propagated", READY_SECONDS, "zone", "example-com")
    wait_for(
        "the table of the page", lambda: rows(shown(core)) == rows(on_the_page()), READY_SECONDS
    )
    for address in ADDRESSES.values():
        with clusters.core.node.on_client():
            wait_for("an answer", lambda a=address: ask(a) == "192.0.2.1", READY_SECONDS)

    wait_for("figures of all Pops", lambda: figures(everywhere) == set(ADDRESSES), READY_SECONDS)

    commands("Credentials, certificates and keys", 0)
    core.wait("condition=Ready", FOLLOW_SECONDS, "pops", "--all")
    core.wait("condition=Connected", FOLLOW_SECONDS, "pops", "--all")
    commands("What is open, and to whom", 0)
    wait_for("sin has left", lambda: len(core.items("pops")) == len(ADDRESSES) - 1, READY_SECONDS)
    with clusters.core.node.on_client():
        wait_for("its edges answer on", lambda: ask(ADDRESSES["sin"]) == "192.0.2.1", READY_SECONDS)


def folder(cluster: Cluster) -> Path:
    """In which the edges of a cluster may keep their zones."""
    return cluster.folder / "edge-cache"


def shown(core: Access) -> list[str]:
    return core.kubectl("get", "pops").splitlines()


def on_the_page() -> list[str]:
    """The same table, as the page shows it."""
    lines = PAGE.read_text().splitlines()
    begin = lines.index("$ kubectl --context core get pops") + 1
    return lines[begin : lines.index("```", begin)]


def figures(everywhere: Access) -> set[str]:
    """The Pops of which `status` shows how much memory their edges have."""
    status = two_clusters.run(everywhere, "kubectl dnsfleet --context core status")
    table = status.partition("\n\n")[0].splitlines()
    return {line.split()[0] for line in table if " MiB " in line}


def rows(lines: list[str]) -> list[list[str]]:
    """All columns but the age."""
    return [line.split()[:-1] for line in lines]


def ask(address: str) -> str:
    """What www.example.com is there; empty where nothing answers."""
    query = dns.message.make_query("www.example.com.", "A")
    try:
        reply = dns.query.udp(query, address, timeout=ANSWER_SECONDS)
    except dns.exception.Timeout:
        return ""
    return str(reply.answer[0][0]) if reply.answer else ""
