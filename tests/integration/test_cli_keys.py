"""`kubectl dnsfleet keys`, beside an API server."""

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dnsfleet_publisher import key_secrets
from support.api_servers import APIError, APIServer, api_server

SYSTEM, NAME = "dnsfleet-system", "dnsfleet-keys"
WHERE = f"secret/{SYSTEM}/{NAME}"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[APIServer]:
    namespaces = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        for name in (SYSTEM, "other")
    ]
    with api_server(tmp_path / "api", namespaces) as api:
        yield api


def keys(api: APIServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dnsfleet_cli.kubectl", "--kubeconfig", str(api.kubeconfig)]
    return subprocess.run(
        [*command, "keys", *arguments], capture_output=True, text=True, check=False
    )


def made(namespace: str = SYSTEM) -> dict[str, object]:
    return key_secrets.secret(key_secrets.make(), NAME, namespace)


def test_what_is_lost_is_restored_as_it_was(api: APIServer, tmp_path: Path) -> None:
    before = api.create(made()).object
    file = tmp_path / "keys.json"
    ended = keys(api, "backup", str(file))
    assert (ended.stdout, ended.stderr) == (f"{WHERE} is in {file}\n", "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    ended = keys(api, "backup", str(file))
    assert (ended.returncode, file.read_text()) == (2, text)
    assert "a backup overwrites nothing" in ended.stderr
    ended = keys(api, "restore", str(file))
    assert ended.stdout == f"{WHERE} is as in {file} already\n"

    api.delete("Secret", NAME, SYSTEM)
    ended = keys(api, "restore", str(file))
    assert (ended.stdout, ended.stderr) == (f"{WHERE} is there again\n", "")
    again = api.get("Secret", NAME, SYSTEM)
    for part in ("data", "type"):
        assert again[part] == before[part]
    assert again["metadata"]["labels"] == before["metadata"]["labels"]


def test_other_keys_are_never_replaced(api: APIServer, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(made()))
    before = api.create(made()).object
    ended = keys(api, "restore", str(file))
    assert ended.returncode == 2
    assert f"{WHERE} is there, with other keys than {file}: delete it first" in ended.stderr
    assert api.get("Secret", NAME, SYSTEM)["data"] == before["data"]


@pytest.mark.parametrize("text", [None, "", "{}", '{"kind": "Pod", "metadata": {}}', "[]"])
def test_what_is_no_backup_makes_no_secret(
    api: APIServer, tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "keys.json"
    if text is not None:
        file.write_text(text)
    ended = keys(api, "restore", str(file))
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert str(file) in ended.stderr
    damaged = made()
    damaged["data"] = {}
    file.write_text(json.dumps(damaged))
    ended = keys(api, "restore", str(file))
    assert (ended.returncode, "lacks publisher.key" in ended.stderr) == (2, True)
    with pytest.raises(APIError):
        api.get("Secret", NAME, SYSTEM)


def test_which_secret_is_meant(api: APIServer, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    ended = keys(api, "backup", str(file))
    assert (ended.returncode, "no Secret with the labels" in ended.stderr) == (2, True)
    for namespace in (SYSTEM, "other"):
        api.create(made(namespace))
    ended = keys(api, "backup", str(file))
    assert ended.returncode == 2
    assert f"keys of more than one release, in {SYSTEM}, other" in ended.stderr
    assert not file.exists()
    ended = keys(api, "backup", "--namespace", "other", str(file))
    assert ended.returncode == 0, ended.stderr
    assert json.loads(file.read_text())["metadata"]["namespace"] == "other"


def annotations(api: APIServer) -> dict[str, str]:
    return dict(api.get("Secret", NAME, SYSTEM)["metadata"].get("annotations") or {})


def test_a_rotation_is_asked_for_once_and_followed(api: APIServer) -> None:
    secret = made()
    api.create(secret)
    ended = keys(api, "rotate", "--wait", "--timeout", "0")
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[:2] == [
        f"{WHERE}: a rotation of the key is asked for",
        "waits for the operator",
    ]
    assert "the condition KeysReady of the Fleet says" in ended.stdout
    assert list(annotations(api)) == [key_secrets.ROTATE_ANNOTATION]

    begun = key_secrets.begin(key_secrets.read(secret))
    api.patch("Secret", NAME, SYSTEM, {"metadata": {"annotations": None}, "data": data_of(begun)})
    ended = keys(api, "rotate", "--wait", "--timeout", "0")
    assert ended.stdout.splitlines()[:2] == [
        f"{WHERE}: a rotation is under way",
        "edges are told the new key",
    ]
    assert annotations(api) == {}

    switched = key_secrets.switch(begun)
    patch = data_of(switched) | {key_secrets.NEXT_KEY: None}
    api.patch("Secret", NAME, SYSTEM, {"data": patch})
    ended = keys(api, "rotate", "--wait", "--timeout", "0")
    assert ended.stdout.splitlines()[1] == "everything is signed anew"


def data_of(given: key_secrets.Keys) -> dict[str, str | None]:
    return dict(key_secrets.data(given))
