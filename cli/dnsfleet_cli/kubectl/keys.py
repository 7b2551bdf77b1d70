"""`kubectl dnsfleet keys`: a copy of the fleet's keys outside of the cluster, and back.

The file is the Secret as JSON, without what only its cluster knows, so it is restored as it was.
"""

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from dnsfleet_publisher import key_secrets
from dnsfleet_publisher.key_secrets import KeySecretError

from dnsfleet_cli.kubectl import command_line
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.troubles import NEGATIVE, Trouble, reason

PRIVATE = 0o600
"""Only its owner may read a file with keys."""

ROTATION_SECONDS = 600.0
"""A node brings a changed ConfigMap to its edges within two minutes, and that happens twice."""
LOOK_SECONDS = 1.0

app = command_line.app("The keys of the fleet: the one that signs, and the passwords.")

Namespace = Annotated[
    str, typer.Option("--namespace", "-n", help="Of the release; default: where keys are found.")
]


@app.command()
def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A new file, which only you may read.")],
    namespace: Namespace = "",
) -> None:
    """Write the Secret with the keys to a file. Who has it can publish: keep it as a secret."""
    secret = find_secret(ctx.obj(), namespace)
    read_secret(secret)
    metadata = secret["metadata"]
    kept = {key: metadata[key] for key in ("name", "namespace", "labels") if key in metadata}
    whole = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": kept,
        "type": secret.get("type", "Opaque"),
        "data": secret["data"],
    }
    _write_new(file, json.dumps(whole, indent=1) + "\n")
    print(f"secret/{metadata['namespace']}/{metadata['name']} is in {file}")


@app.command()
def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `keys backup` wrote.")],
) -> None:
    """Make the Secret with the keys again from a file. It never replaces one that is there."""
    cluster: Cluster = ctx.obj()
    secret = _from_file(file)
    metadata = secret["metadata"]
    where = f"secret/{metadata['namespace']}/{metadata['name']}"
    if cluster.create_secret(secret):
        print(f"{where} is there again")
        return
    found = cluster.secret(metadata["name"], metadata["namespace"])
    if found.get("data") != secret["data"]:
        raise Trouble(
            f"{where} is there, with other keys than {file}: delete it first, while no operator "
            "runs, if it is to be replaced"
        )
    print(f"{where} is as in {file} already")


@app.command()
def rotate(
    ctx: typer.Context,
    namespace: Namespace = "",
    wait: Annotated[
        bool, typer.Option("--wait", help="Until the old key is valid no more.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait.")] = ROTATION_SECONDS,
) -> None:
    """Have the operator sign with a new key: no edge restarts, and no query or change is lost.

    Edges are told the new public key first; then everything is signed anew, and the old key ends.
    """
    cluster: Cluster = ctx.obj()
    secret = find_secret(cluster, namespace)
    metadata = secret["metadata"]
    where = f"secret/{metadata['namespace']}/{metadata['name']}"
    former = read_secret(secret)
    if former.next is None and former.previous is None:
        asked = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        cluster.annotate_secret(secret, {key_secrets.ROTATE_ANNOTATION: asked})
        print(f"{where}: a rotation of the key is asked for")
    else:
        print(f"{where}: a rotation is under way")
    if wait and not _is_rotated(cluster, metadata, timeout):
        print(
            f"not within {timeout:g} s; the condition KeysReady of the Fleet says what it waits for"
        )
        raise typer.Exit(NEGATIVE)


def _is_rotated(cluster: Cluster, metadata: dict[str, str], timeout: float) -> bool:
    """Wait for the end of a rotation, and tell each step."""
    deadline, told = time.monotonic() + timeout, ""
    while True:
        secret = cluster.secret(metadata["name"], metadata["namespace"])
        keys = read_secret(secret)
        asked = key_secrets.ROTATE_ANNOTATION in (secret["metadata"].get("annotations") or {})
        if asked:
            state = "waits for the operator"
        elif keys.next is not None:
            state = "edges are told the new key"
        elif keys.previous is not None:
            state = "everything is signed anew"
        else:
            print("the key is rotated; make a new backup")
            return True
        if state != told:
            told = state
            print(state, flush=True)
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_SECONDS)


def find_secret(cluster: Cluster, namespace: str) -> Object:
    """The one Secret with keys."""
    selector = ",".join(f"{key}={value}" for key, value in key_secrets.LABELS.items())
    found = cluster.secrets(selector, namespace)
    if not found:
        place = f"namespace {namespace}" if namespace else "any namespace"
        raise Trouble(
            f"no Secret with the labels {selector} in {place}; one of your own "
            "(keys.existingSecret) needs them too"
        )
    if len(found) > 1:
        names = ", ".join(each["metadata"]["namespace"] for each in found)
        raise Trouble(f"keys of more than one release, in {names}: choose with --namespace")
    return found[0]


def _from_file(file: Path) -> Object:
    try:
        secret = json.loads(file.read_bytes())
        metadata = secret["metadata"]
        named = (secret["kind"], *(type(metadata[key]) for key in ("name", "namespace")))
    except OSError as error:
        raise Trouble(f"{file}: {reason(error)}") from None
    except (ValueError, KeyError, TypeError):
        named = None
    if named != ("Secret", str, str):
        raise Trouble(f"{file}: not what `kubectl dnsfleet keys backup` writes")
    read_secret(secret)
    return dict(secret)


def read_secret(secret: Object) -> key_secrets.Keys:
    """The keys of a Secret; Trouble where no operator could use them."""
    try:
        return key_secrets.read(secret)
    except KeySecretError as error:
        raise Trouble(str(error)) from None


def _write_new(file: Path, text: str) -> None:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    except FileExistsError:
        raise Trouble(
            f"{file} exists, and a backup overwrites nothing: choose a new name"
        ) from None
    except OSError as error:
        raise Trouble(f"{file}: {reason(error)}") from None
    with os.fdopen(handle, "w") as written:
        os.fchmod(handle, PRIVATE)
        written.write(text)
        written.flush()
        os.fsync(handle)
