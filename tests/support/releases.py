"""The chart as a release in a cluster: installed as people do it, and removed completely."""

from pathlib import Path

from cluster.access import Access

REPOSITORY = Path(__file__).resolve().parents[2]
CHART = REPOSITORY / "helm" / "dnsfleet"
NAMESPACE = "dnsfleet-system"
NAME = ("dnsfleet", "--namespace", NAMESPACE)
INSTALL_SECONDS = 120
READY_SECONDS = 120.0


def install(cluster: Access, *options: str, source: Path = REPOSITORY) -> None:
    """`helm install --wait` of a checkout's chart; nothing of an earlier release may be there."""
    chart = str(source / "helm" / "dnsfleet")
    cluster.helm("install", *NAME, chart, "--create-namespace", *options, *waiting())


def upgrade(cluster: Access, source: Path, *options: str) -> None:
    """`helm upgrade --wait` to the chart of a checkout, with the values that people gave before."""
    chart = str(source / "helm" / "dnsfleet")
    cluster.helm("upgrade", *NAME, chart, "--reset-then-reuse-values", *options, *waiting())


def waiting() -> tuple[str, ...]:
    """Options by which helm waits until what it applied is ready."""
    return ("--wait", f"--timeout={INSTALL_SECONDS}s")


def remove(cluster: Access) -> None:
    """Uninstall, and delete what an uninstall keeps: definitions, objects of Pops, volumes."""
    cluster.helm("uninstall", *NAME, "--ignore-not-found", *waiting())
    cluster.kubectl(
        *("delete", "crd", "--ignore-not-found", "--wait"),
        *(f"{path.stem}.dnsfleet.io" for path in (REPOSITORY / "crds").glob("*.yaml")),
    )
    cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")
    # Edges that nobody asks any more need not be drained: that is half a minute for each module.
    # The namespace is looked at after five seconds; what is left then takes as long again.
    at_once = ("--all", "--namespace", NAMESPACE, "--wait=false")
    workloads = "deployments,statefulsets,replicasets,jobs,persistentvolumeclaims"
    cluster.kubectl("delete", workloads, *at_once, "--cascade=orphan")
    cluster.kubectl("delete", "pods", *at_once, "--grace-period=1")
    cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait")


def metrics_of(cluster: Access, pod: str) -> str:
    """The page of a pod of the release, by way of the API server; CommandError for none."""
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}:8080/proxy/metrics"
    return cluster.kubectl("get", "--raw", path)
