"""Command lines of the node's daemons, and the configuration files that they read.

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
    """Every configuration file, below the node's folder."""
    folder = node.folder / "etc"
    (folder / "cni").mkdir(parents=True, exist_ok=True)
    server = f"https://{node.network.node}:{API_PORT}"
    for user in ("controller-manager", "scheduler", "kubelet", "kube-proxy", "coredns"):
        path = folder / f"{user}.kubeconfig"
        path.write_text(kubeconfig(certificates, user, server))
    (folder / "containerd.toml").write_text(_containerd(node))
    (folder / "kubelet.json").write_text(json.dumps(_kubelet(node, certificates), indent=1))
    (folder / "kube-proxy.json").write_text(json.dumps(_kube_proxy(node), indent=1))
    (folder / "cni" / "10-dnsfleet.conflist").write_text(json.dumps(_network(node), indent=1))
    (folder / "Corefile").write_text(_corefile(node, folder / "coredns.kubeconfig"))


def commands(node: Node, certificates: Path, program: Callable[[str], Path]) -> dict[str, Command]:
    """The command line of every daemon, in the order of their start."""
    etc = node.folder / "etc"
    return {
        "etcd": _etcd(node, program("etcd")),
        "kube-apiserver": _api_server(node, certificates, program("kube-apiserver")),
        "kube-controller-manager": _controller_manager(
            node, certificates, program("kube-controller-manager")
        ),
        "kube-scheduler": [
            program("kube-scheduler"),
            f"--kubeconfig={etc / 'scheduler.kubeconfig'}",
            "--leader-elect=false",
        ],
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


def _etcd(node: Node, program: Path) -> Command:
    return [
        program,
        f"--data-dir={node.folder / 'etcd'}",
        "--listen-client-urls=http://127.0.0.1:2379",
        "--advertise-client-urls=http://127.0.0.1:2379",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--unsafe-no-fsync",  # a power cut of the machine loses the cluster in any case
        "--log-level=warn",
    ]


def _api_server(node: Node, certificates: Path, program: Path) -> Command:
    return [
        program,
        f"--advertise-address={node.network.node}",
        f"--secure-port={API_PORT}",
        "--etcd-servers=http://127.0.0.1:2379",
        f"--service-cluster-ip-range={node.network.services}",
        f"--client-ca-file={certificates / 'ca.crt'}",
        f"--tls-cert-file={certificates / 'apiserver.crt'}",
        f"--tls-private-key-file={certificates / 'apiserver.key'}",
        f"--kubelet-certificate-authority={certificates / 'ca.crt'}",
        f"--kubelet-client-certificate={certificates / 'apiserver.crt'}",
        f"--kubelet-client-key={certificates / 'apiserver.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--service-account-issuer=https://kubernetes.default.svc.{CLUSTER_DOMAIN}",
        f"--service-account-key-file={certificates / 'service-accounts.pub'}",
        f"--service-account-signing-key-file={certificates / 'service-accounts.key'}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        # By such policies a test does to pods what OpenShift does.
        "--feature-gates=MutatingAdmissionPolicy=true",
        "--runtime-config=admissionregistration.k8s.io/v1beta1=true",
    ]


def _controller_manager(node: Node, certificates: Path, program: Path) -> Command:
    return [
        program,
        f"--kubeconfig={node.folder / 'etc' / 'controller-manager.kubeconfig'}",
        f"--root-ca-file={certificates / 'ca.crt'}",
        f"--service-account-private-key-file={certificates / 'service-accounts.key'}",
        f"--flex-volume-plugin-dir={node.folder / 'volume-plugins'}",
        "--use-service-account-credentials",
        # There is one node: if it counts as lost, no Service has endpoints. An API server that was
        # stopped for a minute must not look like that.
        "--node-monitor-grace-period=2m",
        "--leader-elect=false",
    ]


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
        "tlsCertFile": str(certificates / "kubelet.crt"),
        "tlsPrivateKeyFile": str(certificates / "kubelet.key"),
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": node.cgroup,
        "failCgroupV1": False,
        "failSwapOn": False,
        "makeIPTablesUtilChains": False,
        "clusterDomain": CLUSTER_DOMAIN,
        "clusterDNS": [node.network.node],
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
        "clusterCIDR": node.network.pods,
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


def _corefile(node: Node, kubeconfig_path: Path) -> str:
    return f"""\
.:53 {{
    bind {node.network.node}
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
