"""A signed zone in a fleet of `dnsfleet up` is signed anew again and again under queries.

New signatures, new salts, from NSEC to NSEC3 and back, ZSKs and KSKs rolled: each version is
renamed into place while clients ask. No reply may be bogus. `support.signed_replies` has the
clients, and tells what each of them sees.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.zone
import pytest
from dnsfleet.zones import master_files
from dnsfleet_engine import Engine
from support.fleet import Fleet, replace
from support.resigned_zones import STEPS, ResignedZone
from support.signed_replies import AskingEdges, AskingValidator
from support.up_runs import pops
from support.validators import UNCACHED, validating
from support.waiting import wait_for

RESIGNINGS = int(os.environ.get("RESIGNINGS") or len(STEPS))
"""All steps once. `RESIGNINGS=1000` is the long form, about fifteen minutes."""
SEED = 4035
POPS = ("fra", "sin")
ORIGIN = "signed.example."
READY_SECONDS = 60
CHANGE_SECONDS = 30
EDGES_ASKED = 500
VALIDATOR_ASKED = 20
"""Replies to each client that begin and end with one version."""
ASKED_SECONDS = 30
MANIFEST = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: signed}
spec: {origin: signed.example, zoneFile: {path: signed.zone}}
"""


@pytest.mark.timeout(180 + 10 * RESIGNINGS)
def test_no_reply_is_bogus_while_a_zone_is_resigned(tmp_path: Path) -> None:
    zone = ResignedZone(tmp_path / "signer", ORIGIN)
    folder = tmp_path / "manifests"
    folder.mkdir()
    replace(folder / "signed.yaml", MANIFEST)
    replace(folder / "pops.yaml", pops(*POPS))
    replace(folder / "signed.zone", zone.sign())
    with Fleet(folder, tmp_path / "state", len(POPS)) as fleet:
        fleet.wait("ready", READY_SECONDS)
        with (
            validating(
                fleet.servers[0], [ORIGIN], zone.anchors, tmp_path / "validator", UNCACHED
            ) as validator,
            AskingEdges(fleet.servers, zone, SEED) as edges,
            AskingValidator(validator, zone, SEED) as through,
        ):
            for _ in range(RESIGNINGS):
                replace(folder / "signed.zone", zone.sign())
                version = zone.version
                wait_for(
                    f"version {version}",
                    lambda version=version: edges.seen_everywhere(version) or edges.faults,
                    CHANGE_SECONDS,
                )
                edges.go_on(EDGES_ASKED)
                through.go_on(VALIDATOR_ASKED)
        events = fleet.events
    print(f"{RESIGNINGS} versions, {edges.asked} replies, {through.asked} through unbound")
    print(*edges.faults, *through.faults, sep="\n")
    assert edges.faults == []
    assert through.faults == []
    assert [e for e in events if e["event"] in ("rejected", "held", "warned")] == []
    published = [event["serial"] for event in events if event["event"] == "published"]
    assert published == [zone.serial - RESIGNINGS + step for step in range(RESIGNINGS + 1)]


def test_a_wrong_signature_is_found_by_both_clients(tmp_path: Path) -> None:
    zone = ResignedZone(tmp_path / "signer", ORIGIN)
    text = zone.sign().replace("192.0.0.0", "192.0.2.1")
    with _asked(text, zone, tmp_path) as (edges, through):
        wait_for("the edge's client finds it", lambda: edges.faults, ASKED_SECONDS)
        wait_for("the validator finds it", lambda: through.faults, ASKED_SECONDS)
    assert "A: verify failure" in edges.faults[0]
    assert "rcode SERVFAIL" in through.faults[0]


def test_a_reply_of_two_versions_is_found(tmp_path: Path) -> None:
    """Each of its signatures is valid, so a validator believes it."""
    zone = ResignedZone(tmp_path / "signer", ORIGIN)
    old, new = (dns.zone.from_text(zone.sign(), ORIGIN, relativize=False) for _ in range(2))
    for rtype, covers in (("NSEC", "NONE"), ("RRSIG", "NSEC")):
        new.replace_rdataset(ORIGIN, old.find_rdataset(ORIGIN, rtype, covers))
    with _asked(new.to_text(relativize=False), zone, tmp_path) as (edges, through):
        wait_for("it is found", lambda: edges.faults, ASKED_SECONDS)
        through.go_on(VALIDATOR_ASKED)
    assert "of versions {0, 1}" in edges.faults[0]
    assert through.faults == []


@contextmanager
def _asked(
    text: str, zone: ResignedZone, folder: Path
) -> Iterator[tuple[AskingEdges, AskingValidator]]:
    """Both clients at an engine of its own, which has a zone as it is, however wrong."""
    built, found = master_files.read(text.encode(), "planted", ORIGIN)
    assert built is not None, found
    engine = Engine()
    engine.load(built)
    server = engine.start([("127.0.0.1", 0)], 1)[0]
    try:
        with (
            validating(server, [ORIGIN], zone.anchors, folder / "validator", UNCACHED) as validator,
            AskingEdges([server], zone, SEED) as edges,
            AskingValidator(validator, zone, SEED) as through,
        ):
            yield edges, through
    finally:
        engine.stop()
