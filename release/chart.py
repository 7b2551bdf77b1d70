"""The chart as it is published: it names its images by digest, and tells Artifact Hub of itself.

The chart of the repository names images that a person built on the same machine. The one that is
published differs from it in three files: values.yaml has the registry and the digests, Chart.yaml
has annotations, and links of README.md lead to the same version of the repository.
"""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from dnsfleet.crds import definitions

from release import archives, changelog
from release.images import Image
from release.source import CHART, HOME, REGISTRY, ReleaseError, Source

Digests = Mapping[Image, str]
"""Images with the digests of their manifests, `sha256:…`."""


def package(source: Source, digests: Digests) -> bytes:
    """The packaged chart, which `helm install` takes."""
    name = yaml.safe_load((source.chart / "Chart.yaml").read_text())["name"]
    changed = {
        "Chart.yaml": _metadata(source, digests),
        "values.yaml": with_digests((source.chart / "values.yaml").read_text(), digests),
        "README.md": with_absolute_links(
            (source.chart / "README.md").read_text(), source.version()
        ),
    }
    # Helm wants Chart.yaml first, when it reads from a stream.
    names = sorted(_files(source), key=lambda path: (path != "Chart.yaml", path))
    contents = {
        path: changed[path].encode() if path in changed else (source.chart / path).read_bytes()
        for path in names
    }
    entries = [(f"{name}/{path}", content) for path, content in contents.items()]
    return archives.tar_gz(entries, source.epoch)


def with_digests(values: str, digests: Digests) -> str:
    """values.yaml with the published registry, and a digest for each image; comments stay."""
    wanted = yaml.safe_load(values)
    text = _replace_one(values, r'^imageRegistry: ""$', f"imageRegistry: {REGISTRY}")
    wanted["imageRegistry"] = REGISTRY
    for image, digest in digests.items():
        line = rf'^(  {image.role}: \{{repository: {image.repository}, .*digest: )""\}}$'
        text = _replace_one(text, line, rf'\g<1>"{digest}"}}')
        wanted["image"][image.role]["digest"] = digest
    if yaml.safe_load(text) != wanted:
        raise ReleaseError(f"{CHART}/values.yaml: a digest went to another place than its image")
    return text


def with_absolute_links(readme: str, version: str) -> str:
    """README.md of the chart with links that also work outside of the repository."""

    def absolute(link: re.Match[str]) -> str:
        path, mark, place = link[1].partition("#")
        inside = (Path("/") / CHART / path).as_posix()
        while (shorter := re.sub(r"/[^/.]+/\.\./", "/", inside)) != inside:
            inside = shorter
        return f"]({HOME}/blob/v{version}{inside}{mark}{place})"

    return re.sub(r"\]\((?!\w+:|#)([^)]+)\)", absolute, readme)


def annotations(source: Source, digests: Digests) -> dict[str, str]:
    """What Artifact Hub shows of the chart (https://artifacthub.io/docs/topics/annotations/helm)."""
    version = source.version()
    kinds = [yaml.safe_load(text) for text in definitions.render().values()]
    parts: dict[str, Any] = {
        "changes": [
            {"kind": change.kind, "description": change.text}
            for change in changelog.changes(source.folder / changelog.FILE, version)
        ],
        "crds": [crd for kind in kinds for crd in _crds(kind)],
        "images": [
            {"name": image.repository, "image": f"{REGISTRY}/{image.repository}@{digest}"}
            for image, digest in digests.items()
        ],
        "links": [
            {"name": "source", "url": HOME},
            {"name": "documentation", "url": f"{HOME}/tree/v{version}/docs"},
            {"name": "support", "url": f"{HOME}/issues"},
        ],
    }
    early = "-" in version or any(re.search("alpha|beta", crd["version"]) for crd in parts["crds"])
    texts = {
        "category": "networking",
        "license": "Apache-2.0",
        "operator": "true",
        "prerelease": str(early).lower(),
        **{key: yaml.safe_dump(part, sort_keys=False, width=200) for key, part in parts.items()},
    }
    return {f"artifacthub.io/{key}": texts[key] for key in sorted(texts)}


def _crds(definition: dict[str, Any]) -> list[dict[str, str]]:
    kind = definition["spec"]["names"]["kind"]
    return [
        {
            "kind": kind,
            "version": version["name"],
            "name": definition["metadata"]["name"],
            "displayName": kind,
            "description": version["schema"]["openAPIV3Schema"]["description"],
        }
        for version in definition["spec"]["versions"]
    ]


def _metadata(source: Source, digests: Digests) -> str:
    metadata = yaml.safe_load((source.chart / "Chart.yaml").read_text())
    metadata["annotations"] = {**metadata["annotations"], **annotations(source, digests)}
    return str(yaml.safe_dump(metadata, sort_keys=False, width=200))


def _files(source: Source) -> list[str]:
    """Files of the chart, by paths in it: what git knows, or would take."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=source.chart, check=True, stdout=subprocess.PIPE, text=True)
    listed = {path for path in done.stdout.split("\0") if path}
    return [path for path in listed if (source.chart / path).is_file()]


def _replace_one(text: str, pattern: str, replacement: str) -> str:
    changed, times = re.subn(pattern, replacement, text, flags=re.MULTILINE)
    if times != 1:
        raise ReleaseError(
            f"{CHART}/values.yaml: {times} lines are like {pattern}, one was expected"
        )
    return changed
