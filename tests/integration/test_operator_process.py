"""The whole operator, as a process of its own, on a real core and an API server."""

import http.client
import os
import re
import signal
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from support import scraped
from support.api_servers import APIError
from support.release_objects import operator
from support.waiting import wait_for

from bench.operator_changes import Changes
from bench.operator_fleets import OPERATOR, OperatorFleet, running
from bench.operator_objects import SYSTEM, Size, team

SECONDS = 90.0
(FAKETIME,) = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
"""From Debian's package libfaketime."""


def test_a_whole_operator_publishes_and_says_so(tmp_path: Path) -> None:
    with running(Size(3), tmp_path) as fleet:
        began = fleet.start()
        fleet.wait_for_all(began, SECONDS)
        changes = Changes(fleet, record_sets=True)
        delays = changes.delays([changes.make(), changes.make()])
        assert all(0 < each.seconds < SECONDS for each in delays)

        def propagated() -> bool:
            status = fleet.api.get("Zone", "zone-1", team(1)).get("status", {})
            found = {each["type"]: each["status"] for each in status.get("conditions", ())}
            return found.get("Propagated") == "True" and status["revision"]["seq"] == 2

        wait_for("the second revision everywhere", propagated, SECONDS)
        metadata = fleet.api.get("Zone", "zone-1", team(1))["metadata"]
        writers = {each["manager"] for each in metadata["managedFields"]}
        assert writers == {"kubectl", "dnsfleet"}
        assert fleet.cpu_between(began, time.monotonic()) > 0


def test_what_kopf_asks_the_api_server_is_counted_too(tmp_path: Path) -> None:
    with running(Size(1), tmp_path) as fleet:
        fleet.wait_for_all(fleet.start(), SECONDS)

        def called() -> set[tuple[str, str]]:
            with urlopen(f"http://127.0.0.1:{fleet.http_port}/metrics", timeout=SECONDS) as page:
                found = scraped.samples(page.read().decode())
            name = "dnsfleet_operator_api_calls_total"
            ok = [
                each.labels for each in found if each.name == name and each.labels["code"] == "200"
            ]
            return {(each["verb"], each["resource"]) for each in ok}

        kopfs = {("get", "apis"), ("list", "zones"), ("watch", "zones"), ("watch", "namespaces")}
        wait_for("they are", lambda: called() >= kopfs, SECONDS)


def test_a_signal_interrupts_no_thread_of_an_operator_but_the_main_one(tmp_path: Path) -> None:
    """kopf's event loop has one thread beside it for calls of its own, such as a resolver's."""
    with running(Size(1), tmp_path) as fleet:
        began = fleet.start()
        fleet.wait_for_all(began, SECONDS)
        for number in (signal.SIGTERM, signal.SIGINT):
            taking = {int(each.name) for each in threads(fleet.pid) if not blocks(each, number)}
            assert fleet.pid in taking
            assert len(taking) <= 2 < len(threads(fleet.pid))


@pytest.mark.parametrize("offset", ["-1d", "+3650d"])
def test_no_fence_is_taken_from_a_clock_that_two_others_contradict(
    tmp_path: Path, offset: str
) -> None:
    wrong = ("env", f"LD_PRELOAD={FAKETIME}", f"FAKETIME={offset}", *OPERATOR)
    with running(Size(1), tmp_path, wrong) as fleet:
        began = fleet.start()
        log = tmp_path / "operator.log"
        told = "s behind: set it right" if offset == "-1d" else "s ahead: set it right"
        wait_for("it is told", lambda: told in log.read_text(), SECONDS)
        assert fleet.published("zone-0.example.", began) is None
    trusting = ("env", "DNSFLEET_TRUST_CLOCK=true", *wrong)
    with running(Size(1), tmp_path, trusting) as fleet:
        fleet.wait_for_all(fleet.start(), SECONDS)


def threads(process: int) -> list[Path]:
    """The folder of each thread of a process."""
    return list(Path(f"/proc/{process}/task").iterdir())


def blocks(thread: Path, number: int) -> bool:
    """Whether a thread blocks a signal."""
    lines = (thread / "status").read_text().splitlines()
    mask = next(int(line.split()[1], 16) for line in lines if line.startswith("SigBlk:"))
    return bool(mask >> (number - 1) & 1)


def test_an_operator_that_starts_without_the_keys_waits_for_them(tmp_path: Path) -> None:
    with running(Size(2), tmp_path) as fleet:
        fleet.wait_for_all(fleet.start(), SECONDS)
        secret = fleet.api.get("Secret", "dnsfleet-keys", SYSTEM)
        wait_for("the ConfigMaps of the Pops", lambda: fleet.api.all("ConfigMap"), SECONDS)
        fleet.stop()
        fleet.api.delete("Secret", "dnsfleet-keys", SYSTEM)
        began = fleet.start()
        log = tmp_path / "operator.log"
        told = "no new keys are made"
        wait_for("it says what it waits for", lambda: told in log.read_text(), SECONDS)
        assert "kubectl dnsfleet keys restore FILE" in log.read_text()
        wait_for("an Event", lambda: fleet.api.all("Event"), SECONDS)
        with pytest.raises(APIError):
            fleet.api.get("Secret", "dnsfleet-keys", SYSTEM)
        secret["metadata"] = {"name": "dnsfleet-keys", "namespace": SYSTEM}
        fleet.api.create(secret)
        changes = Changes(fleet, record_sets=False)
        (delay,) = changes.delays([changes.make()])
        assert delay.seconds < SECONDS
        fleet.check()
        assert time.monotonic() - began < 2 * SECONDS


def test_an_operator_without_the_definitions_of_its_version_is_not_ready_and_does_not_lead(
    tmp_path: Path,
) -> None:
    """In an upgrade without them the operator of the version before goes on leading."""
    with running(Size(1), tmp_path) as fleet:
        definition = fleet.api.get("CustomResourceDefinition", "zoneclasses.dnsfleet.io")
        fleet.api.delete("CustomResourceDefinition", "zoneclasses.dnsfleet.io")
        began = fleet.start()
        told = "does not serve zoneclasses.dnsfleet.io: apply the CustomResourceDefinitions"
        wait_for("it is not ready and says why", lambda: is_unready(fleet, told), SECONDS)
        assert not fleet.api.all("Lease")
        metadata = {"name": definition["metadata"]["name"]}
        fleet.api.create({**definition, "metadata": metadata})
        fleet.wait_for_all(began, SECONDS)
        assert page(fleet.http_port, "/readyz") == (200, "ok\n")


def test_changes_are_heard_after_a_kind_was_not_served_for_a_moment(tmp_path: Path) -> None:
    """Before the next list of all objects, and by the same process."""
    with running(Size(2), tmp_path) as fleet:
        fleet.wait_for_all(fleet.start(), SECONDS)
        process, log = fleet.pid, tmp_path / "operator.log"
        fleet.api.serve("Pop", False)
        wait_for("kopf ends", lambda: "has failed" in log.read_text(), SECONDS)
        fleet.api.serve("Pop", True)
        wait_for("it begins anew", lambda: "begin anew: 404" in log.read_text(), SECONDS)
        changes = Changes(fleet, record_sets=False)
        (delay,) = changes.delays([changes.make()])
        assert delay.seconds < SECONDS
        assert fleet.pid == process
        fleet.check()


def test_an_operator_of_a_second_release_is_not_ready_and_says_why(tmp_path: Path) -> None:
    with running(Size(1), tmp_path) as fleet:
        fleet.api.create({"kind": "Namespace", "metadata": {"name": "elsewhere"}})
        fleet.api.create(operator("elsewhere", "2026-01-01T00:00:00Z", "first"))
        began = fleet.start()
        told = "the release first in the namespace elsewhere leads this cluster"
        wait_for("it is not ready and says why", lambda: is_unready(fleet, told), SECONDS)
        assert page(fleet.http_port, "/healthz")[0] == 200
        assert "dnsfleet_operator_stands_aside 1.0" in page(fleet.http_port, "/metrics")[1]
        wait_for("an Event", lambda: fleet.api.all("Event"), SECONDS)
        wait_for("it holds its Lease", lambda: fleet.api.all("Lease"), SECONDS)
        assert fleet.published("zone-0.example.", began) is None
        assert 'dnsfleet_operator_leader{role="all"} 0.0' in page(fleet.http_port, "/metrics")[1]


def test_an_api_server_that_is_away_is_told_and_the_core_is_not_blamed(tmp_path: Path) -> None:
    with running(Size(1), tmp_path) as fleet:
        fleet.wait_for_all(fleet.start(), SECONDS)
        wait_for("the core", lambda: core_up(fleet.http_port) == "1.0", SECONDS)
        assert page(fleet.http_port, "/readyz") == (200, "ok\n")
        os.kill(fleet.api.pid, signal.SIGSTOP)
        try:
            wait_for("it is not ready", lambda: page(fleet.http_port, "/readyz")[0] == 503, SECONDS)
            told = page(fleet.http_port, "/readyz")[1]
            assert "Lease" in told
            assert "no answer from the API server" in told
            wait_for("it leads no more", lambda: core_up(fleet.http_port) == "", SECONDS)
            assert page(fleet.http_port, "/healthz")[0] == 200, "a restart would not help"
        finally:
            os.kill(fleet.api.pid, signal.SIGCONT)
        wait_for("it is ready", lambda: page(fleet.http_port, "/readyz")[0] == 200, SECONDS)
        wait_for("the core", lambda: core_up(fleet.http_port) == "1.0", SECONDS)


def core_up(port: int) -> str:
    """What is told of the core; empty for nothing."""
    found = re.search(r"^dnsfleet_operator_core_up (.*)$", page(port, "/metrics")[1], re.M)
    return found[1] if found else ""


def is_unready(fleet: OperatorFleet, told: str) -> bool:
    """Whether the operator says that it is not ready for this reason."""
    try:
        status, text = page(fleet.http_port, "/readyz")
    except OSError:
        return False  # it is not up yet
    return status == 503 and told in text


def page(port: int, path: str) -> tuple[int, str]:
    """Status and text of a page of the operator."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()
