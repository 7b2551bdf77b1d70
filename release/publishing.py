"""`make publish`: what brings the artefacts of a folder to where people get them, and signs them.

Signatures are keyless: cosign gets a certificate of some minutes for the identity of the workflow,
and the log of Sigstore tells who signed what. Images and chart are signed by digest, the files by
their checksums. Nothing here builds: what is published is what `make dist` made.
"""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from release import changelog
from release.artefacts import PROVENANCE, SUMS, archive_name, checksums
from release.images import IMAGES
from release.layouts import archive_digest
from release.source import REGISTRY, UV, ReleaseError, Source

CHARTS = f"{REGISTRY}/charts"
BUNDLE = f"{SUMS}.sigstore.json"


def publish(source: Source, folder: Path) -> None:
    """Publish all of a folder; ReleaseError, before anything is published, where it must not be.

    Images come first, then what names them; the page of the release, which tells people, last.
    """
    version = source.version()
    _check(source, folder, f"v{version}")
    notes = changelog.notes(source.folder / changelog.FILE, version)
    _log_in(os.environ.get("REGISTRY_USER", ""), os.environ.get("REGISTRY_TOKEN", ""))
    for image in IMAGES:
        name, archive = f"{REGISTRY}/{image.repository}", folder / archive_name(image, version)
        target = f"docker://{name}:{version}"
        _run("skopeo", "copy", "--preserve-digests", f"oci-archive:{archive}", target)
        signed = f"{name}@{archive_digest(archive)}"
        _run("cosign", "sign", "--yes", signed)
        _attest(
            signed, "spdxjson", (folder / f"{image.repository}-{version}.spdx.json").read_text()
        )
        statement = json.loads((folder / PROVENANCE).read_text())
        _attest(signed, "slsaprovenance1", json.dumps(statement["predicate"]))
    pushed = _run("helm", "push", str(folder / f"dnsfleet-{version}.tgz"), f"oci://{CHARTS}")
    if not (digest := re.search(r"sha256:[0-9a-f]{64}", pushed)):
        raise ReleaseError(f"helm push printed no digest, so the chart is not signed: {pushed}")
    _run("cosign", "sign", "--yes", f"{CHARTS}/dnsfleet@{digest[0]}")
    sums = str(folder / SUMS)
    _run("cosign", "sign-blob", "--yes", "--bundle", str(folder / BUNDLE), sums)
    python = [*folder.glob("*.whl"), *folder.glob("*.tar.gz")]
    _run(str(UV), "publish", "--trusted-publishing", "always", *map(str, sorted(python)))
    files = sorted(str(path) for path in folder.iterdir() if path.is_file())
    kind = ["--prerelease"] if "-" in version else []  # SemVer 9
    told = ["--verify-tag", *kind, "--notes-file", "-"]
    _run("gh", "release", "create", f"v{version}", *told, *files, stdin=notes)


def _check(source: Source, folder: Path, tag: str) -> None:
    """The tag is on this commit, and the folder holds what was made of it, unchanged."""
    if source.modified:
        raise ReleaseError(f"files are not as in the commit: {', '.join(source.modified)}")
    if tag not in source.tags():
        raise ReleaseError(f"commit {source.commit} has no tag {tag}")
    lines = [line.split("  ", 1) for line in (folder / SUMS).read_text().splitlines()]
    made = {name: digest for digest, name in lines}
    found = {name: digest for name, digest in checksums(folder).items() if name != SUMS}
    if made != found:
        differing = sorted(name for name, _ in made.items() ^ found.items())
        raise ReleaseError(f"{folder}: not what {SUMS} tells: {', '.join(sorted(set(differing)))}")
    statement = json.loads((folder / PROVENANCE).read_text())
    (commit, *_) = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    if commit["digest"]["gitCommit"] != source.commit or "annotations" in commit:
        raise ReleaseError(f"{folder}: was not made of commit {source.commit} alone")


def _log_in(user: str, token: str) -> None:
    """Let each program know the registry; the token is in no command line."""
    if not (user and token):
        raise ReleaseError("give REGISTRY_USER and REGISTRY_TOKEN, who may push")
    for program in (["skopeo"], ["helm", "registry"], ["cosign"]):
        host = REGISTRY.partition("/")[0]
        _run(*program, "login", host, "--username", user, "--password-stdin", stdin=token)


def _attest(image: str, kind: str, predicate: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(predicate)
        file.flush()
        _run("cosign", "attest", "--yes", "--type", kind, "--predicate", file.name, image)


def _run(*command: str, stdin: str = "") -> str:
    """What a program prints, to either of its outputs; it ends the release where it fails."""
    print("+", *command, flush=True)
    done = subprocess.run(
        command,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(done.stdout, end="", flush=True)
    if done.returncode:
        raise ReleaseError(f"{command[0]} ended with {done.returncode}; see above")
    return done.stdout
