"""How the artefacts were made: an in-toto statement with the SLSA provenance, version 1.

https://slsa.dev/spec/v1.0/provenance says what the fields mean. It has no time of the build and no
number of a run, so that the statement too is the same for all who build the same.
"""

import hashlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from release.source import ENGINE, HOME, Source

HERE = f"{HOME}/blob/main/Makefile"
"""Who builds, where nobody says: somebody on a machine of theirs."""
_BUILD_TYPE = f"{HOME}/blob/main/docs/releases.md"
_LOCKS = ("uv.lock", f"{ENGINE}/Cargo.lock")
_TOOLS = {
    "buildah": ("buildah", "--version"),
    "cargo": ("cargo", "--version"),
    "python": ("python3", "--version"),
    "rustc": ("rustc", "--version"),
}


def statement(
    source: Source, digests: Mapping[str, str], base: str, base_digest: str, builder: str
) -> str:
    """The statement about files, given with their SHA-256, as JSON."""
    document = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": name, "digest": {"sha256": digests[name]}} for name in sorted(digests)
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": _BUILD_TYPE,
                "externalParameters": {
                    "source": f"git+{HOME}",
                    "baseImage": base,
                    "sourceDateEpoch": source.epoch,
                },
                "internalParameters": {"tools": tools()},
                "resolvedDependencies": [
                    _commit(source),
                    {"uri": f"oci://{base}", "digest": {"sha256": base_digest}},
                    *(_lock(source.folder, name) for name in _LOCKS),
                ],
            },
            "runDetails": {"builder": {"id": builder}},
        },
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def tools() -> dict[str, str]:
    """The versions of the programs that no lock file names; with others the octets may differ."""
    return {
        name: subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        for name, command in _TOOLS.items()
    }


def _commit(source: Source) -> dict[str, Any]:
    told: dict[str, Any] = {"uri": f"git+{HOME}", "digest": {"gitCommit": source.commit}}
    if source.modified:
        told["annotations"] = {"modified": list(source.modified)}
    return told


def _lock(folder: Path, name: str) -> dict[str, Any]:
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    return {"uri": f"git+{HOME}#{name}", "digest": {"sha256": digest}}
