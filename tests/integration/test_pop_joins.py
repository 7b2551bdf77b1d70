"""A Pop of another cluster joins by what one command prints, and is sent away by another one.

The operator is a process of its own, and so are the core, the replica and both ends of the tunnel.
"""

import base64
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from cryptography import x509
from dnsfleet_publisher.core_redis import connect
from support import tunnels
from support.api_servers import APIError
from support.tunnels import NAME, End, asked
from support.valkey import Valkey
from support.waiting import wait_for

from bench.operator_fleets import OPERATOR, POP, OperatorFleet, running
from bench.operator_objects import SYSTEM, Size

SECONDS = 60.0


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[OperatorFleet]:
    command = ("env", f"DNSFLEET_CORE_NAMES={NAME}", *OPERATOR)
    with running(Size(1), tmp_path, command) as fleet:
        fleet.wait_for_all(fleet.start(), SECONDS)
        users = entries(fleet, "dnsfleet-keys")["core.acl"].splitlines()
        (admin,) = [user for user in users if user.startswith("user admin ")]
        with fleet.core.client() as root:
            root.execute_command("ACL", "SETUSER", *admin.split()[1:])
        yield fleet


def entries(fleet: OperatorFleet, secret: str) -> dict[str, str]:
    """The texts of a Secret, once it is there."""

    def found() -> dict[str, str]:
        try:
            data = fleet.api.get("Secret", secret, SYSTEM)["data"]
        except APIError:
            return {}
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    return wait_for(f"Secret {secret}", found, SECONDS)


def pop(fleet: OperatorFleet, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "dnsfleet_cli.kubectl", "--kubeconfig")
    return subprocess.run(
        [*command, str(fleet.api.kubeconfig), "pop", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def joined(fleet: OperatorFleet, *arguments: str) -> dict[str, str]:
    """The entries of the Secret that `join` prints."""
    ended = pop(fleet, "join", "ams", "-o", "yaml", *arguments)
    assert (ended.returncode, ended.stderr) == (0, "")
    secret: dict[str, Any] = yaml.safe_load(ended.stdout)
    assert (secret["kind"], secret["metadata"]["name"]) == ("Secret", "dnsfleet-join")
    return dict(secret["stringData"])


def gets_in(port: int, user: str, password: str) -> bool:
    with closing(connect(f"redis://{user}:{password}@127.0.0.1:{port}/0")) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def test_a_pop_joins_follows_rotates_and_leaves(fleet: OperatorFleet, tmp_path: Path) -> None:
    server = tmp_path / "server"
    server.mkdir()
    shown = entries(fleet, "dnsfleet-core-tls")
    (server / "tls.crt").write_text(shown["tls.crt"])
    (server / "tls.key").write_text(shown["tls.key"])
    (server / "ca.crt").write_text(entries(fleet, "dnsfleet-pops")["ca.crt"])
    known = server / "fingerprints"
    known.write_text(entries(fleet, "dnsfleet-pops")["fingerprints"])
    with End(server, fleet.core.port, known=known) as near:
        address = f"127.0.0.1:{near.port}"
        secret = joined(fleet, "--address", address)
        assert (secret["pop"], secret["username"]) == ("ams", "pop-ams")
        assert (secret["core-address"], secret["server-name"]) == (address, NAME)
        assert secret["public-key"] == entries(fleet, "dnsfleet-keys")["publisher.pub"]
        assert fleet.api.get("Pop", "ams")["spec"]["cluster"] == "agent"
        assert joined(fleet, "--address", address) == secret, "it is printed again as it was"

        known.write_text(entries(fleet, "dnsfleet-pops")["fingerprints"])
        client = tmp_path / "client"
        client.mkdir()
        for name, text in secret.items():
            (client / name).write_text(text)
        replica = Valkey(tmp_path / "replica")
        replica.start()
        with End(client, near.port, NAME) as far, replica.client() as root:
            root.config_set("primaryuser", secret["username"])
            root.config_set("primaryauth", secret["password"])
            root.execute_command("REPLICAOF", "127.0.0.1", far.port)
            wait_for("the zones", lambda: root.exists("dnsfleet:1:zones"), SECONDS)

            rotated = joined(fleet, "--address", address, "--rotate")
            assert rotated["password"] != secret["password"]
            assert rotated["tls.crt"] != secret["tls.crt"]
            known.write_text(entries(fleet, "dnsfleet-pops")["fingerprints"])
            assert asked(near.port, client, client) == b"+PONG\r\n", "for a day"
            for each in (secret, rotated):
                wait_for(
                    "both passwords",
                    lambda password=each["password"]: gets_in(far.port, "pop-ams", password),
                    SECONDS,
                )

            ended = pop(fleet, "leave", "ams", "--now")
            assert (ended.returncode, ended.stderr) == (0, "")
            assert "pop/ams has left: it is deleted here" in ended.stdout
            assert f"helm uninstall dnsfleet --namespace {SYSTEM}" in ended.stdout
            wait_for("the end of its link", lambda: is_cut(root), SECONDS)
            assert not gets_in(far.port, "pop-ams", rotated["password"])
            known.write_text(entries(fleet, "dnsfleet-pops")["fingerprints"])
            wait_for(
                "the end of its certificate",
                lambda: asked(near.port, client, client) == b"",
                SECONDS,
            )
        replica.kill()
    with pytest.raises(APIError):
        fleet.api.get("Pop", "ams")


def is_cut(replica: redis.Redis) -> bool:
    return bool(replica.info("replication")["master_link_status"] == "down")


def test_commands_for_people_and_what_is_refused(fleet: OperatorFleet) -> None:
    ended = pop(fleet, "join", "ams", "--address", "core.example.net:6390")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"kubectl create namespace {SYSTEM}" in ended.stdout
    assert "--set role=pop" in ended.stdout
    ended = pop(fleet, "join", "ams")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "no load balancer leads to the core" in ended.stderr
    for command in (("join", POP, "--address", "192.0.2.1:6390"), ("leave", POP, "--now")):
        ended = pop(fleet, *command)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert f"pop/{POP} runs in this cluster" in ended.stderr
    assert fleet.api.get("Pop", POP)
    ended = pop(fleet, "leave", "nobody")
    assert ended.returncode == 2


def test_another_authority_takes_over_while_both_count(fleet: OperatorFleet) -> None:
    before = joined(fleet, "--address", "192.0.2.1:6390")
    old = entries(fleet, "dnsfleet-pops")["ca.crt"]
    new = tunnels.authority()
    for bundle, key in ((old + new.certificate, None), (new.certificate + old, new.key)):
        changed = {"ca.crt": bundle} | ({"ca.key": key} if key is not None else {})
        data = {name: base64.b64encode(text.encode()).decode() for name, text in changed.items()}
        fleet.api.patch("Secret", "dnsfleet-pops", SYSTEM, {"data": data})
        wait_for(
            "the authorities beside the certificate of the core",
            lambda bundle=bundle: entries(fleet, "dnsfleet-core-tls")["ca.crt"] == bundle,
            SECONDS,
        )
        again = joined(fleet, "--address", "192.0.2.1:6390")
        assert again == before | {"ca.crt": bundle}, "its own certificate counts on"
    shown = x509.load_pem_x509_certificate(entries(fleet, "dnsfleet-core-tls")["tls.crt"].encode())
    shown.verify_directly_issued_by(x509.load_pem_x509_certificate(new.certificate.encode()))
    rotated = joined(fleet, "--address", "192.0.2.1:6390", "--rotate")
    made = x509.load_pem_x509_certificate(rotated["tls.crt"].encode())
    made.verify_directly_issued_by(x509.load_pem_x509_certificate(new.certificate.encode()))
