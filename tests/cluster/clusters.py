"""A cluster of one node, from nothing to Ready, and back to nothing."""

import json
import os
import shutil
import socket
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from support.waiting import wait_for

from cluster import builds, settings
from cluster.access import Access, CommandError
from cluster.certificates import Authority
from cluster.namespaces import Node
from cluster.networks import Network

STATE_VARIABLE = "DNSFLEET_CLUSTER_STATE"
READY_SECONDS = 60.0
MOST = 4
"""Clusters of one checkout that are there at the same time: their numbers are below that."""
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

    One with another number than 0 has a folder beside that, and other addresses. Those that have a
    neighbour reach it, and are reached by it.
    """

    def __init__(self, number: int = 0, neighbour: "Cluster | None" = None) -> None:
        chosen = os.environ.get(STATE_VARIABLE)
        first = Path(chosen) if chosen else REPOSITORY / ".cluster"
        self.folder = first.with_name(f"{first.name}-{number}") if number else first
        # Clusters of several checkouts may run at once: each has a name of its own.
        name = f"dnsfleet-{sha256(str(self.folder).encode()).hexdigest()[:6]}"
        beside = None if neighbour is None else neighbour.node
        self.node: Node = Node(name, self.folder, Network(number), beside)
        self.kubeconfig = self.folder / "kubeconfig"

    def up(self, archives: Sequence[Path]) -> None:
        """Start it with these images and wait until its node is Ready.

        What an earlier run left is removed first.
        """
        _require_machine()
        programs = builds.programs()
        self.node.remove()
        self.folder.mkdir(parents=True)
        certificates = self._issue()
        self.node.start()
        settings.write(self.node, certificates)
        (self.folder / "volume-plugins").mkdir()
        daemons = settings.commands(self.node, certificates, programs.__getitem__)
        for name in ("etcd", "kube-apiserver", "containerd"):
            self.node.spawn(name, daemons.pop(name))
        self._open_api(certificates)
        self._grant()
        self._offer_storage()
        for archive in archives:
            self.import_image(archive)
        for name, command in daemons.items():
            self.node.spawn(name, command)
        wait_for("the node is Ready", self._is_ready, READY_SECONDS)

    def down(self) -> None:
        """End it and remove everything that it made."""
        self.node.remove()

    @property
    def access(self) -> Access:
        """Its API, as its administrator."""
        programs = builds.programs()
        return Access(self.kubeconfig, str(programs["kubectl"]), str(programs["helm"]))

    def import_image(self, archive: Path) -> None:
        """Load an image archive into the node, where pods find it without a registry."""
        self.node.run("ctr", "--namespace", "k8s.io", "images", "import", archive)

    def _issue(self) -> Path:
        folder, network = self.folder / "certificates", self.node.network
        authority = Authority(folder)
        authority.issue_key_pair("service-accounts")
        authority.issue("admin", "admin", ["system:masters"])
        # It is also the API server's name towards the kubelet, hence the group.
        authority.issue(
            "apiserver",
            "kube-apiserver",
            ["system:masters"],
            [network.node, network.api_service, "127.0.0.1", "kubernetes.default.svc"],
        )
        user = f"system:node:{self.node.name}"
        authority.issue("kubelet", user, ["system:nodes"], [self.node.name, network.node])
        for name in ("controller-manager", "scheduler", "proxy"):
            file = "kube-proxy" if name == "proxy" else name
            authority.issue(file, f"system:kube-{name}")
        authority.issue("coredns", "coredns")
        return folder

    def _open_api(self, certificates: Path) -> None:
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
        self.kubeconfig.write_text(settings.kubeconfig(certificates, "admin", server))
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

    def _is_ready(self) -> bool:
        path = "jsonpath={.items[*].status.conditions[?(@.type=='Ready')].status}"
        return self.access.kubectl("get", "nodes", "-o", path) == "True"


def _require_machine() -> None:
    if os.geteuid() != 0:
        raise SystemExit("a cluster needs root: it makes namespaces, mounts and cgroups")
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        raise SystemExit(f"not on this machine: {', '.join(missing)}; see CONTRIBUTING.md")
