"""Command lines of the daemons of every node, and the configuration files that they read.

Whatever a daemon would keep in a well-known place of the machine is moved below the node's folder,
so that clusters can run beside each other and beside a container engine of the machine.
"""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from cluster.namespaces import Node
from cluster.networks import DNS

API_PORT = 6443
CLUSTER_DOMAIN = "cluster.local"
PAUSE_IMAGE = "localhost/pause:1"
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
"""A private mount of the node's (init.sh), so the name is free and short enough for a socket."""
_STORAGE_CLASS = "node-folders"

Command = list[str | Path]


def kubeconfig(certificates: Path, user: str, server: str) -> str:
    """A kubeconfig with everything in it, for a certificate made by `certificates.Authority`."""

    def embedded(name: str) -> str:
        return base64.b64encode((certificates / name).read_bytes()).decode()

    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "dnsfleet",
            "contexts": [{"name": "dnsfleet", "context": {"cluster": "dnsfleet", "user": user}}],
            "clusters": [
                {
                    "name": "dnsfleet",
                    "cluster": {"server": server, "certificate-authority-data": embedded("ca.crt")},
                }
            ],
            "users": [
                {
                    "name": user,
                    "user": {
                        "client-certificate-data": embedded(f"{user}.crt"),
                        "client-key-data": embedded(f"{user}.key"),
                    },
                }
            ],
        }
    )


def write(node: Node, certificates: Path) -> None:
    """The configuration files of a node's own daemons, below its folder."""
    folder = node.folder / "etc"
    (folder / "cni").mkdir(parents=True, exist_ok=True)
    write_kubeconfigs(node, certificates, {user: user for user in ("kube-proxy", "coredns")})
    write_kubeconfigs(node, certificates, {"kubelet": kubelet_user(node)})
    (folder / "containerd.toml").write_text(_containerd(node))
    (folder / "kubelet.json").write_text(json.dumps(_kubelet(node, certificates), indent=1))
    (folder / "kube-proxy.json").write_text(json.dumps(_kube_proxy(node), indent=1))
    (folder / "cni" / "10-dnsfleet.conflist").write_text(json.dumps(_network(node), indent=1))
    (folder / "Corefile").write_text(_corefile(folder / "coredns.kubeconfig"))
    (node.folder / "volume-plugins").mkdir(exist_ok=True)


def write_kubeconfigs(node: Node, certificates: Path, users: dict[str, str]) -> None:
    """A kubeconfig for each daemon, by the name of its certificate."""
    server = f"https://{node.network.api}:{API_PORT}"
    for daemon, user in users.items():
        path = node.folder / "etc" / f"{daemon}.kubeconfig"
        path.write_text(kubeconfig(certificates, user, server))


def kubelet_user(node: Node) -> str:
    """The name of the certificate of a node's kubelet."""
    return f"kubelet-{node.name}"


def commands(node: Node, program: Callable[[str], Path]) -> dict[str, Command]:
    """The command line of each of a node's own daemons, in the order of their start."""
    etc = node.folder / "etc"
    return {
        "containerd": ["containerd", "--config", etc / "containerd.toml"],
        "kubelet": [
            program("kubelet"),
            f"--config={etc / 'kubelet.json'}",
            f"--kubeconfig={etc / 'kubelet.kubeconfig'}",
            f"--root-dir={node.folder / 'kubelet'}",
            f"--cert-dir={node.folder / 'kubelet' / 'pki'}",
            f"--hostname-override={node.name}",
            f"--node-ip={node.network.node}",
        ],
        "kube-proxy": [program("kube-proxy"), f"--config={etc / 'kube-proxy.json'}"],
        "coredns": [program("coredns"), "-conf", etc / "Corefile"],
    }


def _containerd(node: Node) -> str:
    return f"""\
version = 2
root = "{node.folder / "containerd"}"
state = "/run/containerd"
[grpc]
address = "{CONTAINERD_SOCKET}"
[plugins."io.containerd.internal.v1.opt"]
path = "{node.folder / "opt"}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE_IMAGE}"
restrict_oom_score_adj = true
disable_apparmor = true
netns_mounts_under_state_dir = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{node.folder / "etc" / "cni"}"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
Root = "/run/containerd/runc"
"""


def _kubelet(node: Node, certificates: Path) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(certificates / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(certificates / f"{kubelet_user(node)}.crt"),
        "tlsPrivateKeyFile": str(certificates / f"{kubelet_user(node)}.key"),
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": node.cgroup,
        "failCgroupV1": False,
        "failSwapOn": False,
        "makeIPTablesUtilChains": False,
        "clusterDomain": CLUSTER_DOMAIN,
        "clusterDNS": [DNS],
        "resolvConf": "",
        "podLogsDir": str(node.folder / "pod-logs"),
        "volumePluginDir": str(node.folder / "volume-plugins"),
        "registerNode": True,
        # The cluster does not manage the machine's disk: no eviction and no image removal.
        "evictionHard": {"nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
    }


def _kube_proxy(node: Node) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(node.folder / "etc" / "kube-proxy.kubeconfig")},
        "mode": "nftables",
        "clusterCIDR": node.network.all_pods,
        "hostnameOverride": node.name,
        "conntrack": {
            "maxPerCore": 0
        },  # the limit belongs to the machine, so the node must not set it
    }


def _network(node: Node) -> dict[str, Any]:
    """Every pod on a link of its own: all traffic is routed, so a Service that leads back to a
    neighbour works without br_netfilter, which a bridge would need."""
    return {
        "cniVersion": "1.0.0",
        "name": node.name,
        "plugins": [
            {
                "type": "ptp",
                "ipam": {
                    "type": "host-local",
                    "dataDir": "/var/lib/cni",
                    "ranges": [[{"subnet": node.network.pods}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            }
        ],
    }


def _corefile(kubeconfig_path: Path) -> str:
    return f"""\
.:53 {{
    bind {DNS}
    errors
    kubernetes {CLUSTER_DOMAIN} {{
        kubeconfig {kubeconfig_path}
    }}
}}
"""


def storage_class() -> dict[str, Any]:
    """The default class: volumes that are there already, folders of the node."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": _STORAGE_CLASS,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def volume(node: Node, folder: Path) -> dict[str, Any]:
    """A persistent volume in a folder of the node."""
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node.name]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"folder-{folder.name}"},
        "spec": {
            "storageClassName": _STORAGE_CLASS,
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "10Gi"},
            "local": {"path": str(folder)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }
