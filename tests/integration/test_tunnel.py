"""The tunnel between a core and a replica of another cluster, with real Valkeys at its ends."""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
from cryptography import x509
from dnsfleet_io import tls_tunnel
from dnsfleet_operator.secrets import authorities
from dnsfleet_publisher import redis_settings, redis_users
from dnsfleet_publisher.core_redis import connect
from dnsfleet_publisher.pop_users import PopUsers
from support import tunnels
from support.tunnels import NAME, PING, SECONDS, End, asked, secure
from support.valkey import Valkey
from support.waiting import wait_for

OLD, NEW, STRANGER = tunnels.authority(), tunnels.authority(), tunnels.authority()


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    users = redis_users.acl({redis_users.ADMIN: "right"}).splitlines()[1:]
    server = Valkey(tmp_path_factory.mktemp("core"), users=users)
    server.start()
    with closing(connect(server.url_for(redis_users.ADMIN, "right"))) as client:
        PopUsers(client).keep({"ams": ["one"]})
    with server.client() as root:
        for setting in redis_settings.CORE.splitlines():
            root.config_set(*setting.split(" ", 1))
    yield server
    server.kill()


@pytest.fixture
def near(core: Valkey, tmp_path: Path) -> Iterator[End]:
    """The end at the core."""
    folder = tunnels.write(tmp_path / "server", tunnels.server(OLD), OLD)
    with End(folder, core.port) as end:
        yield end


@pytest.fixture
def far(near: End, tmp_path: Path) -> Iterator[End]:
    """The end in the Pop's cluster."""
    folder = tunnels.write(tmp_path / "client", tunnels.client(OLD), OLD)
    with End(folder, near.port, NAME) as end:
        yield end


@pytest.fixture
def replica(far: End, tmp_path: Path) -> Iterator[redis.Redis]:
    """A replica that follows through the tunnel, as its Pop's user."""
    server = Valkey(tmp_path / "replica")
    server.start()
    with server.client() as client:
        client.config_set("primaryuser", "pop-ams")
        client.config_set("primaryauth", "one")
        client.config_set("repl-timeout", 3)
        client.execute_command("REPLICAOF", "127.0.0.1", far.port)
        wait_for("the replica to follow", lambda: link(client) == "up", SECONDS)
        yield client
    server.kill()


def link(replica: redis.Redis) -> str:
    return str(replica.info("replication")["master_link_status"])


def connections(core: Valkey) -> int:
    """How many the core has taken until now, this one too."""
    with core.client() as client:
        return int(client.info("stats")["total_connections_received"])


def test_a_replica_follows_through_it(replica: redis.Redis, core: Valkey) -> None:
    with core.client() as root:
        root.mset({f"large{number}": b"x" * 512 * 1024 for number in range(16)})
        for number in range(100):
            root.set("changing", number)
    wait_for("the last change", lambda: replica.get("changing") == b"99", SECONDS)
    assert [replica.strlen(f"large{number}") for number in range(16)] == [512 * 1024] * 16


def test_who_shows_no_good_certificate_reaches_nothing(
    near: End, core: Valkey, tmp_path: Path
) -> None:
    trusted = tmp_path / "server"
    good = tunnels.write(tmp_path / "good", tunnels.client(OLD), OLD)
    assert asked(near.port, good, trusted) == b"+PONG\r\n"
    before = connections(core)
    for name, pair in (("stranger", tunnels.client(STRANGER)), ("server", tunnels.server(OLD))):
        folder = tunnels.write(tmp_path / f"of-{name}", pair, OLD)
        assert asked(near.port, folder, trusted) == b"", name
    assert asked(near.port, None, trusted) == b""
    with socket.create_connection(("127.0.0.1", near.port), timeout=SECONDS) as plain:
        plain.sendall(b"PING\r\n")
        assert b"PONG" not in plain.recv(100)
    context = ssl.create_default_context(cafile=str(trusted / "ca.crt"))
    context.load_cert_chain(good / "tls.crt", good / "tls.key")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection(("127.0.0.1", near.port), timeout=SECONDS) as plain,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(plain, server_hostname=NAME)
    assert connections(core) == before + 1  # our own


@pytest.mark.parametrize(
    ("signer", "name"), [(STRANGER, NAME), (OLD, "other.example")], ids=["signer", "name"]
)
def test_a_server_that_is_not_the_core_is_told_nothing(
    core: Valkey, tmp_path: Path, signer: tunnels.Pair, name: str
) -> None:
    shown = tunnels.write(tmp_path / "server", tunnels.server(signer, name), OLD)
    folder = tunnels.write(tmp_path / "client", tunnels.client(OLD), OLD)
    with End(shown, core.port) as near, End(folder, near.port, NAME) as far:
        with (
            pytest.raises(redis.ConnectionError),
            connect(f"redis://127.0.0.1:{far.port}/0") as client,
        ):
            client.ping()
        wait_for("a word of it", lambda: far.said("event=connection_failed"), SECONDS)
        assert far.said("CERTIFICATE_VERIFY_FAILED")


def test_certificates_and_authorities_change_and_no_connection_ends(
    core: Valkey, near: End, far: End, replica: redis.Redis, tmp_path: Path
) -> None:
    with core.client() as root:
        syncs = sum(root.info("stats")[name] for name in ("sync_full", "sync_partial_ok"))
    old = tunnels.write(tmp_path / "old", tunnels.client(OLD), OLD, NEW)
    new = tunnels.write(tmp_path / "new", tunnels.client(NEW), OLD, NEW)
    assert asked(near.port, new, new) == b"", "nobody trusts the new authority yet"

    # Both count at both ends; then each end shows what the new one signed.
    tunnels.write(tmp_path / "server", tunnels.server(OLD), NEW, OLD)
    tunnels.write(tmp_path / "client", tunnels.client(OLD), NEW, OLD)
    wait_for("the new authority", lambda: asked(near.port, new, new) == b"+PONG\r\n", SECONDS)
    assert asked(near.port, old, old) == b"+PONG\r\n"
    tunnels.write(tmp_path / "server", tunnels.server(NEW), NEW, OLD)
    tunnels.write(tmp_path / "only-new", tunnels.client(NEW), NEW)
    only_new = tmp_path / "only-new"
    wait_for("the new server", lambda: asked(near.port, new, only_new) == b"+PONG\r\n", SECONDS)
    assert asked(near.port, old, only_new) == b"+PONG\r\n"

    # The old one ends.
    tunnels.write(tmp_path / "server", tunnels.server(NEW), NEW)
    wait_for("the end of the old", lambda: asked(near.port, old, only_new) == b"", SECONDS)
    tunnels.write(tmp_path / "client", tunnels.client(NEW), NEW)
    with core.client() as root:
        root.set("rotated", 1)
        wait_for("the change", lambda: replica.get("rotated"), SECONDS)
        after = sum(root.info("stats")[name] for name in ("sync_full", "sync_partial_ok"))
    assert after == syncs, "it followed all the time"

    def reaches() -> bool:
        with connect(f"redis://127.0.0.1:{far.port}/0") as fresh:
            try:
                return bool(fresh.ping())
            except redis.RedisError:
                return False

    wait_for("a new connection", reaches, SECONDS)


def test_new_connections_go_where_the_core_is_now(
    core: Valkey, near: End, far: End, tmp_path: Path
) -> None:
    address = tmp_path / "client" / "core-address"
    for text, answers in (("127.0.0.1:1", False), ("nowhere", False), (address.read_text(), True)):
        address.write_text(text)
        with connect(f"redis://127.0.0.1:{far.port}/0") as client:
            if answers:
                assert client.ping()
            else:
                with pytest.raises(redis.ConnectionError):
                    client.ping()


def test_each_end_tells_when_its_certificates_end(near: End, far: End, tmp_path: Path) -> None:
    """The first of those in a file, and as the file is now."""
    for end, folder, own in ((near, "server", "core"), (far, "client", "pop")):
        for name, certificate in (("tls.crt", own), ("ca.crt", "authority")):
            assert told_end(end, certificate) == end_of(tmp_path / folder / name)
    soon = authorities.server(OLD, [NAME], time.time() - 300 * 24 * 3600)
    before = end_of(tmp_path / "server" / "tls.crt")
    tunnels.write(tmp_path / "server", soon, OLD)
    assert end_of(tmp_path / "server" / "tls.crt") < before
    wait_for(
        "the new certificate",
        lambda: told_end(near, "core") == end_of(tmp_path / "server" / "tls.crt"),
        SECONDS,
    )


def told_end(end: End, certificate: str) -> float:
    name = "dnsfleet_tunnel_certificate_expiry_timestamp_seconds"
    return end.metric(name, certificate=certificate)


def end_of(path: Path) -> float:
    """When the certificate of a file ends, Unix time in seconds."""
    found = x509.load_pem_x509_certificate(path.read_bytes())
    return found.not_valid_after_utc.timestamp()


def test_files_that_cannot_be_used_change_nothing(near: End, tmp_path: Path) -> None:
    good = tunnels.write(tmp_path / "good", tunnels.client(OLD), OLD)
    (tmp_path / "server" / "tls.crt").write_text("damaged")
    wait_for("a word of it", lambda: near.said("event=certificates_unusable"), SECONDS)
    assert asked(near.port, good, good) == b"+PONG\r\n"
    assert near.said("event=certificates_unusable") == 1


def test_a_certificate_comes_and_goes_with_the_file(core: Valkey, tmp_path: Path) -> None:
    """What an authority signed opens nothing by itself, and its connections end with its line."""
    server = tunnels.write(tmp_path / "server", tunnels.server(OLD), OLD)
    pairs = [tunnels.client(OLD, name) for name in ("ams", "fra")]
    ams, fra = (
        tunnels.write(tmp_path / name, pair, OLD)
        for name, pair in zip(("ams", "fra"), pairs, strict=True)
    )
    first, second = map(tunnels.fingerprint, pairs)
    known = tmp_path / "known"
    known.write_text(f"{first}\n")
    with End(server, core.port, known=known) as near:
        assert asked(near.port, ams, ams) == b"+PONG\r\n"
        assert asked(near.port, fra, fra) == b""
        assert near.metric("dnsfleet_tunnel_failures_total", reason="certificate") == 1
        known.write_text(f"{first}\n{second}\n")
        assert asked(near.port, fra, fra) == b"+PONG\r\n", "it comes at once"
        with secure(near.port, ams, ams) as gone, secure(near.port, fra, fra) as staying:
            for each in (gone, staying):
                each.sendall(PING)
                assert each.recv(100) == b"+PONG\r\n"
            known.unlink()
            wait_for("a word of it", lambda: near.said("known_certificates_unusable"), SECONDS)
            known.write_text(f"{second}\n")
            wait_for("the end", lambda: near.metric("dnsfleet_tunnel_connections") == 1, SECONDS)
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                assert gone.recv(100) == b""
            staying.sendall(PING)
            assert staying.recv(100) == b"+PONG\r\n"
        assert asked(near.port, ams, ams) == b""


def test_one_certificate_has_only_so_many_connections(near: End, tmp_path: Path) -> None:
    folders = {
        name: tunnels.write(tmp_path / name, tunnels.client(OLD, name), OLD)
        for name in ("ams", "fra")
    }
    opened = []
    try:
        for _ in range(tls_tunnel.CONNECTIONS_OF_ONE):
            opened.append(secure(near.port, folders["ams"], folders["ams"]))
            opened[-1].sendall(PING)
            assert opened[-1].recv(100) == b"+PONG\r\n"
        assert asked(near.port, folders["ams"], folders["ams"]) == b""
        assert asked(near.port, folders["fra"], folders["fra"]) == b"+PONG\r\n"
        rotated = tunnels.write(tmp_path / "rotated", tunnels.client(OLD, "ams"), OLD)
        assert asked(near.port, rotated, rotated) == b"+PONG\r\n"
        opened.pop().close()
        wait_for(
            "room for another",
            lambda: asked(near.port, folders["ams"], folders["ams"]) == b"+PONG\r\n",
            SECONDS,
        )
    finally:
        for connection in opened:
            connection.close()


def test_nothing_is_left_of_an_attempt_that_was_given_up(tmp_path: Path) -> None:
    """As while a link is cut: a replica tries again every few seconds."""
    folder = tunnels.write(tmp_path / "client", tunnels.client(OLD), OLD)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        End(folder, silent.getsockname()[1], NAME) as far,
    ):
        silent.settimeout(SECONDS)
        with socket.create_connection(("127.0.0.1", far.port), timeout=SECONDS):
            reached, _ = silent.accept()
        with reached:
            reached.settimeout(SECONDS)
            while reached.recv(4096):
                pass  # the first words of TLS
        wait_for("a word of it", lambda: far.said("until the other side gave up"), SECONDS)


def test_a_core_that_ends_connections_at_once_is_asked_after_pauses(tmp_path: Path) -> None:
    folder = tunnels.write(tmp_path / "client", tunnels.client(OLD), OLD)
    with (
        socket.create_server(("127.0.0.1", 0)) as refusing,
        End(folder, refusing.getsockname()[1], NAME) as far,
    ):
        refusing.settimeout(SECONDS)
        began, attempts = time.monotonic(), 6
        for _ in range(attempts):
            with socket.create_connection(("127.0.0.1", far.port), timeout=SECONDS) as near:
                refusing.accept()[0].close()
                assert near.recv(1) == b""
        first, longest = tls_tunnel.FIRST_PAUSE_SECONDS, tls_tunnel.LONGEST_PAUSE_SECONDS
        pauses = [min(first * 2**number, longest) / 2 for number in range(attempts - 1)]
        assert time.monotonic() - began >= sum(pauses)
