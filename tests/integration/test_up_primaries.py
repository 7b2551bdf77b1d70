"""`dnsfleet up` with primaries that do what a test says."""

import base64
import threading
import time
from collections.abc import Callable
from pathlib import Path

import dns.query
import dns.rcode
from support.fleet import Fleet, replace
from support.ports import free_port
from support.scripted_primaries import ORIGIN, SECONDS, SECRET, Primary, notify, serving
from support.transfer_servers import Replies
from support.up_runs import pops, zone
from support.waiting import wait_for

SOON_SECONDS = 5.0
"""Far below the refresh of the zone, two hours."""
MANIFEST = f"""\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {{name: one}}
spec:
  origin: {ORIGIN}
  source: {{transfer: {{primaries: [{{address: 127.0.0.1, port: PORT}}], tsigKey: {{name: k}}}}}}
---
"""
KEY = f"""\
apiVersion: dnsfleet.io/v1alpha1
kind: TsigKey
metadata: {{name: k}}
spec:
  secretRef: {{name: k}}
  zones: [one.example]
  for: [primary]
  primaries: [{{address: 127.0.0.1, port: PORT}}]
---
apiVersion: v1
kind: Secret
metadata: {{name: k}}
stringData: {{secret: "{base64.b64encode(SECRET).decode()}"}}
"""


def files_of(folder: Path, port: int) -> Path:
    files = folder / "files"
    files.mkdir()
    (files / "zone.yaml").write_text(MANIFEST.replace("PORT", str(port)) + pops("fra"))
    (files / "key.yaml").write_text(KEY.replace("PORT", str(port)))
    (files / "two.yaml").write_text(zone("two", "192.0.2.2"))
    return files


def test_a_key_that_comes_later_and_a_restart(tmp_path: Path) -> None:
    with serving(Primary()) as primary:
        files = files_of(tmp_path, primary.port)
        (files / "key.yaml").unlink()
        state = tmp_path / "state"
        with Fleet(files, state, 1) as fleet:
            told = fleet.wait("rejected", 60, lambda e: e["reason"] == "TransferFailed")
            assert "there is no usable TsigKey k" in told["message"]
            replace(files / "key.yaml", KEY.replace("PORT", str(primary.port)))
            published = fleet.wait("published", 60, lambda e: e["zone"] == ORIGIN)
            assert published["serial"] == 1
        primary.set(2, 1, 2)
        with Fleet(files, state, 1) as fleet:
            published = fleet.wait("published", 60, lambda e: e["zone"] == ORIGIN)
            assert (published["serial"], published["records"]) == (2, 4)


def test_a_primary_that_stands_still_keeps_nobody_waiting(tmp_path: Path) -> None:
    left = threading.Event()

    def stands_still(_: Primary, __: Replies, ___: Callable[[bytes], object]) -> None:
        left.wait(90)

    try:
        with serving(Primary()) as primary:
            primary.step = stands_still
            with Fleet(files_of(tmp_path, primary.port), tmp_path / "state", 1) as fleet:
                fleet.wait("ready", 60)
                wait_for("the primary is asked", lambda: primary.asked, SECONDS)
                began = time.monotonic()
            assert time.monotonic() - began < 15
            left.set()
    finally:
        left.set()


def test_up_with_a_gate_publishes_what_a_primary_tells_it_of(tmp_path: Path) -> None:
    with serving(Primary()) as primary:
        gate = free_port()
        files = files_of(tmp_path, primary.port)
        with Fleet(files, tmp_path / "state", 1, "--gate", str(gate)) as fleet:
            fleet.wait("published", 60, lambda e: e["zone"] == ORIGIN)
            fleet.wait("transferring", 60)
            primary.set(2, 1, 2)
            position = len(fleet.events)
            reply = dns.query.udp(notify(), "127.0.0.1", SECONDS, gate)
            assert reply.rcode() == dns.rcode.NOERROR
            told = fleet.wait("published", SOON_SECONDS, lambda e: e["zone"] == ORIGIN, position)
            assert told["serial"] == 2
            reply = dns.query.udp(notify("two.example."), "127.0.0.1", SECONDS, gate)
            assert reply.rcode() == dns.rcode.NOTAUTH


def test_a_catalog_is_transferred_and_its_members_need_a_cluster(tmp_path: Path) -> None:
    with serving(Primary()) as primary:
        files = files_of(tmp_path, primary.port)
        text = (files / "zone.yaml").read_text()
        assert text.count("tsigKey: {name: k}}") == 1
        (files / "zone.yaml").write_text(
            text.replace("tsigKey: {name: k}}", "tsigKey: {name: k}, catalog: {}}")
        )
        with Fleet(files, tmp_path / "state", 1) as fleet:
            fleet.wait("warned", SECONDS, lambda e: e["reason"] == "NeedsCluster")
            fleet.wait("rejected", SECONDS, lambda e: e["reason"] == "BrokenCatalog")
