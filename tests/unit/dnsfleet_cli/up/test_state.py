"""The state folder of `dnsfleet up`: one holder, secrets made once, ports kept."""

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from dnsfleet import cookies
from dnsfleet_cli.troubles import Trouble
from dnsfleet_cli.up.state import PORT_RANGE, StateFolder


def test_a_second_holder_is_refused_with_the_first_one_named(tmp_path: Path) -> None:
    first = StateFolder(tmp_path)
    with pytest.raises(Trouble) as caught:
        StateFolder(tmp_path)
    assert str(caught.value) == (
        f"a fleet already runs from {tmp_path} (process {os.getpid()}); "
        "stop it, or choose another folder with --state-dir"
    )
    first.close()
    StateFolder(tmp_path).close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Trouble) as caught:
        StateFolder(tmp_path / "file" / "state")
    assert str(caught.value) == (
        f"state folder {tmp_path}/file/state cannot be used: Not a directory; "
        "choose another with --state-dir"
    )


def test_cookie_secrets_are_rotated_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.rotate_cookie_secrets(5)
    made = state.cookie_secrets.read_text()
    assert stat.S_IMODE(state.cookie_secrets.stat().st_mode) == 0o600
    state.rotate_cookie_secrets(6)
    assert state.cookie_secrets.read_text() == made
    state.rotate_cookie_secrets(5 + cookies.PERIOD_SECONDS)
    assert state.cookie_secrets.read_text().startswith(made)
    state.cookie_secrets.write_text("damaged")
    state.rotate_cookie_secrets(7)
    (secret,) = cookies.parse(state.cookie_secrets.read_text())
    assert secret.since == 7
    state.close()


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    key, password = state.private_key(), state.password("edge")
    assert state.password("edge") == password != state.password("ack")
    state.close()
    again = StateFolder(tmp_path)
    assert again.password("edge") == password
    assert again.private_key().private_bytes_raw() == key.private_bytes_raw()
    public = serialization.load_pem_public_key(again.public_key.read_bytes())
    assert public == key.public_key()
    for name in ("publisher.key", "passwords.json"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    again.close()


def write_other_key(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda path: path.mkdir(), "cannot be read: Is a directory"),
        (lambda path: path.write_text("nonsense"), "holds no Ed25519 private key"),
        (write_other_key, "holds no Ed25519 private key"),
    ],
)
def test_a_key_file_that_cannot_be_used_is_never_replaced(
    tmp_path: Path, spoil: Callable[[Path], None], what: str
) -> None:
    path = tmp_path / "publisher.key"
    spoil(path)
    state = StateFolder(tmp_path)
    with pytest.raises(Trouble) as caught:
        state.private_key()
    assert str(caught.value) == (
        f"key file {path} {what}; restore it from a backup, or delete it to get a new one"
    )
    state.close()


def test_a_port_is_kept_until_somebody_else_has_it(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    port = state.port("core", range(0))
    assert PORT_RANGE[0] <= port <= PORT_RANGE[1]
    assert state.port("core", range(0)) == port
    assert state.port("core", range(port, port + 1)) != port
    port = state.port("core", range(0))
    with socket.create_server(("127.0.0.1", port)):
        assert state.port("core", range(0)) != port
    assert state.port("replica", range(0)) != state.port("core", range(0))
    state.close()


def test_a_damaged_table_is_told(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text("{")
    state = StateFolder(tmp_path)
    with pytest.raises(Trouble) as caught:
        state.port("core", range(0))
    assert str(caught.value) == f"state file {tmp_path}/ports.json is damaged; delete it"
    state.close()
