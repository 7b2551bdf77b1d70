"""The cluster of the end-to-end tests: yours when KUBECONFIG is set, otherwise one of our own."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cluster import builds, images
from cluster.access import Access
from cluster.clusters import Cluster
from cluster.namespaces import Node
from support import charts
from support.releases import install, remove
from support.two_clusters import TwoClusters


@pytest.fixture(scope="session")
def own_cluster() -> Iterator[Cluster | None]:
    """The cluster of this machine; None when KUBECONFIG names another one."""
    cluster = Cluster()
    chosen = os.environ.get("KUBECONFIG")
    if chosen and Path(chosen) != cluster.kubeconfig:
        yield None
    elif chosen:  # `make cluster-up` started it, and it stays
        yield cluster
    else:
        cluster.up(images.build())
        yield cluster
        cluster.down()


@pytest.fixture(scope="session")
def cluster(own_cluster: Cluster | None) -> Access:
    """The API of the cluster. Your own must have the images of dist/images (`make images`)."""
    if own_cluster is not None:
        return own_cluster.access
    found = {name: shutil.which(name) for name in ("kubectl", "helm")}
    if missing := [name for name, path in found.items() if path is None]:
        raise RuntimeError(f"not on this machine: {', '.join(missing)}")
    return Access(Path(os.environ["KUBECONFIG"]), str(found["kubectl"]), str(found["helm"]))


@pytest.fixture(scope="module")
def release(cluster: Access) -> Iterator[Access]:
    """The chart installed with its defaults; afterwards nothing of it is left."""
    install(cluster)
    yield cluster
    remove(cluster)


@pytest.fixture(scope="module")
def pop_cluster(own_cluster: Cluster | None) -> Iterator[Cluster]:
    """A new cluster for a Pop, beside that of this machine."""
    if own_cluster is None:
        pytest.skip("this test needs two clusters of this machine: unset KUBECONFIG")
    cluster = Cluster(1, own_cluster)
    cluster.up(images.archives())
    yield cluster
    cluster.down()


@pytest.fixture(scope="module")
def joined(own_cluster: Cluster, pop_cluster: Cluster) -> Iterator[TwoClusters]:
    """One Pop in each of two clusters, and the zone with its probe at 0 at both."""
    fleet = TwoClusters(own_cluster, pop_cluster)
    fleet.start()
    yield fleet
    remove(fleet.core.access)


@pytest.fixture(scope="session")
def node(own_cluster: Cluster | None) -> Node:
    """For tests that stop daemons of the node, or send from the network beside it."""
    if own_cluster is None:
        raise RuntimeError("this test needs the node of this machine: unset KUBECONFIG")
    return own_cluster.node


@pytest.fixture(scope="module", params=["helm 4", "helm 3"])
def helm(request: pytest.FixtureRequest, cluster: Access) -> Access:
    """The cluster by each version of Helm that the chart is for."""
    if request.param == "helm 4":
        return cluster
    return replace(cluster, helm_path=str(builds.helm_3()))


@pytest.fixture
def render(helm: Access, tmp_path: Path) -> Callable[..., list[charts.Object]]:
    """Render the chart with values."""
    return charts.renderer(helm, tmp_path)
