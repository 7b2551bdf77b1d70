"""The programs of the cluster, compiled from Go modules and kept outside the repository.

There is no download of binaries: each folder of `tools/` is a Go module whose `go.mod` names the
programs and whose `go.sum` fixes every byte that goes into them. What was built is found
again by a hash of the folder, so a second run compiles nothing, and a new version never mixes with
an old one.
"""

import hashlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from release.locks import locked

TOOLS = Path(__file__).parent / "tools"
CACHE_VARIABLE = "DNSFLEET_CLUSTER_CACHE"
KUBERNETES_VERSION = "v1.34.4"
"""The newest minor version that still works with both containerd 1.6 and cgroup v1."""


@dataclass(frozen=True)
class _Module:
    """A folder of `tools/` and the programs that it gives: name of the binary -> Go package."""

    folder: str
    programs: dict[str, str]
    linking: str = "-s -w"
    go: str = ""
    """The version of Go that compiles it, where that of the machine may be too old."""


_HELM = _Module("helm", {"helm": "helm.sh/helm/v4/cmd/helm"})
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
    _HELM,
    _Module("coredns", {"coredns": "."}),
)
_EXTERNAL_DNS_ROOT = "sigs.k8s.io/external-dns"
_HELM_3 = _Module(
    "helm3",
    {"helm3": "helm.sh/helm/v3/cmd/helm"},
    # A chart says which Kubernetes it needs; Helm 3 takes the version that it was built with.
    "-s -w"
    " -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1"
    " -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=34"
    " -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1"
    " -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=34",
)
_YAML_READER = _Module("yaml-reader", {"yaml-reader": "."})
_HEALTH_READER = _Module("health-reader", {"health-reader": "."})
_CERT_MANAGER = _Module("cert-manager", {"cert-manager": "."})
_PEBBLE = _Module("pebble", {"pebble": "github.com/letsencrypt/pebble/v2/cmd/pebble"})
_EXTERNAL_DNS = _Module(
    "external-dns",
    {"external-dns": _EXTERNAL_DNS_ROOT},
    go="go1.27.0",
)

_PROMETHEUS_OPERATOR = "github.com/prometheus-operator/prometheus-operator"
_CERT_MANAGER_ROOT = "github.com/cert-manager/cert-manager"


def cache() -> Path:
    """The folder that keeps what was built, one folder a version."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen)
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "dnsfleet" / "cluster"


def programs() -> dict[str, Path]:
    """Every program by name, compiled first where it is missing (about 10 minutes on two cores)."""
    return {name: path for module in MODULES for name, path in _built(module).items()}


def helm() -> Path:
    """The cluster's Helm, version 4 (about 2 minutes)."""
    return _built(_HELM)["helm"]


def helm_3() -> Path:
    """Helm 3 beside it: the chart works with both (about 2 minutes)."""
    return _built(_HELM_3)["helm3"]


def yaml_reader() -> Path:
    """A program that reads YAML with the library of kubectl (half a minute)."""
    return _built(_YAML_READER)["yaml-reader"]


def health_reader() -> Path:
    """A program that says what Flux and Argo CD make of objects (a minute)."""
    return _built(_HEALTH_READER)["health-reader"]


def cert_manager() -> Path:
    """The controllers of cert-manager that DNS-01 needs (3 minutes)."""
    return _built(_CERT_MANAGER)["cert-manager"]


def cert_manager_definitions() -> list[Path]:
    """The CRDs of cert-manager, as its own Go module ships them."""
    shipped = _shipped(_CERT_MANAGER, _CERT_MANAGER_ROOT)
    return sorted((shipped / "deploy" / "crds").glob("*.yaml"))


def pebble() -> Path:
    """An ACME server for tests (a quarter of a minute)."""
    return _built(_PEBBLE)["pebble"]


def external_dns() -> Path:
    """ExternalDNS with all of its providers but Civo and Exoscale (6 minutes)."""
    return _built(_EXTERNAL_DNS)["external-dns"]


def external_dns_chart() -> Path:
    """The chart of ExternalDNS, as its own Go module ships it."""
    shipped = _shipped(_EXTERNAL_DNS, _EXTERNAL_DNS_ROOT)
    return shipped / "charts" / "external-dns"


def prometheus_operator_definitions(kinds: Iterable[str]) -> list[Path]:
    """The CRDs of the Prometheus operator by their plurals, as its own Go module ships them."""
    module = _shipped(_Module("prometheus-operator", {}), _PROMETHEUS_OPERATOR)
    shipped = module / "example" / "prometheus-operator-crd"
    return [shipped / f"monitoring.coreos.com_{kind}.yaml" for kind in kinds]


def _shipped(module: _Module, name: str) -> Path:
    """The files of a Go module that a folder of `tools/` names."""
    command = ["go", "mod", "download", "-json", name]
    done = subprocess.run(
        command,
        cwd=TOOLS / module.folder,
        env=_environment(module),
        stdout=subprocess.PIPE,
        check=True,
    )
    return Path(json.loads(done.stdout)["Dir"])


def _built(module: _Module) -> dict[str, Path]:
    folder = cache() / f"{module.folder}-{_fingerprint(module)}"
    with locked(cache() / f"{module.folder}.lock"):  # several test processes may want it
        if missing := [name for name in module.programs if not (folder / name).exists()]:
            _build(module, missing, folder)
    return {name: folder / name for name in module.programs}


def _fingerprint(module: _Module) -> str:
    digest = hashlib.sha256((module.linking + module.go).encode())
    for path in sorted((TOOLS / module.folder).rglob("*")):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _build(module: _Module, names: list[str], target: Path) -> None:
    """All in one command, so that one program is linked while others are compiled."""
    print(f"building {', '.join(names)}", flush=True)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target) as folder:
        command = ["go", "build", "-trimpath", "-mod=readonly", "-ldflags", module.linking]
        packages = [module.programs[name] for name in names]
        subprocess.run(
            [*command, "-o", f"{folder}/", *packages],
            cwd=TOOLS / module.folder,
            env=_environment(module),
            check=True,
        )
        for name, package in zip(names, packages, strict=True):
            (Path(folder) / _given_name(module, package)).rename(target / name)


def _environment(module: _Module) -> dict[str, str]:
    """What go runs with. Another version of Go is a module like any other."""
    chosen = {"GOTOOLCHAIN": module.go} if module.go else {}
    return {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", **chosen}


def _given_name(module: _Module, package: str) -> str:
    """What go calls a program: the last part of its package that is no major version."""
    parts = [module.folder] if package == "." else package.split("/")
    return next(part for part in reversed(parts) if not re.fullmatch(r"v[0-9]+", part))
