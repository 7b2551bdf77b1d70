"""A release from a folder: its images and its chart in a cluster, by digest, as strangers get them.

How a release is built has tests of its own (test_release_builds.py).
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from cluster import builds, images
from cluster.access import Access
from cluster.clusters import Cluster
from support import releases
from support.releases import NAME, NAMESPACE, READY_SECONDS

from release import artefacts, making, source
from release.images import IMAGES
from release.layouts import archive_digest

QUICKSTART = releases.REPOSITORY / "examples" / "quickstart"
MIRROR = "registry.example/mirrored"
"""The registry of somebody who copies images."""


@pytest.fixture(scope="module")
def folder(own_cluster: Cluster | None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make dist` makes. Its images are in the node by the names that the chart says."""
    if own_cluster is None:
        pytest.skip("this test brings images into the node of this machine: unset KUBECONFIG")
    made = tmp_path_factory.mktemp("dist")
    checkout = source.read()
    making.make(checkout, made, making.Wishes(images.base(), modified=True))
    for image in IMAGES:
        archive = made / artefacts.archive_name(image, checkout.version())
        name = f"{source.REGISTRY}/{image.repository}"
        own_cluster.node.run(
            *("ctr", "--namespace", "k8s.io", "images", "import"),
            *("--digests", "--base-name", name, archive),
        )
    return made


@pytest.fixture(scope="module")
def chart(folder: Path) -> Path:
    (found,) = folder.glob("*.tgz")
    return found


@pytest.fixture(scope="module")
def installed(cluster: Access, chart: Path) -> Iterator[Access]:
    """The chart of the folder with its defaults, and the quickstart."""
    cluster.helm("install", *NAME, str(chart), "--create-namespace", *releases.waiting())
    cluster.kubectl("apply", "-f", str(QUICKSTART))
    yield cluster
    releases.remove(cluster)


def test_its_images_run_by_digest(installed: Access, folder: Path) -> None:
    installed.wait("condition=Ready", READY_SECONDS, "pops", "--all")
    installed.wait("condition=Propagated", READY_SECONDS, "zones", "--all")
    digests = {
        image.repository: archive_digest(folder / artefacts.archive_name(image, image.version))
        for image in IMAGES
    }
    wanted = {f"{source.REGISTRY}/{name}@{digest}" for name, digest in digests.items()}
    pods = installed.items("pods", "-n", NAMESPACE)
    asked = {each["image"] for pod in pods for each in pod["spec"]["containers"]}
    assert asked == wanted
    statuses = [each for pod in pods for each in pod["status"]["containerStatuses"]]
    run = {each["imageID"].rpartition("@")[2] for each in statuses}
    assert run == set(digests.values()), "what the node found in the archives"


def test_helm_test_passes(installed: Access) -> None:
    installed.helm("test", *NAME, "--logs")


@pytest.mark.parametrize("version", ["helm 4", "helm 3"])
def test_helm_takes_the_packaged_chart(cluster: Access, chart: Path, version: str) -> None:
    helm = cluster if version == "helm 4" else replace(cluster, helm_path=str(builds.helm_3()))
    helm.helm("lint", "--strict", str(chart))
    shown = yaml.safe_load(helm.helm("show", "chart", str(chart)))
    assert shown["annotations"]["artifacthub.io/license"] == "Apache-2.0"
    values = yaml.safe_load(helm.helm("show", "values", str(chart)))
    assert values["image"]["edge"]["digest"].startswith("sha256:")
    rendered = helm.helm("template", "x", str(chart), "--set", f"imageRegistry={MIRROR}")
    named = {
        container["image"]
        for document in yaml.safe_load_all(rendered)
        if document and document["kind"] in ("Deployment", "StatefulSet")
        for container in document["spec"]["template"]["spec"]["containers"]
    }
    digests = {image.repository: values["image"][image.role]["digest"] for image in IMAGES}
    assert named == {f"{MIRROR}/{name}@{digest}" for name, digest in digests.items()}
