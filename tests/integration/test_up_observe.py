"""`dnsfleet up --observe`: Prometheus and Alertmanager of this machine, wired to a real fleet."""

import contextlib
import itertools
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import termios
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import dns.exception
import pytest
from dnsfleet_cli.up import observing
from support import dashboards
from support.fleet import Fleet, replace
from support.ports import free_ports
from support.up_runs import ask, one_zone_at_one_pop, pops, processes_of, up, zone
from support.waiting import wait_for

SCRAPED_SECONDS = 60.0
"""A few times the interval, on a busy machine."""
SEEN_SECONDS = 90.0
"""A list, a round of asking, and one more of both where the first was too early."""
DATA_SECONDS = 90.0
"""Rates need two looks after traffic began."""


@pytest.fixture(scope="module", name="files")
def _files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return one_zone_at_one_pop(tmp_path_factory.mktemp("observed") / "manifests")


@pytest.fixture(scope="module", name="fleet")
def _fleet(files: Path) -> Iterator[Fleet]:
    state = files.parent / "state"
    with Fleet(files, state, 2, "--observe", "--shards", "2") as fleet:
        fleet.wait("ready", 60)
        yield fleet
    assert processes_of(state) == []


def get(fleet: Fleet, server: str, path: str) -> Any:
    """What a page of one of both says; None while it does not answer."""
    address = fleet.wait("observing", 60)[server]
    try:
        with urllib.request.urlopen(address + path, timeout=10) as response:
            return json.load(response)
    except OSError:
        return None


def query(fleet: Fleet, expression: str) -> list[dict[str, Any]]:
    text = urllib.parse.urlencode({"query": expression})
    found = get(fleet, "prometheus", f"/api/v1/query?{text}")
    return found["data"]["result"] if found else []


def test_each_edge_is_scraped_with_the_labels_that_the_alerts_group_by(
    fleet: Fleet, files: Path
) -> None:
    (sample,) = wait_for("fra", lambda: query(fleet, "dnsfleet_edge_ready == 1"), SCRAPED_SECONDS)
    assert (sample["metric"]["pop"], sample["metric"]["pod"]) == ("fra", "fra-0")
    replace(files / "all.yaml", zone("one", "192.0.2.1") + "---\n" + pops("fra", "iad"))
    wait_for("iad", lambda: query(fleet, 'dnsfleet_edge_ready{pop="iad"} == 1'), SCRAPED_SECONDS)


def test_each_pop_has_a_prober_that_sees_what_its_edges_prove(fleet: Fleet, files: Path) -> None:
    """The two ask each other; a Pop that goes takes its prober with it."""
    replace(files / "all.yaml", zone("one", "192.0.2.1") + "---\n" + pops("fra", "iad"))
    agree = 'dnsfleet_probe_disagreement{pop="%s", pod="%s-probe"} == 0'
    for asked, place in (("fra", "iad"), ("iad", "fra")):
        expression = agree % (asked, place)
        wait_for(expression, partial(query, fleet, expression), SEEN_SECONDS)
    replace(files / "all.yaml", zone("one", "192.0.2.1") + "---\n" + pops("fra"))
    gone = "count(dnsfleet_probe_build_info) == 1"
    wait_for(gone, lambda: query(fleet, gone), SCRAPED_SECONDS)


def test_the_shipped_rules_are_evaluated_but_for_the_one_that_misses_an_operator(
    fleet: Fleet,
) -> None:
    found = wait_for("rules", lambda: get(fleet, "prometheus", "/api/v1/rules"), SCRAPED_SECONDS)
    loaded = {rule["name"] for group in found["data"]["groups"] for rule in group["rules"]}
    shipped = {
        rule["alert"] for group in observing.shipped_rules()["groups"] for rule in group["rules"]
    }
    assert loaded == shipped - {"DnsfleetOperatorStalled"}


def test_alertmanager_is_told(fleet: Fleet) -> None:
    wait_for("Alertmanager", lambda: get(fleet, "alertmanager", "/api/v2/status"), SCRAPED_SECONDS)

    def known() -> list[dict[str, Any]]:
        page = get(fleet, "prometheus", "/api/v1/alertmanagers") or {"data": {}}
        return page["data"].get("activeAlertmanagers", [])

    (one,) = wait_for("an address", known, SCRAPED_SECONDS)
    assert one["url"].startswith(fleet.wait("observing", 60)["alertmanager"] + "/")


@pytest.mark.parametrize("server", ["prometheus", "alertmanager"])
def test_they_listen_on_loopback_only(fleet: Fleet, server: str) -> None:
    port = urllib.parse.urlsplit(fleet.wait("observing", 60)[server]).port
    assert port is not None
    wait_for("it listens", lambda: addresses_with(port), SCRAPED_SECONDS)
    assert addresses_with(port) == {socket.inet_aton("127.0.0.1")}


def addresses_with(port: int) -> set[bytes]:
    """The local addresses at which this machine listens on a TCP port."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for row in Path(table).read_text().splitlines()[1:]:
            local, _, state = row.split()[1:4]
            address, _, number = local.partition(":")
            if state == "0A" and int(number, 16) == port:
                found.add(bytes.fromhex(address)[::-1])
    return found


def test_top_shows_its_pops_and_that_no_alert_fires(fleet: Fleet, files: Path) -> None:
    wait_for("rules", lambda: get(fleet, "prometheus", "/api/v1/rules"), SCRAPED_SECONDS)
    command = (sys.executable, "-m", "dnsfleet_cli", "top", "--once", "--state-dir")
    shown = subprocess.run(
        [*command, str(files.parent / "state")], capture_output=True, text=True, timeout=60
    )
    assert (shown.returncode, shown.stderr) == (0, "")
    _, alerts, _, head, *rows = shown.stdout.splitlines()
    assert (alerts, head.split()[0]) == ("no alerts", "POP")
    assert {row.split()[0]: row.split()[1:3] for row in rows}["fra"] == ["1/1", "1"]


def test_top_draws_again_and_gives_the_screen_back(fleet: Fleet, files: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    command = (sys.executable, "-m", "dnsfleet_cli", "top", "--state-dir")
    with subprocess.Popen(
        [*command, str(files.parent / "state")], stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        drawn = b""
        while drawn.count(b"\x1b[H") < 2:
            drawn += os.read(ours, 65536)
        process.send_signal(signal.SIGINT)
        while not drawn.endswith(b"\x1b[?1049l"):
            drawn += os.read(ours, 65536)
        assert process.wait(30) == 0
    os.close(ours)
    assert drawn.startswith(b"\x1b[?1049h")
    assert b" queries/s" in drawn and b"Traceback" not in drawn


def test_every_expression_of_the_dashboards_gives_data(fleet: Fleet, files: Path) -> None:
    pending = [each for each in dashboards.expressions() if each.has_data]
    assert len(pending) > 50
    addresses = itertools.cycle(range(2, 250))
    deadline = time.monotonic() + DATA_SECONDS
    while pending and time.monotonic() < deadline:
        changed = zone("one", f"192.0.2.{next(addresses)}") + "---\n" + pops("fra", "iad")
        replace(files / "all.yaml", changed)
        for server, name in itertools.product(fleet.servers * 20, ("www.one", "none.one", "a.one")):
            with contextlib.suppress(dns.exception.Timeout):
                ask(server, f"{name}.example")
        pending = [each for each in pending if not gives_data(fleet, each.text)]
        time.sleep(1)  # Prometheus looks every five seconds
    assert pending == []


def gives_data(fleet: Fleet, expression: str) -> bool:
    """Whether it has a value that is a number; 0/0 is none."""
    return any(sample["value"][1] != "NaN" for sample in query(fleet, expression))


def test_the_other_expressions_are_well_formed(fleet: Fleet) -> None:
    for each in dashboards.expressions():
        if not each.has_data:
            text = urllib.parse.urlencode({"query": each.text})
            found = get(fleet, "prometheus", f"/api/v1/query?{text}")
            assert found is not None and found["status"] == "success", each


def test_what_is_said_to_be_without_data_has_none(fleet: Fleet) -> None:
    """What fails this has data now: take it off WITHOUT_DATA."""
    found = [key for key in dashboards.WITHOUT_DATA if query(fleet, dashboards.selector(key))]
    assert found == []


def test_what_is_not_installed_is_told_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = one_zone_at_one_pop(tmp_path / "manifests")
    monkeypatch.setenv("PATH", os.devnull)
    result = up(files, tmp_path / "state", free_ports(1), "--observe")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "dnsfleet: --observe needs prometheus, which is not in the PATH; on Debian: "
        "apt install prometheus prometheus-alertmanager\n"
    )
    assert not (tmp_path / "state").exists()
