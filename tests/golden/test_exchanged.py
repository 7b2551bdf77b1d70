"""What one version wrote, the next ones read: a fleet has both while it is upgraded.

Each file in `exchanged` has what a version wrote into the core, base64, by what it is. All of them
mean what WRITTEN says. A version that writes something in another way gets a file of its own, and
the older ones stay until no version beside it can have written them; never change a file.
"""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import ack_slots, manifests, pop_reports, pop_specs
from dnsfleet.replication.ack_slots import Word
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.encoding import Payload
from dnsfleet.replication.manifests import FleetHead, Manifest, Run
from dnsfleet.replication.pop_reports import EdgeWord, Report
from dnsfleet.replication.pop_specs import SignedPop
from dnsfleet.replication.revisions import Revision
from dnsfleet_engine import Zone
from support.zones import hosts, make_zone

FOLDER = Path(__file__).parent / "exchanged"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = [KEY.public_key()]
PEM = """\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAO2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=
-----END PUBLIC KEY-----
"""
BEFORE = make_zone("a.example.", hosts(3), serial=1)
AFTER = make_zone("a.example.", hosts(3, host1="192.0.2.1"), serial=2)
ACK = Ack(
    lsn=41,
    failing={"bad.example.": "why"},
    failing_count=1,
    time_ms=1_800_000_000_000,
    told=42,
    total=2**100 + 1,
    ahead={"new.example.": b"manifest"},
    ahead_count=1,
    started_ms=1_700_000_000_000,
    keys=("0123456789abcdef",),
)
WRITTEN = {
    "ack": Word("fra/edge-1", ACK.time_ms, ACK),
    "report": Report(
        1_800_000_000_000,
        "0.1.0",
        Revision(7, 2),
        3,
        ("spec.later",),
        ("ApplyFailed", "refused"),
        "1 of 2",
        *(2, 2, 3),
        ("192.0.2.1",),
        (EdgeWord("edge-1", 1, ACK), EdgeWord("edge-2", 1, None)),
    ),
    "spec": SignedPop("fra", Revision(7, 2), 3, {"edge": {"shards": 2}}, PEM, "0.1.0"),
    "manifest": Manifest(
        "a.example.",
        Revision(7, 2),
        Revision(7, 1),
        42,
        2,
        AFTER.digest,
        5,
        5,
        1_800_000_000_000,
        Payload(Revision(7, 1), 1, 100, bytes(range(32))),
        (Run(7, 2, 1, 1),),
        50,
        bytes(32),
        ("fra", "iad"),
    ),
    "tombstone": Manifest(
        "b.example.",
        *(Revision(7, 3), Revision(7, 2), 43, 9, b"", 0, 0, 1_800_000_000_000),
        tombstone=True,
    ),
    "fleet": FleetHead(7, 43, 1, names=2**90, total=2**91),
    "snapshot": BEFORE.digest,
    "delta": AFTER.digest,
}


def read(what: str, data: bytes) -> object:
    """What this version makes of it."""
    match what:
        case "ack":
            return ack_slots.decode(data)
        case "report":
            return pop_reports.decode(data)
        case "spec":
            return pop_specs.verify(data, "fra", PUBLIC)
        case "fleet":
            return manifests.verify_fleet(data, PUBLIC)
        case "snapshot":
            return Zone.decode(data).digest
        case "delta":
            return BEFORE.apply(data).digest
    return manifests.verify(data, PUBLIC)


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir()))
def test_what_an_older_version_wrote_is_read(name: str) -> None:
    found = json.loads((FOLDER / name).read_text())
    assert {what: read(what, base64.b64decode(text)) for what, text in found.items()} == WRITTEN
