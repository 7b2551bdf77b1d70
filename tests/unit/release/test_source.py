"""What a checkout tells, and the provenance of what is made of it."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from release import making, provenance, source

EPOCH = 1_700_000_000
FILES = {
    "pyproject.toml": '[project]\nversion = "1.2.3"\n',
    "edge/engine/pyproject.toml": '[project]\nversion = "1.2.3"\n',
    "edge/engine/Cargo.toml": '[package]\nversion = "1.2.3"\n',
    "edge/engine/Cargo.lock": "",
    "helm/dnsfleet/Chart.yaml": "version: 1.2.3\nappVersion: 1.2.3\n",
    "uv.lock": "",
}


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments],
        check=True,
        capture_output=True,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_COMMITTER_DATE": f"{EPOCH} +0200"},
    )


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of one commit, of that moment."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "all")
    git(tmp_path, "tag", "v1.2.3")
    return tmp_path


def test_a_commit_gives_the_moment_the_version_and_the_tags(checkout: Path) -> None:
    found = source.read(checkout)
    assert (found.epoch, found.created) == (EPOCH, "2023-11-14T22:13:20Z")
    assert (found.modified, found.revision) == ((), found.commit)
    assert found.version() == "1.2.3"
    assert found.tags() == ["v1.2.3"]
    assert found.environment["SOURCE_DATE_EPOCH"] == str(EPOCH)


def test_the_environment_may_give_another_moment(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert source.read(checkout).created == "1970-01-02T00:00:00Z"


def test_what_is_not_in_the_commit_is_told_and_refused(checkout: Path, tmp_path: Path) -> None:
    (checkout / "uv.lock").write_text("other")
    (checkout / "helm" / "new").touch()
    found = source.read(checkout)
    assert found.modified == ("uv.lock", "helm/new")
    assert found.revision == f"{found.commit}-dirty"
    target = tmp_path / "made"
    with pytest.raises(source.ReleaseError, match=r"commit or remove these first.*\n  uv\.lock"):
        making.make(found, target, making.Wishes("localhost/base:1"))
    assert not target.exists()


@pytest.mark.parametrize("name", ["pyproject.toml", "edge/engine/Cargo.toml"])
def test_versions_that_differ_are_refused(checkout: Path, name: str) -> None:
    (checkout / name).write_text(FILES[name].replace("1.2.3", "1.2.4"))
    with pytest.raises(source.ReleaseError, match=rf'"{name}": "1\.2\.4"'):
        source.read(checkout).version()


def test_a_version_that_is_not_semver_is_refused(checkout: Path) -> None:
    for name, text in FILES.items():
        (checkout / name).write_text(text.replace("1.2.3", "1.2.3.4"))
    with pytest.raises(source.ReleaseError, match=r"'1\.2\.3\.4' is no SemVer version"):
        source.read(checkout).version()


def test_a_folder_without_a_commit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(source.ReleaseError, match="a release is made of a commit: git in"):
        source.read(tmp_path)


def test_the_provenance_names_all_that_went_in(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "tools", lambda: {"rustc": "rustc 1"})
    found, base = source.read(checkout), f"docker.io/library/python@sha256:{'a' * 64}"
    sums = {"b.whl": "2" * 64, "a.tgz": "1" * 64}
    text = provenance.statement(found, sums, base, "a" * 64, "https://builder.example/1")
    told = json.loads(text)
    assert told["_type"] == "https://in-toto.io/Statement/v1"
    assert told["predicateType"] == "https://slsa.dev/provenance/v1"
    assert told["subject"] == [
        {"name": "a.tgz", "digest": {"sha256": "1" * 64}},
        {"name": "b.whl", "digest": {"sha256": "2" * 64}},
    ]
    definition = told["predicate"]["buildDefinition"]
    assert definition["externalParameters"]["sourceDateEpoch"] == EPOCH
    commit, image, *locks = definition["resolvedDependencies"]
    assert commit == {"uri": f"git+{source.HOME}", "digest": {"gitCommit": found.commit}}
    assert image == {"uri": f"oci://{base}", "digest": {"sha256": "a" * 64}}
    assert [lock["uri"].rpartition("#")[2] for lock in locks] == [
        "uv.lock",
        "edge/engine/Cargo.lock",
    ]
    assert told["predicate"]["runDetails"]["builder"]["id"] == "https://builder.example/1"
    modified = replace(found, modified=("uv.lock",))
    again = json.loads(provenance.statement(modified, sums, base, "a" * 64, "x:y"))
    (commit, *_) = again["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert commit["annotations"] == {"modified": ["uv.lock"]}
