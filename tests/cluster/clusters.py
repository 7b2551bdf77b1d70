"""A cluster of one node, or of two, from nothing to Ready, and back to nothing."""

import json
import os
import shutil
import socket
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from support.waiting import wait_for

from cluster import builds, control_plane, settings
from cluster.access import Access, CommandError
from cluster.certificates import Authority
from cluster.namespaces import Node
from cluster.networks import Network

STATE_VARIABLE = "DNSFLEET_CLUSTER_STATE"
READY_SECONDS = 60.0
MOST = 4
"""Clusters of one test process that are there at the same time: their numbers are below that."""
PROCESSES = 2
"""That share a run of the tests (`make e2e`): each has clusters of its own."""
_PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
"""Which of them this one is."""
VOLUMES = 64
"""Persistent volumes that are ready: three for each release of a whole run of the tests.

A release takes a new one, and none is used twice: it would bring the core of another release back.
"""
REPOSITORY = Path(__file__).resolve().parents[2]
NEEDED = (
    *("containerd", "runc", "ip", "nft", "conntrack", "nsenter", "unshare", "setsid", "sysctl"),
    *("buildah", "mmdebstrap", "go"),
)
"""What must be on the machine; the names of Debian's packages are in CONTRIBUTING.md."""


class Cluster:
    """The cluster of a state folder (by default `.cluster` in the repository).

    One with another number than 0 has a folder beside that, and other addresses; so has each of
    another process. Those that have a neighbour reach it, and are reached by it.
    """

    def __init__(
        self, number: int = 0, neighbour: "Cluster | None" = None, process: int = _PROCESS
    ) -> None:
        number += MOST * process
        chosen = os.environ.get(STATE_VARIABLE)
        first = Path(chosen) if chosen else REPOSITORY / ".cluster"
        self.folder = first.with_name(f"{first.name}-{number}") if number else first
        # Clusters of several checkouts may run at once: each has a name of its own.
        name = f"dnsfleet-{sha256(str(self.folder).encode()).hexdigest()[:6]}"
        beside = None if neighbour is None else neighbour.node
        self.node: Node = Node(name, self.folder, Network(number), beside)
        self.worker = Node(f"{name}-1", self.folder / "worker", Network(number, 1), self.node)
        self.kubeconfig = self.folder / "kubeconfig"
        self._certificates = self.folder / "certificates"

    def up(self, archives: Sequence[Path]) -> None:
        """Start it with these images and wait until its node is Ready.

        What an earlier run left is removed first.
        """
        _require_machine()
        programs = builds.programs()
        self.down()
        self.folder.mkdir(parents=True)
        self._issue()
        self.node.start()
        control_plane.write(self.node, self._certificates)
        daemons = control_plane.commands(self.node, self._certificates, programs.__getitem__)
        for name in ("etcd", "kube-apiserver"):
            self.node.spawn(name, daemons.pop(name))
        self._open_api()
        self._grant()
        self._offer_storage()
        for name, command in daemons.items():
            self.node.spawn(name, command)
        self._run(self.node, archives)

    def add_worker(self, archives: Sequence[Path]) -> None:
        """Add a second node, `worker`, with these images, and wait until it is Ready.

        After a power cut it needs none: they are on its disk. One of an earlier run is ended first.
        """
        self.worker.cut_power()
        self.worker.start()
        self._run(self.worker, archives)

    def remove_worker(self) -> None:
        """End the second node, and forget it."""
        self.worker.remove()
        self.access.kubectl("delete", "node", self.worker.name, "--ignore-not-found")

    def import_image(self, archive: Path) -> None:
        """Load an image archive into the first node, where pods find it without a registry."""
        _import(self.node, archive)

    def down(self) -> None:
        """End it and remove everything that it made."""
        self.worker.remove()
        self.node.remove()

    @property
    def access(self) -> Access:
        """Its API, as its administrator."""
        programs = builds.programs()
        return Access(self.kubeconfig, str(programs["kubectl"]), str(programs["helm"]))

    def _run(self, node: Node, archives: Sequence[Path]) -> None:
        """Start a node's own daemons; what it runs finds its images there, without a registry."""
        began = datetime.now(UTC).replace(microsecond=0)  # as exact as the API server is
        settings.write(node, self._certificates)
        daemons = settings.commands(node, builds.programs().__getitem__)
        node.spawn("containerd", daemons.pop("containerd"))
        node.run("ctr", "version")  # it waits for an answer; kubelet ends without one
        for archive in archives:
            _import(node, archive)
        for name, command in daemons.items():
            node.spawn(name, command)
        wait_for(f"node {node.name} is Ready", lambda: self._is_ready(node, began), READY_SECONDS)

    def _issue(self) -> None:
        network = self.node.network
        authority = Authority(self._certificates)
        authority.issue_key_pair("service-accounts")
        authority.issue("admin", "admin", ["system:masters"])
        # It is also the API server's name towards the kubelet, hence the group.
        authority.issue(
            "apiserver",
            "kube-apiserver",
            ["system:masters"],
            [network.node, network.api_service, "127.0.0.1", "kubernetes.default.svc"],
        )
        for node in (self.node, self.worker):
            user, hosts = f"system:node:{node.name}", [node.name, node.network.node]
            authority.issue(settings.kubelet_user(node), user, ["system:nodes"], hosts)
        for name in ("controller-manager", "scheduler", "proxy"):
            file = "kube-proxy" if name == "proxy" else name
            authority.issue(file, f"system:kube-{name}")
        authority.issue("coredns", "coredns")

    def _open_api(self) -> None:
        """Bring the API server's port to the loopback, write the kubeconfig, wait for health."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            server = f"https://127.0.0.1:{listening.getsockname()[1]}"
            descriptor = listening.fileno()
            program = Path(__file__).with_name("forwarding.py")
            target = [self.node.network.node, str(settings.API_PORT)]
            self.node.spawn(
                "forwarder",
                [sys.executable, program, str(descriptor), *target],
                keep=[descriptor],
            )
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_text(settings.kubeconfig(self._certificates, "admin", server))
        wait_for("the API server is ready", self._api_is_ready, READY_SECONDS)

    def _api_is_ready(self) -> bool:
        try:
            return self.access.kubectl("get", "--raw", "/readyz") == "ok"
        except CommandError:
            return False

    def _grant(self) -> None:
        """A role for CoreDNS: it runs on the node, and no built-in role fits its user."""
        read = "services,pods,namespaces,endpointslices.discovery.k8s.io"
        self.access.kubectl(
            *("create", "clusterrole", "coredns", "--verb=list,watch", f"--resource={read}")
        )
        self.access.kubectl(
            *("create", "clusterrolebinding", "coredns", "--clusterrole=coredns", "--user=coredns")
        )

    def _offer_storage(self) -> None:
        """Volumes for claims that name no class, as a cloud gives them."""
        folders = [self.folder / "volumes" / str(number) for number in range(VOLUMES)]
        for folder in folders:
            folder.mkdir(parents=True)
        volumes = [settings.volume(self.node, folder) for folder in folders]
        offered = {
            "apiVersion": "v1",
            "kind": "List",
            "items": [settings.storage_class(), *volumes],
        }
        self.access.apply(json.dumps(offered))

    def _is_ready(self, node: Node, since: datetime) -> bool:
        """Whether its kubelet says so: of a power cut the API server learns much later."""
        return any(
            condition["type"] == "Ready"
            and condition["status"] == "True"
            and datetime.fromisoformat(condition["lastHeartbeatTime"]) >= since
            for found in self.access.items("nodes")
            if found["metadata"]["name"] == node.name
            for condition in found["status"]["conditions"]
        )


def _import(node: Node, archive: Path) -> None:
    node.run("ctr", "--namespace", "k8s.io", "images", "import", archive)


def _require_machine() -> None:
    if os.geteuid() != 0:
        raise SystemExit("a cluster needs root: it makes namespaces, mounts and cgroups")
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        raise SystemExit(f"not on this machine: {', '.join(missing)}; see CONTRIBUTING.md")
