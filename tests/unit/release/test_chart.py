"""The chart that is published: what differs from that of the repository, and what it tells."""

import io
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from release import chart, source
from release.images import EDGE, IMAGES, OPERATOR

DIGESTS = {OPERATOR: f"sha256:{'a' * 64}", EDGE: f"sha256:{'b' * 64}"}
CHART = source.ROOT / source.CHART
CRDS = source.ROOT / "crds"


@pytest.fixture(scope="module")
def checkout() -> source.Source:
    return source.read()


@pytest.fixture(scope="module")
def packed(checkout: source.Source) -> dict[str, bytes]:
    """The files of the package, in their order."""
    with tarfile.open(fileobj=io.BytesIO(chart.package(checkout, DIGESTS))) as archive:
        return {
            member.name: opened.read()
            for member in archive
            if (opened := archive.extractfile(member)) is not None
        }


def test_twice_the_same_octets(checkout: source.Source) -> None:
    assert chart.package(checkout, DIGESTS) == chart.package(checkout, DIGESTS)


def test_the_package_is_the_chart_but_for_three_files(packed: dict[str, bytes]) -> None:
    assert next(iter(packed)) == "dnsfleet/Chart.yaml"
    ours = {path.relative_to(CHART.parent).as_posix(): path for path in CHART.rglob("*")}
    ours = {name: path for name, path in ours.items() if path.is_file()}
    assert set(packed) == set(ours)
    differing = {name for name, path in ours.items() if path.read_bytes() != packed[name]}
    assert differing == {f"dnsfleet/{name}" for name in ("Chart.yaml", "README.md", "values.yaml")}


def test_the_published_values_name_registry_and_digests(packed: dict[str, bytes]) -> None:
    ours = yaml.safe_load((CHART / "values.yaml").read_text())
    published = yaml.safe_load(packed["dnsfleet/values.yaml"])
    assert published["imageRegistry"] == "ghcr.io/dnsfleet"
    for image in IMAGES:
        assert published["image"][image.role].pop("digest") == DIGESTS[image]
        assert ours["image"][image.role].pop("digest") == ""
    assert {**published, "imageRegistry": ""} == ours
    comments = re.compile(r"^\s*#.*$", re.MULTILINE)
    assert comments.findall(packed["dnsfleet/values.yaml"].decode()) == comments.findall(
        (CHART / "values.yaml").read_text()
    )


@pytest.mark.parametrize(
    "broken",
    [
        'image:\n  operator: {repository: dnsfleet-operator, tag: "", digest: ""}\n',
        'imageRegistry: ""\nimage:\n  operator: {repository: dnsfleet-operator, tag: ""}\n',
        'imageRegistry: ""\nimage:\n  operator: {repository: other, tag: "", digest: ""}\n',
    ],
    ids=["no registry", "no digest", "another repository"],
)
def test_values_that_have_no_place_for_a_digest_are_refused(broken: str) -> None:
    with pytest.raises(source.ReleaseError, match=r"values\.yaml: 0 lines are like"):
        chart.with_digests(broken, {OPERATOR: DIGESTS[OPERATOR]})


def test_the_annotations_tell_of_the_definitions_and_the_images(packed: dict[str, bytes]) -> None:
    metadata = yaml.safe_load(packed["dnsfleet/Chart.yaml"])
    told: dict[str, Any] = {
        name.removeprefix("artifacthub.io/"): yaml.safe_load(text)
        for name, text in metadata["annotations"].items()
        if name.startswith("artifacthub.io/")
    }
    names = {yaml.safe_load(path.read_text())["metadata"]["name"] for path in CRDS.iterdir()}
    assert {crd["name"] for crd in told["crds"]} == names
    for crd in told["crds"]:
        assert set(crd) == {"kind", "version", "name", "displayName", "description"}
        assert all(crd.values())
    assert told["images"] == [
        {
            "name": image.repository,
            "image": f"ghcr.io/dnsfleet/{image.repository}@{DIGESTS[image]}",
        }
        for image in IMAGES
    ]
    assert told["prerelease"] is True, "its kinds are alpha"
    assert told["license"] == "Apache-2.0"
    assert all(link["url"].startswith("https://") for link in told["links"])
    assert all(set(change) == {"kind", "description"} for change in told["changes"])
    assert all(isinstance(text, str) for text in metadata["annotations"].values())


def test_links_of_the_published_readme_lead_into_the_repository(packed: dict[str, bytes]) -> None:
    readme = packed["dnsfleet/README.md"].decode()
    places = re.findall(r"\]\(([^)]+)\)", readme)
    base = f"{source.HOME}/blob/v{source.read().version()}/"
    assert places
    for place in places:
        inside = place.removeprefix(base).partition("#")[0]
        assert place.startswith("https://")
        assert not place.startswith(base) or Path(source.ROOT, inside).exists(), place
    text = "[a](values.yaml) [b](../../docs/observe.md#boards) [c](#d) [e](https://x.example/)"
    assert chart.with_absolute_links(text, "1.2.3") == (
        f"[a]({source.HOME}/blob/v1.2.3/helm/dnsfleet/values.yaml)"
        f" [b]({source.HOME}/blob/v1.2.3/docs/observe.md#boards) [c](#d) [e](https://x.example/)"
    )


@pytest.mark.parametrize("name", ["README.md", "docs/releases.md", "helm/dnsfleet/README.md"])
def test_people_are_told_to_install_this_version(name: str) -> None:
    told = re.findall(r"charts/dnsfleet --version (\S+)", (source.ROOT / name).read_text())
    assert told == [source.read().version()]
