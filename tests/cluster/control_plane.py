"""Command lines of the daemons that only the first node has: the control plane of the cluster."""

from collections.abc import Callable
from pathlib import Path

from cluster import settings
from cluster.namespaces import Node


def write(node: Node, certificates: Path) -> None:
    """Their configuration files, below the node's folder."""
    for folder in ("etc", "volume-plugins"):
        (node.folder / folder).mkdir(exist_ok=True)
    users = ("controller-manager", "scheduler")
    settings.write_kubeconfigs(node, certificates, {user: user for user in users})


def commands(
    node: Node, certificates: Path, program: Callable[[str], Path]
) -> dict[str, settings.Command]:
    """The command line of each, in the order of their start."""
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
    }


def _etcd(node: Node, program: Path) -> settings.Command:
    return [
        program,
        f"--data-dir={node.folder / 'etcd'}",
        "--listen-client-urls=http://127.0.0.1:2379",
        "--advertise-client-urls=http://127.0.0.1:2379",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--unsafe-no-fsync",  # a power cut of the machine loses the cluster in any case
        "--log-level=warn",
    ]


def _api_server(node: Node, certificates: Path, program: Path) -> settings.Command:
    return [
        program,
        f"--advertise-address={node.network.node}",
        f"--secure-port={settings.API_PORT}",
        "--etcd-servers=http://127.0.0.1:2379",
        f"--service-cluster-ip-range={node.network.services}",
        f"--client-ca-file={certificates / 'ca.crt'}",
        f"--tls-cert-file={certificates / 'apiserver.crt'}",
        f"--tls-private-key-file={certificates / 'apiserver.key'}",
        f"--kubelet-certificate-authority={certificates / 'ca.crt'}",
        f"--kubelet-client-certificate={certificates / 'apiserver.crt'}",
        f"--kubelet-client-key={certificates / 'apiserver.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--service-account-issuer=https://kubernetes.default.svc.{settings.CLUSTER_DOMAIN}",
        f"--service-account-key-file={certificates / 'service-accounts.pub'}",
        f"--service-account-signing-key-file={certificates / 'service-accounts.key'}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        # By such policies a test does to pods what OpenShift does.
        "--feature-gates=MutatingAdmissionPolicy=true",
        "--runtime-config=admissionregistration.k8s.io/v1beta1=true",
    ]


def _controller_manager(node: Node, certificates: Path, program: Path) -> settings.Command:
    return [
        program,
        f"--kubeconfig={node.folder / 'etc' / 'controller-manager.kubeconfig'}",
        f"--root-ca-file={certificates / 'ca.crt'}",
        f"--service-account-private-key-file={certificates / 'service-accounts.key'}",
        f"--flex-volume-plugin-dir={node.folder / 'volume-plugins'}",
        "--use-service-account-credentials",
        # Where the only node counts as lost, no Service has endpoints. An API server that was
        # stopped for a minute must not look like that.
        "--node-monitor-grace-period=2m",
        "--leader-elect=false",
    ]
