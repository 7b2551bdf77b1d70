"""What is published and signed, in which order, and what is not: programs of a stand-in tell."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from release import archives, making, publishing, source
from release.images import EDGE, IMAGES, OPERATOR

PUSHED = f"sha256:{'c' * 64}"
DIGESTS = {OPERATOR: f"sha256:{'a' * 64}", EDGE: f"sha256:{'b' * 64}"}
_PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
case "$*" in
  *login*) echo "  password: $(cat)" >> "$CALLS" ;;
  *--predicate*) echo "  predicate: $(cut -c 1-38 "$6")" >> "$CALLS" ;;
esac
[ "$(basename "$0") $1" != "$FAILS" ] || exit 3
[ "$(basename "$0")" != helm ] || echo "Digest: $PUSHED"
"""


@pytest.fixture
def checkout(monkeypatch: pytest.MonkeyPatch) -> source.Source:
    """A commit with nothing beside it, and with the tag of its version."""
    found = replace(source.read(), modified=())
    monkeypatch.setattr(source.Source, "tags", lambda it: [f"v{it.version()}"])
    return found


@pytest.fixture
def folder(checkout: source.Source, tmp_path: Path) -> Path:
    """What `make dist` makes, in small."""
    made, version = tmp_path / "dist", checkout.version()
    made.mkdir()
    for image in IMAGES:
        index = json.dumps({"manifests": [{"digest": DIGESTS[image]}]}).encode()
        with (made / making.archive_name(image, version)).open("wb") as opened:
            archives.write_tar(opened, [("index.json", index)], 0)
        (made / f"{image.repository}-{version}.spdx.json").write_text('{"bill": 1}')
    for name in (
        f"dnsfleet-{version}.whl",
        f"dnsfleet-{version}.tar.gz",
        f"dnsfleet-{version}.tgz",
    ):
        (made / name).write_text(name)
    write_sums(made, {"gitCommit": checkout.commit})
    return made


def write_sums(made: Path, commit: dict[str, str]) -> None:
    definition = {"resolvedDependencies": [{"digest": commit}]}
    statement = {"predicate": {"buildDefinition": definition}}
    (made / making.PROVENANCE).write_text(json.dumps(statement))
    (made / making.SUMS).unlink(missing_ok=True)
    sums = making.checksums(made)
    (made / making.SUMS).write_text("".join(f"{sums[name]}  {name}\n" for name in sorted(sums)))


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file to which stand-ins of all programs write how they were called."""
    programs, told = tmp_path / "programs", tmp_path / "calls"
    programs.mkdir()
    told.touch()
    for name in ("skopeo", "cosign", "helm", "gh", "uv"):
        path = programs / name
        path.write_text(_PROGRAM)
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(told))
    monkeypatch.setenv("PUSHED", PUSHED)
    monkeypatch.setenv("FAILS", "")
    monkeypatch.setenv("REGISTRY_USER", "octo")
    monkeypatch.setenv("REGISTRY_TOKEN", "hidden")
    monkeypatch.setattr(publishing, "UV", programs / "uv")
    return told


def test_all_is_signed_by_digest_before_people_are_told(
    checkout: source.Source, folder: Path, calls: Path
) -> None:
    publishing.publish(checkout, folder)
    version, name = checkout.version(), "ghcr.io/dnsfleet"
    lines = [line.replace(f"{folder}/", "") for line in calls.read_text().splitlines()]
    logins = ["--username octo --password-stdin", "  password: hidden"]
    assert lines[:6] == [
        *(f"skopeo login ghcr.io {logins[0]}", logins[1]),
        *(f"helm registry login ghcr.io {logins[0]}", logins[1]),
        *(f"cosign login ghcr.io {logins[0]}", logins[1]),
    ]
    expected = []
    for image in IMAGES:
        repository = f"{name}/{image.repository}"
        archive = f"{image.repository}-{version}.oci.tar"
        expected += [
            f"skopeo copy --preserve-digests oci-archive:{archive} docker://{repository}:{version}",
            f"cosign sign --yes {repository}@{DIGESTS[image]}",
            f"cosign attest --yes --type spdxjson … {repository}@{DIGESTS[image]}",
            '  predicate: {"bill": 1}',
            f"cosign attest --yes --type slsaprovenance1 … {repository}@{DIGESTS[image]}",
            '  predicate: {"buildDefinition": {"resolvedDependen',
        ]
    expected += [
        f"helm push dnsfleet-{version}.tgz oci://{name}/charts",
        f"cosign sign --yes {name}/charts/dnsfleet@{PUSHED}",
        "cosign sign-blob --yes --bundle SHA256SUMS.sigstore.json SHA256SUMS",
        f"uv publish --trusted-publishing always dnsfleet-{version}.tar.gz dnsfleet-{version}.whl",
    ]
    shown = [_without_temporary(line) for line in lines[6:]]
    assert shown[:-1] == [_without_temporary(line) for line in expected]
    assert shown[-1].startswith(f"gh release create v{version} --verify-tag")
    assert all(path.name in shown[-1] for path in folder.iterdir())


def _without_temporary(line: str) -> str:
    """The line without the name of a temporary file."""
    return re.sub(r"--predicate \S+", "…", line)


def test_a_program_that_fails_ends_it(
    checkout: source.Source, folder: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILS", "cosign sign")
    with pytest.raises(source.ReleaseError, match="cosign ended with 3"):
        publishing.publish(checkout, folder)
    assert "helm push" not in calls.read_text()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("tag", "has no tag v"),
        ("modified", "not as in the commit: README.md"),
        ("file", r"not what SHA256SUMS tells: dnsfleet-.*\.tgz"),
        ("another file", "not what SHA256SUMS tells: more"),
        ("commit", "was not made of commit"),
    ],
)
def test_nothing_is_published_that_is_not_of_the_tagged_commit(
    checkout: source.Source,
    folder: Path,
    calls: Path,
    monkeypatch: pytest.MonkeyPatch,
    damage: str,
    message: str,
) -> None:
    match damage:
        case "tag":
            monkeypatch.setattr(source.Source, "tags", lambda _: ["v99.0.0"])
        case "modified":
            checkout = replace(checkout, modified=("README.md",))
        case "file":
            next(folder.glob("*.tgz")).write_text("another chart")
        case "another file":
            (folder / "more").touch()
        case "commit":
            write_sums(folder, {"gitCommit": "0" * 40})
    with pytest.raises(source.ReleaseError, match=message):
        publishing.publish(checkout, folder)
    assert calls.read_text() == ""


def test_the_command_tells_an_error_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "release", "make", "--modified", "--base", "python:3.11"],
        cwd=source.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "error: base image python:3.11: say which one, NAME@sha256:…; a tag may move\n"
    )
