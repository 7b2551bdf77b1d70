"""The programs of the cluster, compiled from Go modules and kept outside the repository.

There is no download of binaries: each folder of `tools/` is a Go module whose `go.mod` names the
programs and whose `go.sum` fixes every byte that goes into them. What was built is found
again by a hash of the folder, so a second run compiles nothing, and a new version never mixes with
an old one.
"""

import hashlib
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

TOOLS = Path(__file__).parent / "tools"
CACHE_VARIABLE = "DNSFLEET_CLUSTER_CACHE"
KUBERNETES_VERSION = "v1.34.4"
"""The newest line that still takes containerd 1.6 and cgroup v1 together."""


@dataclass(frozen=True)
class _Module:
    """A folder of `tools/` and the programs that it gives: name of the binary -> Go package."""

    folder: str
    programs: dict[str, str]
    linking: str = "-s -w"


MODULES = (
    _Module(
        "kubernetes",
        {
            name: f"k8s.io/kubernetes/cmd/{name}"
            for name in (
                "kube-apiserver",
                "kube-controller-manager",
                "kube-scheduler",
                "kubelet",
                "kube-proxy",
                "kubectl",
            )
        },
        f"-s -w -X k8s.io/component-base/version.gitVersion={KUBERNETES_VERSION}",
    ),
    _Module("etcd", {"etcd": "go.etcd.io/etcd/server/v3"}),
    _Module("helm", {"helm": "helm.sh/helm/v4/cmd/helm"}),
    _Module("coredns", {"coredns": "."}),
)
_HELM_3 = _Module(
    "helm3",
    {"helm3": "helm.sh/helm/v3/cmd/helm"},
    # A chart says which Kubernetes it wants; Helm 3 knows the one it has by its build alone.
    "-s -w"
    " -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1"
    " -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=34"
    " -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1"
    " -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=34",
)


def cache() -> Path:
    """The folder that keeps what was built, one folder a version."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen)
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "dnsfleet" / "cluster"


def programs() -> dict[str, Path]:
    """Every program by name, compiled first where it is missing (about 10 minutes on two cores)."""
    return {name: path for module in MODULES for name, path in _built(module).items()}


def helm_3() -> Path:
    """Helm 3 beside the cluster's Helm 4: the chart works with both (about 2 minutes)."""
    return _built(_HELM_3)["helm3"]


def _built(module: _Module) -> dict[str, Path]:
    folder = cache() / f"{module.folder}-{_fingerprint(module)}"
    for name, package in module.programs.items():
        if not (folder / name).exists():
            _build(module, package, folder / name)
    return {name: folder / name for name in module.programs}


def _fingerprint(module: _Module) -> str:
    digest = hashlib.sha256(module.linking.encode())
    for path in sorted((TOOLS / module.folder).iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _build(module: _Module, package: str, target: Path) -> None:
    print(f"building {target.name} from {package}", flush=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        unfinished = Path(folder) / target.name
        command = ["go", "build", "-trimpath", "-mod=readonly", "-ldflags", module.linking]
        subprocess.run(
            [*command, "-o", str(unfinished), package],
            cwd=TOOLS / module.folder,
            env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": ""},
            check=True,
        )
        unfinished.rename(target)
