"""What docs/metrics.md says is on the /metrics of real processes, and nothing else is."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import dns.exception
import pytest
from prometheus_client.parser import text_string_to_metric_families
from support import metrics_document, tunnels
from support.fleet import Fleet
from support.ports import free_port
from support.tunnels import End
from support.up_runs import ask, one_zone_at_one_pop
from support.waiting import wait_for

from bench.operator_fleets import running
from bench.operator_objects import Size

SECONDS = 60.0
WRITTEN = metrics_document.written(metrics_document.PAGE.read_text())
WELL = {"dnsfleet_probe_current": "every zone is as published"}
_SAMPLES = ("_bucket", "_sum", "_count")

OPERATOR_ABSENT = {
    "dnsfleet_zone_pop_current": "every Pop answers every zone",
    "dnsfleet_zone_signature_expiry_timestamp_seconds": "no zone is signed",
    "dnsfleet_operator_api_denied": "nothing is denied",
    "dnsfleet_orphan_removal_timestamp_seconds": "there is no orphan",
    "dnsfleet_pop_certificate_expiry_timestamp_seconds": "no Pop is in another cluster",
    "dnsfleet_pop_queries_per_second": "the simulated edge answers no queries",
    "dnsfleet_pop_servfail_ratio": "the same",
    "dnsfleet_pop_edge_memory_bytes": "the same",
    "dnsfleet_operator_tsig_keys": "there is no gate",
    "dnsfleet_operator_primaries_asked_total": "no zone has primaries",
    "dnsfleet_zone_refreshed": "the same",
    "dnsfleet_zone_refresh_timestamp_seconds": "the same",
    "dnsfleet_zone_expiry_timestamp_seconds": "the same",
    "dnsfleet_catalog_members": "no zone is a catalog of primaries",
    "dnsfleet_zone_members_synced": "the same",
}
"""What has no series here, and why."""


def scrape(url: str) -> str:
    """A live page; empty where nobody listens yet."""
    try:
        with urlopen(url, timeout=SECONDS) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def shown(page: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Type and labels of each metric that has a series on a page."""
    found = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            suffix = next((each for each in _SAMPLES if sample.name.endswith(each)), "")
            name = sample.name.removesuffix(suffix) if family.type == "histogram" else sample.name
            found[name] = family.type, frozenset(sample.labels) - {"le"}
    return found


def expected(role: str, absent: Mapping[str, str]) -> dict[str, tuple[str, frozenset[str]]]:
    """The same for what the page of the documentation says of a role."""
    registered = metrics_document.described(metrics_document.registries()[role])
    return {
        name: (kind, frozenset(labels))
        for rows in WRITTEN.values()
        for name, (kind, labels) in rows.items()
        if name in registered and name not in absent
    }


def check(url: str, role: str, absent: Mapping[str, str]) -> None:
    """Wait until a live page has all that the documentation says, and compare."""
    wanted, page = expected(role, absent), ""

    def is_complete() -> bool:
        nonlocal page
        page = scrape(url)
        return wanted.keys() <= shown(page).keys()

    with suppress(AssertionError):  # what is missing tells more
        wait_for("its metrics", is_complete, SECONDS)
    assert shown(page) == wanted
    found = subprocess.run(
        ["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The configuration of the one edge of a fleet that `dnsfleet up` runs."""
    folder = tmp_path_factory.mktemp("up")
    with Fleet(one_zone_at_one_pop(folder / "files"), folder / "state", 1) as fleet:
        wait_for("an answer", lambda: _is_answered(fleet), SECONDS)
        (config,) = folder.rglob("edge.json")
        yield json.loads(config.read_text())


def test_an_edge_of_up(edge: dict[str, Any]) -> None:
    host, port = edge["http"]
    check(f"http://{host}:{port}/metrics", "Edge", {})


def test_a_prober_of_up(edge: dict[str, Any], tmp_path: Path) -> None:
    replica, address = urlsplit(edge["replica_url"]), f"127.0.0.1:{free_port()}"
    program = str(Path(sys.executable).with_name("dnsfleet-probe"))
    where = ("--replica", f"{replica.hostname}:{replica.port}", "--http", address)
    password = tmp_path / "edge"
    password.write_text(replica.password or "")
    user = ("--user", "edge", "--password-file", str(password))
    process = subprocess.Popen([program, *where, *user, "--public-key", edge["public_key"]])
    try:
        check(f"http://{address}/metrics", "Probe", WELL)
    finally:
        process.terminate()
        assert process.wait(SECONDS) == 0


def test_an_operator(tmp_path: Path) -> None:
    with running(Size(2), tmp_path) as fleet:
        fleet.wait_for_all(fleet.start(), SECONDS)
        check(f"http://127.0.0.1:{fleet.http_port}/metrics", "Operator", OPERATOR_ABSENT)


def test_the_end_of_a_tunnel_at_a_core(tmp_path: Path) -> None:
    authority = tunnels.authority()
    folder = tunnels.write(tmp_path / "server", tunnels.server(authority), authority)
    pop = tunnels.write(tmp_path / "client", tunnels.client(authority), authority)
    with (
        socket.create_server(("127.0.0.1", 0)) as core,
        End(folder, core.getsockname()[1]) as end,
        tunnels.secure(end.port, pop, pop),
    ):
        check(end.metrics_url, "Tunnel", {})


def _is_answered(fleet: Fleet) -> bool:
    try:
        return ask(fleet.servers[0], "www.one.example") is not None
    except (OSError, dns.exception.Timeout):
        return False
