"""The keys of a fleet on a real cluster: lost, restored, made anew as the runbook says, rotated.

Also the Redis users of an earlier version, in the same Secret, that an upgrade brings to the core.
"""

import base64
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from cluster.access import Access, CommandError
from cluster.namespaces import Node
from support import command_lines, probe_fleets, redis_pods
from support.releases import NAMESPACE, READY_SECONDS
from support.waiting import wait_for

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbooks" / "DnsfleetKeysLost.md"
RECOVERY_SECONDS = 120.0
"""From the first command of the runbook until a change is live and a fresh edge is ready."""
TOLD_SECONDS = 10.0
ROTATION_SECONDS = 420
"""Nodes bring a changed ConfigMap to running pods within two minutes, and that happens twice."""
RATE = 200
SECRET = ("secret", "dnsfleet-keys", "--namespace", NAMESPACE)
OPERATOR = ("deployment", "dnsfleet-operator", "--namespace", NAMESPACE)


class Fleet:
    """A fleet with a probe, and a shell as its administrator has it."""

    def __init__(self, cluster: Access, folder: Path) -> None:
        self.cluster = cluster
        self.file = folder / "keys.json"
        self.counter = 0

    def run(self, script: str) -> str:
        """What a script prints; kubectl finds its plugin, and the names of the runbook are set."""
        programs = [Path(sys.executable).parent, Path(self.cluster.kubectl_path).parent]
        environment = {
            **os.environ,
            "PATH": ":".join([*map(str, programs), os.environ["PATH"]]),
            "KUBECONFIG": str(self.cluster.kubeconfig),
            "NS": NAMESPACE,
            "FILE": str(self.file),
        }
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, f"{script}\n{ended.stdout}{ended.stderr}"
        return ended.stdout

    def change(self) -> None:
        """Publish another revision, and wait until every edge answers it."""
        self.counter += 1
        probe_fleets.publish(self.cluster, self.counter)
        self.run(f"kubectl dnsfleet wait default/{probe_fleets.ZONE} --timeout {READY_SECONDS:g}")

    def edges(self) -> set[str]:
        """The names of all edge pods."""
        return probe_fleets.edge_names(self.cluster)

    def keys(self) -> dict[str, str]:
        return dict(self.cluster.get(*SECRET)["data"])

    def condition(self) -> str:
        """The reason of KeysReady of the Fleet."""
        status = self.cluster.get("fleet", "dnsfleet")["status"]
        return {each["type"]: each["reason"] for each in status["conditions"]}["KeysReady"]

    def stop_the_operator(self) -> None:
        """Returns when none runs."""
        self.cluster.kubectl("scale", *OPERATOR, "--replicas=0")
        operators = ("-l", "app.kubernetes.io/component=operator")
        self.cluster.wait_until_gone(READY_SECONDS, "pods", "--namespace", NAMESPACE, *operators)

    def start_the_operator(self) -> None:
        """Returns at once."""
        self.cluster.kubectl("scale", *OPERATOR, "--replicas=1")

    def core_tells_the_time(self, node: Node) -> bool | None:
        """Whether the core lets the publisher ask for it; None where it does not answer."""
        pod = self.cluster.get("pod", probe_fleets.CORE, "--namespace", NAMESPACE)
        password = redis_pods.password(self.cluster, "publisher")
        try:
            with node.on_client(), redis_pods.client(pod, "publisher", password) as client:
                client.time()
        except redis.exceptions.NoPermissionError:
            return False
        except redis.RedisError:
            return None
        return True

    def replace_the_core(self) -> str:
        """Delete its pod; the uid of the next one, which is Ready."""
        before = probe_fleets.core_uid(self.cluster)
        self.cluster.kubectl("delete", "pod", probe_fleets.CORE, "--namespace", NAMESPACE)
        return self.wait_for_another_core(before)

    def wait_for_another_core(self, before: str | None) -> str:
        """The uid of the core that is Ready, and is not `before`."""

        def another() -> str | None:
            uid = probe_fleets.core_uid(self.cluster)
            return uid if uid != before else None

        found = wait_for("another core is Ready", another, READY_SECONDS)
        assert found is not None
        return found

    def lose_the_secret(self) -> None:
        """Delete it while no operator runs, then start one, which waits."""
        self.stop_the_operator()
        self.cluster.kubectl("delete", *SECRET)
        self.start_the_operator()
        told = "kubectl dnsfleet keys restore FILE"
        wait_for("the operator says what it waits for", lambda: told in self.log(), READY_SECONDS)

    def log(self) -> str:
        """What the operator has logged; nothing while it does not run yet."""
        try:
            return self.cluster.kubectl("logs", "/".join(OPERATOR[:2]), *OPERATOR[2:])
        except CommandError:
            return ""


@pytest.fixture(scope="module", name="fleet")
def _fleet(release: Access, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    probe_fleets.start(release)
    return Fleet(release, tmp_path_factory.mktemp("keys"))


def test_no_process_of_the_node_shows_a_password(fleet: Fleet, node: Node) -> None:
    """Everybody on a node reads command lines, and so do agents that gather them."""
    secrets = {name: base64.b64decode(data) for name, data in fleet.keys().items()}
    assert {"publisher", "replica", "ack", "edge", "publisher.key"} <= secrets.keys()
    public = {"publisher.pub", "core.acl", "replica.acl"}
    secrets = {name: data for name, data in secrets.items() if name not in public}
    lines = list(command_lines.command_lines())
    programs = ("valkey-server", "dnsfleet-edge", "dnsfleet-operator")
    for program in programs:
        assert any(program.encode() in line for _, line in lines), program
    assert command_lines.having(secrets, lines) == []


def recoveries() -> list[str]:
    """The commands of the runbook's last part: with a backup, and without."""
    _, _, fix = RUNBOOK.read_text().partition("\n## Fix\n")
    return re.findall(r"^```sh\n(.*?)^```$", fix, re.MULTILINE | re.DOTALL)


def test_a_secret_that_is_deleted_is_there_again_and_that_is_told(fleet: Fleet) -> None:
    before = fleet.keys()
    fleet.cluster.kubectl("delete", *SECRET)
    fleet.cluster.wait("create", TOLD_SECONDS, *SECRET)
    assert fleet.keys() == before
    wait_for("it is told", lambda: fleet.condition() == "SecretWrittenAgain", TOLD_SECONDS)
    events = fleet.cluster.items("events.events.k8s.io", "--namespace", "default")
    assert "SecretWrittenAgain" in {each["reason"] for each in events}
    fleet.change()


@pytest.mark.timeout(600)
def test_an_upgrade_brings_its_redis_users_to_the_core(fleet: Fleet, node: Node) -> None:
    today, edges = fleet.keys(), fleet.edges()
    users = base64.b64decode(today["core.acl"]).decode()
    yesterday = users.replace(" +time", "")
    assert yesterday != users
    fleet.stop_the_operator()
    data = {"core.acl": base64.b64encode(yesterday.encode()).decode()}
    fleet.cluster.kubectl("patch", *SECRET, "--type=merge", "-p", json.dumps({"data": data}))
    before = fleet.replace_the_core()
    wait_for(
        "the core has the users of before",
        lambda: fleet.core_tells_the_time(node) is False,
        TOLD_SECONDS,
    )
    began = time.monotonic()
    fleet.start_the_operator()
    wait_for("the core has its users", lambda: fleet.core_tells_the_time(node), READY_SECONDS)
    print(f"the core had the users of the new version after {time.monotonic() - began:.1f} s")
    assert fleet.keys() == today
    fleet.change()
    assert probe_fleets.core_uid(fleet.cluster) == before, "it was not restarted"
    assert fleet.edges() == edges
    annotations = fleet.cluster.get(*SECRET)["metadata"].get("annotations", {})
    assert "dnsfleet.io/restart-core" in annotations, "its file may be of before for two minutes"


@pytest.mark.timeout(600)
def test_the_runbook_with_a_backup(fleet: Fleet) -> None:
    with_backup, _ = recoveries()
    fleet.run("kubectl dnsfleet keys backup $FILE")
    before, edges = fleet.keys(), fleet.edges()
    fleet.lose_the_secret()
    began = time.monotonic()
    fleet.run(with_backup)
    fleet.change()
    took = time.monotonic() - began
    assert (fleet.keys(), fleet.edges()) == (before, edges)
    probe_fleets.replace_an_edge(fleet.cluster, RECOVERY_SECONDS)
    print(
        f"with a backup: a change live everywhere after {took:.1f} s, a fresh edge ready after "
        f"{time.monotonic() - began:.1f} s"
    )
    assert time.monotonic() - began < RECOVERY_SECONDS


@pytest.mark.timeout(600)
def test_a_rotation_restarts_no_edge_and_loses_nothing(fleet: Fleet, node: Node) -> None:
    before, edges = fleet.keys(), fleet.edges()
    servers = probe_fleets.edge_servers(fleet.cluster)
    with probe_fleets.watching(node, servers, RATE, published=fleet.counter) as oracle:
        began = time.monotonic()
        said = fleet.run(f"kubectl dnsfleet keys rotate --wait --timeout {ROTATION_SECONDS}")
        print(f"rotated in {time.monotonic() - began:.1f} s:\n{said}")
    assert oracle.faults == []
    after = fleet.keys()
    assert after["publisher.key"] != before["publisher.key"]
    assert after.keys() == before.keys()
    assert fleet.edges() == edges
    fleet.change()
    probe_fleets.replace_an_edge(fleet.cluster, RECOVERY_SECONDS)


@pytest.mark.timeout(600)
def test_the_runbook_without_a_backup(fleet: Fleet, node: Node) -> None:
    _, without_backup = recoveries()
    before = fleet.keys()
    fleet.lose_the_secret()
    fleet.file.unlink()
    services = probe_fleets.services(fleet.cluster)
    with probe_fleets.watching(
        node, services, RATE, published=fleet.counter, retries=1, new_ports=True
    ) as oracle:
        began = time.monotonic()
        fleet.run(without_backup)
        took = time.monotonic() - began
        oracle.publishing(fleet.counter + 1)
        fleet.change()
    print(
        f"without a backup: the commands took {took:.1f} s, a change was live everywhere after "
        f"{time.monotonic() - began:.1f} s"
    )
    assert time.monotonic() - began < RECOVERY_SECONDS
    assert oracle.faults == []
    assert not before.items() & fleet.keys().items()
    assert fleet.file.stat().st_mode & 0o777 == 0o600
    probe_fleets.replace_an_edge(fleet.cluster, RECOVERY_SECONDS)
