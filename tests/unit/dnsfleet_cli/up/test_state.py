"""The state folder of `dnsfleet up`: one holder, secrets made once, ports kept."""

import json
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
from dnsfleet_cli.up import events
from dnsfleet_cli.up.state import PORT_RANGE, StateFolder
from support.crashing_disks import CrashingDisk, put


def state_folder(root: Path) -> StateFolder:
    """One about which nothing is to be told."""
    return StateFolder(root, lambda event: pytest.fail(str(event)))


def damaged(path: Path, done: str) -> events.Event:
    return events.Warned(str(path), f"damaged: {done}", "StateDamaged")


def test_a_second_holder_is_refused_with_the_first_one_named(tmp_path: Path) -> None:
    first = state_folder(tmp_path)
    with pytest.raises(Trouble) as caught:
        state_folder(tmp_path)
    assert str(caught.value) == (
        f"a fleet already runs from {tmp_path} (process {os.getpid()}); "
        "stop it, or choose another folder with --state-dir"
    )
    first.close()
    state_folder(tmp_path).close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Trouble) as caught:
        state_folder(tmp_path / "file" / "state")
    assert str(caught.value) == (
        f"state folder {tmp_path}/file/state cannot be used: Not a directory; "
        "choose another with --state-dir"
    )


def test_cookie_secrets_are_rotated_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    state = state_folder(tmp_path)
    state.rotate_cookie_secrets(5)
    made = state.cookie_secrets.read_text()
    assert stat.S_IMODE(state.cookie_secrets.stat().st_mode) == 0o600
    state.rotate_cookie_secrets(6)
    assert state.cookie_secrets.read_text() == made
    state.rotate_cookie_secrets(5 + cookies.PERIOD_SECONDS)
    assert state.cookie_secrets.read_text().startswith(made)
    state.close()


@pytest.mark.parametrize("damage", [b"", b"damaged", b"\xff", None])
def test_damaged_cookie_secrets_are_written_again_or_made_anew(
    tmp_path: Path, damage: bytes | None
) -> None:
    told: list[events.Event] = []
    state = StateFolder(tmp_path, told.append)
    state.rotate_cookie_secrets(5)
    made = state.cookie_secrets.read_bytes()
    spoil(state.cookie_secrets, damage)
    state.rotate_cookie_secrets(7)
    assert state.cookie_secrets.read_bytes() == made
    spoil(state.cookie_secrets, damage)
    state.close()
    again = StateFolder(tmp_path, told.append)
    again.rotate_cookie_secrets(7)
    (secret,) = cookies.parse(again.cookie_secrets.read_text())
    assert secret.since == 7
    if damage is not None:
        path = state.cookie_secrets
        assert told == [damaged(path, "written again"), damaged(path, "new secrets were made")]
    again.close()


def spoil(path: Path, damage: bytes | None) -> None:
    """Write it, or with None take the file away."""
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)


def test_cookie_secrets_that_cannot_be_written_are_told_once(tmp_path: Path) -> None:
    told: list[events.Event] = []
    state = StateFolder(tmp_path, told.append)
    state.cookie_secrets.mkdir()
    for now in (5, 6, 7):
        state.rotate_cookie_secrets(now)
    problem = f"state file {state.cookie_secrets} cannot be written: Is a directory"
    assert told == [events.Warned(str(state.cookie_secrets), problem, "StateDamaged")]
    state.close()


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    state = state_folder(tmp_path)
    assert state.private_key() is None
    key, password = state.make_private_key(False, ""), state.password("edge")
    assert state.password("edge") == password != state.password("ack")
    state.close()
    again = state_folder(tmp_path)
    assert again.password("edge") == password
    kept = again.private_key()
    assert kept is not None
    assert kept.private_bytes_raw() == key.private_bytes_raw()
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


KEY_DAMAGES: list[Callable[[Path], object]] = [
    lambda path: path.write_bytes(b""),
    lambda path: path.write_text("nonsense"),
    lambda path: path.write_bytes(path.read_bytes()[:60]),
    write_other_key,
]


@pytest.mark.parametrize("spoil", KEY_DAMAGES)
def test_a_damaged_key_is_replaced_only_where_nothing_was_signed_with_it(
    tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    path = tmp_path / "publisher.key"
    told: list[events.Event] = []
    state = StateFolder(tmp_path, told.append)
    before = state.make_private_key(False, "")
    spoil(path)
    content = path.read_bytes()
    assert state.private_key() is None
    with pytest.raises(Trouble) as caught:
        state.make_private_key(True, "empty it")
    assert str(caught.value) == (
        f"key file {path} holds no Ed25519 private key, and the core has zones that were signed "
        "with it: restore it from a backup; if there is none, empty it, and all zones are "
        "published again, signed with a new key"
    )
    assert (path.read_bytes(), told) == (content, [])
    key = state.make_private_key(False, "")
    assert key.private_bytes_raw() != before.private_bytes_raw()
    assert (tmp_path / "publisher.key.damaged").read_bytes() == content
    done = "it is now publisher.key.damaged; a new key was made, because nothing was published"
    assert told == [damaged(path, done)]
    public = serialization.load_pem_public_key(state.public_key.read_bytes())
    assert public == key.public_key()
    state.close()


def test_a_key_that_is_gone_is_not_replaced_where_something_was_signed_with_it(
    tmp_path: Path,
) -> None:
    state = state_folder(tmp_path)
    with pytest.raises(Trouble, match=r"publisher\.key is missing, and the core has zones"):
        state.make_private_key(True, "empty it")
    assert not (tmp_path / "publisher.key").exists()
    state.close()


def test_a_key_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "publisher.key").mkdir()
    state = state_folder(tmp_path)
    with pytest.raises(Trouble) as caught:
        state.private_key()
    assert str(caught.value) == (
        f"key file {tmp_path}/publisher.key cannot be read: Is a directory; "
        "restore it from a backup"
    )
    state.close()


def test_a_public_key_that_is_damaged_is_written_again(tmp_path: Path) -> None:
    state = state_folder(tmp_path)
    state.make_private_key(False, "")
    good = state.public_key.read_bytes()
    state.public_key.write_bytes(b"")
    state.private_key()
    assert state.public_key.read_bytes() == good
    state.close()


def test_a_port_is_kept_until_somebody_else_has_it(tmp_path: Path) -> None:
    state = state_folder(tmp_path)
    port = state.port("core", range(0))
    assert PORT_RANGE[0] <= port <= PORT_RANGE[1]
    assert state.port("core", range(0)) == port
    assert state.port("core", range(port, port + 1)) != port
    port = state.port("core", range(0))
    with socket.create_server(("127.0.0.1", port)):
        assert state.port("core", range(0)) != port
    assert state.port("replica", range(0)) != state.port("core", range(0))
    state.close()


@pytest.mark.parametrize("damage", ["", "{", "[]", "\0" * 40, '{"core": "x"}', '{"core": null}'])
def test_damaged_ports_are_told_and_chosen_again(tmp_path: Path, damage: str) -> None:
    path, told = tmp_path / "ports.json", list[events.Event]()
    path.write_text(damage)
    state = StateFolder(tmp_path, told.append)
    port = state.port("core", range(0))
    assert told == [damaged(path, "every server gets a new port")]
    assert json.loads(path.read_text()) == {"core": port}
    state.close()


def test_a_port_that_no_server_can_have_is_chosen_again(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text('{"core": 70000}')
    state = state_folder(tmp_path)
    assert state.port("core", range(0)) < 65536
    state.close()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"edge": 1}', "[" * 100_000])
def test_damaged_passwords_are_told_and_made_again(tmp_path: Path, damage: str) -> None:
    path, told = tmp_path / "passwords.json", list[events.Event]()
    path.touch(0o600)
    path.write_text(damage)
    state = StateFolder(tmp_path, told.append)
    password = state.password("edge")
    assert told[0] == damaged(path, "every server gets a new password")
    path.write_text(damage)  # while servers run with these passwords
    assert state.password("edge") == password
    ack = state.password("ack")
    assert json.loads(path.read_text()) == {"edge": password, "ack": ack}
    state.close()


def test_what_others_could_read_is_made_private_and_told_of_secrets(tmp_path: Path) -> None:
    root, told = tmp_path / "state", list[events.Event]()
    (root / "pops/fra/edge").mkdir(parents=True)
    (root / "core").mkdir()
    ours = ["publisher.key", "ports.json", "core/redis.conf", "pops/fra/edge.json"]
    for name in (*ours, "notes.txt"):
        (root / name).write_text("{}")
    for path in [root, *root.rglob("*")]:
        path.chmod(0o755)
    (root / "publisher.pub").symlink_to(root / "notes.txt")
    state = StateFolder(root, told.append)
    for folder in ("", "pops", "pops/fra", "pops/fra/edge", "core"):
        assert stat.S_IMODE((root / folder).stat().st_mode) == 0o700
    for name in ours:
        assert stat.S_IMODE((root / name).stat().st_mode) & 0o077 == 0
    assert stat.S_IMODE((root / "notes.txt").stat().st_mode) == 0o755
    message = "others could read it; now only its owner may"
    key = str(root / "publisher.key")
    assert told == [events.Warned(key, message, "StateNotPrivate")]
    state.close()


def test_what_a_killed_process_left_half_written_is_removed(tmp_path: Path) -> None:
    left = ["publisher.key.abc.tmp", "core/users.acl.abc.tmp", "pops/fra/edge.json.abc.tmp"]
    for name in (*left, "mine.tmp"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("half")
    state_folder(tmp_path).close()
    assert [name for name in (*left, "mine.tmp") if (tmp_path / name).exists()] == ["mine.tmp"]


def test_a_power_cut_at_any_step_leaves_no_half_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a table or of a key would be told as damage at the next start."""
    root = tmp_path / "disk"
    root.mkdir()
    left: list[dict[str, bytes]] = []
    with monkeypatch.context() as patched:
        crashing = CrashingDisk(root, patched)
        crashing.after_each = lambda: left.extend(crashing.states())
        state = state_folder(root / "state")
        state.make_private_key(False, "")
        state.rotate_cookie_secrets(5)
        for name in ("edge", "ack"):
            state.password(name)
            state.port(name, range(0))
        state.rotate_cookie_secrets(5 + cookies.PERIOD_SECONDS)
        state.close()
    assert len(left) > 100
    for each in left:
        put(root, {name: data for name, data in each.items() if name != "state/lock"})
        again = state_folder(root / "state")
        if (root / "state/publisher.key").exists():
            assert again.private_key() is not None
        again.rotate_cookie_secrets(5)
        again.password("edge")
        again.port("edge", range(0))
        again.close()
