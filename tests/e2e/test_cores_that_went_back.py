"""A core whose files went back to an older copy, and an operator whose clock is wrong.

The same faults as in tests/faults, with pods on a real cluster. Between two changes the core's
volume gets an older copy of its files back, by one change or by many, and the core's pod is
replaced; the operator goes on, or is replaced too. A client asks all edges all the time, and each
status that says Propagated is compared with what every edge answers at that moment. At the end an
edge without a disk begins: what it answers is what the core has.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster.access import Access, CommandError
from cluster.namespaces import Node
from kubernetes import client, config
from support import probe_fleets, status_claims, wrong_clocks
from support.probe_fleets import CORE, ORIGIN, POPS, ZONE
from support.releases import NAMESPACE, READY_SECONDS, metrics_of
from support.status_claims import Object, StatusClaims
from support.waiting import wait_for

CHANGES = int(os.environ.get("CORE_CHANGES") or 1)
"""Changes of the probe at least, over all cases; each case has its fault once at least."""
RATE = 300
LOST = {"second": 1, "hour": 30}
"""Changes of the probe that the copy does not have."""
AFTER = 5
"""Changes after each fault."""
SETTLE_SECONDS = 60
"""The longest until a change is propagated that comes while core and operator are replaced: a new
operator waits 15 s for a Lease that was not released."""
CLAIM = f"data-{CORE}"
FILES = "appendonlydir"
OPERATOR = ("deployment", "dnsfleet-operator", "--namespace", NAMESPACE)
OPERATOR_PODS = ("pods", "--namespace", NAMESPACE, "-l", "app.kubernetes.io/component=operator")


class Fleet:
    """The fleet, what its edges are to answer, and the volume of its core."""

    def __init__(self, cluster: Access, node: Node, api: client.CustomObjectsApi) -> None:
        self.cluster = cluster
        self.node = node
        self._api = api
        self.counter = 0
        """The probe's."""
        self.others: dict[str, int | None] = {}
        """Counters of other zones by origin; None is a zone that is gone."""
        volume = cluster.get("pvc", CLAIM, "-n", NAMESPACE)["spec"]["volumeName"]
        self._volume = Path(cluster.get("pv", volume)["spec"]["local"]["path"])
        self._copy = self._volume.with_name(f"{self._volume.name}-copy")
        self._copies = 0

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Ask and compare until it is left; then nothing may have been lost, wrong or untrue."""
        servers = probe_fleets.edge_servers(self.cluster)
        assert len(servers) == len(POPS)
        self._servers = servers
        with (
            StatusClaims(self._api, self.node, servers) as claims,
            probe_fleets.watching(self.node, servers, RATE, published=self.counter) as oracle,
        ):
            self._claims, self._oracle = claims, oracle
            yield
        assert claims.judged > 0
        assert claims.wrong == []
        assert oracle.faults == []

    def change(self, seconds: int = status_claims.CHANGE_SECONDS) -> None:
        """Publish the next counter; once it is Propagated every edge must answer it."""
        self.counter += 1
        self._oracle.publishing(self.counter)
        status_claims.change(self._api, ZONE, probe_fleets.zone(self.counter)["spec"], seconds)
        with self.node.on_client():
            found = {server: status_claims.ask(server, ORIGIN) for server in self._servers}
        assert set(found.values()) == {self.counter}, found

    def put(self, name: str, counter: int) -> None:
        """Another zone, until it is Propagated."""
        self.others[f"{name}.example"] = counter
        self.cluster.apply(json.dumps(other_zone(name, counter)))
        generation = self.cluster.get("zone", name)["metadata"]["generation"]
        wait_for(
            f"{name} is propagated",
            lambda: status_claims.propagated(self.cluster.get("zone", name)) == generation,
            SETTLE_SECONDS,
        )

    def remove(self, name: str) -> None:
        """Delete another zone; returns when no edge answers it."""
        self._claims.removed.add(name)
        self.others[f"{name}.example"] = None
        self.cluster.kubectl("delete", "zone", name)
        wait_for(f"{name} is gone", lambda: not self.differences(), SETTLE_SECONDS)

    def copy(self) -> None:
        """Keep the core's files as they are now."""
        shutil.rmtree(self._copy, ignore_errors=True)
        copy(self._volume / FILES, self._copy)

    def put_back(self) -> None:
        """A new core starts with the copy; until then the old one writes to its own files."""
        self._copies += 1
        (self._volume / FILES).rename(self._volume / f"lost-{self._copies}")
        copy(self._copy, self._volume / FILES)
        before = probe_fleets.core_uid(self.cluster)
        self.cluster.kubectl(
            *("delete", "pod", CORE, "-n", NAMESPACE, "--force", "--grace-period=0", "--wait=false")
        )
        wait_for(
            "another core is Ready",
            lambda: probe_fleets.core_uid(self.cluster) not in (None, before),
            READY_SECONDS,
        )

    def differences(self) -> list[str]:
        """What edges answer and is not wanted, one line each."""
        servers = probe_fleets.edge_servers(self.cluster)
        if len(servers) != len(POPS):
            return ["not all edges are ready"]
        with self.node.on_client():
            return [
                f"{server} answers {found} in {origin}, not {wanted}"
                for server in servers
                for origin, wanted in {ORIGIN: self.counter, **self.others}.items()
                if (found := status_claims.ask(server, origin)) != wanted
            ]

    def log(self) -> str:
        """What the newest operator has logged; nothing while it does not run yet."""
        try:
            return self.cluster.kubectl("logs", self._operator(), "-n", NAMESPACE)
        except CommandError:
            return ""

    def failures(self) -> float:
        """How many passes of the newest operator have failed."""
        page = metrics_of(self.cluster, self._operator())
        found = re.findall(r'reconcile_total\{.*result="error"\} (\S+)', page)
        return sum(map(float, found))

    def _operator(self) -> str:
        pods = self.cluster.items(*OPERATOR_PODS)
        newest = max(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))
        return str(newest["metadata"]["name"])


def copy(source: Path, target: Path) -> None:
    """A folder with its owners, which the core's user must be able to write."""
    subprocess.run(["cp", "--archive", source, target], check=True)


def other_zone(name: str, counter: int) -> Object:
    found = probe_fleets.zone(counter)
    found["metadata"]["name"] = name
    found["spec"]["origin"] = f"{name}.example"
    return found


@pytest.fixture(scope="module")
def fleet(release: Access, node: Node) -> Iterator[Fleet]:
    probe_fleets.start(release)
    with config.new_client_from_config(str(release.kubeconfig)) as connection:
        yield Fleet(release, node, client.CustomObjectsApi(connection))


CASES = [(lost, operator) for lost in LOST for operator in ("kept", "replaced")]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("lost", "operator"), CASES)
def test_what_is_propagated_is_answered_though_the_core_went_back(
    fleet: Fleet, lost: str, operator: str
) -> None:
    changes, took = 0, []
    with fleet.watched():
        while changes < CHANGES / len(CASES):
            name = f"{lost}-{operator}-{len(took)}"
            fleet.put(f"removed-{name}", 1)
            fleet.put(f"kept-{name}", 1)
            fleet.copy()
            for _ in range(LOST[lost]):
                fleet.change()
            fleet.put(f"kept-{name}", 2)
            fleet.put(f"created-{name}", 1)
            fleet.remove(f"removed-{name}")
            if operator == "replaced":
                fleet.cluster.kubectl("delete", *OPERATOR_PODS, "--wait=false")
            fleet.put_back()
            began = time.monotonic()
            fleet.change(SETTLE_SECONDS)
            took.append(time.monotonic() - began)
            for _ in range(AFTER - 1):
                fleet.change()
            changes += LOST[lost] + AFTER
    print(
        f"{changes} changes, {len(took)} faults; the first change after each was propagated after "
        f"{' '.join(f'{seconds:.1f}' for seconds in took)} s"
    )
    probe_fleets.replace_an_edge(fleet.cluster, READY_SECONDS)
    wait_for("all is as wanted", lambda: fleet.differences() == [], READY_SECONDS)


@pytest.mark.timeout(600)
def test_an_operator_whose_clock_is_wrong_says_so_and_publishes_nothing(fleet: Fleet) -> None:
    with fleet.watched():
        for days in (-1, 3650):
            give_clock(fleet, days)
            wait_for(
                f"a clock that is {days} days off is told",
                lambda days=days: told_days(fleet.log()) == {days},
                READY_SECONDS,
            )
        probe_fleets.publish(fleet.cluster, fleet.counter + 1)  # the oracle allows no answer yet
        before = fleet.failures()  # the log has a reason that goes on once
        wait_for("it tries again", lambda: fleet.failures() > before + 1, READY_SECONDS)
        assert fleet.differences() == []
        fleet.cluster.kubectl("rollout", "undo", *OPERATOR, "--to-revision=1")
        fleet.change(SETTLE_SECONDS)


def told_days(log: str) -> set[int]:
    """By how many days an operator says that its clock is ahead."""
    found = re.findall(r"the clock of this machine is (\d+) s (ahead|behind)", log)
    signs = {"ahead": 1, "behind": -1}
    return {signs[side] * round(int(seconds) / 86_400) for seconds, side in found}


def give_clock(fleet: Fleet, days: int) -> None:
    """Have the operator replaced by one whose clock is so many days ahead."""
    name = f"clock-{abs(days)}"
    data = {wrong_clocks.FILE: wrong_clocks.code(days)}
    metadata = {"name": name, "namespace": NAMESPACE}
    fleet.cluster.apply(
        json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
    )
    container = {
        "name": "operator",
        "env": [{"name": "PYTHONPATH", "value": "/clock"}],
        "volumeMounts": [{"name": "clock", "mountPath": "/clock"}],
    }
    volume = {"name": "clock", "configMap": {"name": name}}
    pod = {"spec": {"containers": [container], "volumes": [volume]}}
    patch = {"spec": {"template": pod}}
    fleet.cluster.kubectl("patch", *OPERATOR, "--patch", json.dumps(patch))
