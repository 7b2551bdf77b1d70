"""What is published and signed, in which order, and what is not: programs of a stand-in tell."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from release import archives, artefacts, changelog, publishing, source
from release.images import EDGE, IMAGES, OPERATOR

PUSHED = f"sha256:{'c' * 64}"
DIGESTS = {OPERATOR: f"sha256:{'a' * 64}", EDGE: f"sha256:{'b' * 64}"}
_PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
case "$*" in
  *--notes-file*) echo "  notes: $(cat)" >> "$NOTES" ;;
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
        with (made / artefacts.archive_name(image, version)).open("wb") as opened:
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
    (made / artefacts.PROVENANCE).write_text(json.dumps(statement))
    (made / artefacts.SUMS).unlink(missing_ok=True)
    sums = artefacts.checksums(made)
    (made / artefacts.SUMS).write_text("".join(f"{sums[name]}  {name}\n" for name in sorted(sums)))


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
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
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


def test_people_are_told_what_the_changelog_says(
    checkout: source.Source, folder: Path, calls: Path
) -> None:
    publishing.publish(checkout, folder)
    notes = calls.with_name("notes").read_text()
    version = checkout.version()
    found = changelog.changes(source.ROOT / changelog.FILE, version)
    assert all(change.text in " ".join(notes.split()) for change in found)
    assert notes.startswith("  notes: ### ")
    assert ("--prerelease" in calls.read_text()) == ("-" in version)


def test_a_version_with_a_hyphen_is_a_prerelease(
    checkout: source.Source, folder: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = f"{checkout.version()}-rc.1"
    for path in list(folder.iterdir()):
        path.rename(folder / path.name.replace(checkout.version(), version))
    write_sums(folder, {"gitCommit": checkout.commit})
    monkeypatch.setattr(source.Source, "version", lambda _: version)
    monkeypatch.setattr(changelog, "notes", lambda _path, told: f"of {told}")
    publishing.publish(checkout, folder)
    (created,) = [line for line in calls.read_text().splitlines() if line.startswith("gh ")]
    assert created.startswith(f"gh release create v{version} --verify-tag --prerelease ")


def test_what_publishes_imports_what_its_group_has_and_no_more() -> None:
    asked = (
        "import sys, release.publishing, runpy; sys.argv = ['release', '--help']\n"
        "try: runpy.run_module('release')\n"
        "except SystemExit: pass\n"
        "files = (getattr(each, '__file__', None) or '' for each in sys.modules.values())\n"
        "parts = (each.partition('/site-packages/')[2] for each in files)\n"
        "print(sorted({each.split('/')[0] for each in parts if each}), file=sys.stderr)"
    )
    command = [sys.executable, "-c", asked]
    done = subprocess.run(command, cwd=source.ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == "['yaml']\n"


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
