"""Versions may differ by one: what a newer one says beside is left out, and the rest counts."""

import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import (
    ack_slots,
    acks,
    announcements,
    command_words,
    manifests,
    pop_commands,
    pop_reports,
    pop_specs,
    public_keys,
)
from dnsfleet.replication.acks import Ack, Load
from dnsfleet.replication.command_words import DONE, Begun, Journal, Outcome
from dnsfleet.replication.encoding import Payload
from dnsfleet.replication.manifests import FleetHead, Manifest
from dnsfleet.replication.pop_commands import PopCommand, Request
from dnsfleet.replication.pop_reports import EdgeWord, Report
from dnsfleet.replication.pop_specs import SignedPop
from dnsfleet.replication.revisions import Revision

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = [KEY.public_key()]
REVISION = Revision(7, 2)
ACK = Ack(
    *(7, {"a.": "why"}, 1, 50),
    told=7,
    total=5,
    started_ms=40,
    refreshed=REVISION,
    load=Load(1, 2, 3),
)
OUTCOME = Outcome("request", DONE, "", 50)
BEGUN = Begun(Request("other", "snapshot", "", 40, 60), REVISION)
JOURNAL = Journal(REVISION, (OUTCOME,), (BEGUN,))
COMMAND = PopCommand("fra", REVISION, BEGUN.request)
SPEC = SignedPop("fra", REVISION, 3, {"edge": {"shards": 4}}, public_keys.to_pem(PUBLIC), "1")
MANIFEST = Manifest(
    *("a.example.", REVISION, None, 7, 1, bytes(32), 2, 2, 50),
    Payload(REVISION, 1, 10, bytes(32)),
    chain_hash=bytes(32),
)
FLEET = FleetHead(7, 7, 1, names=2, total=3)
REPORT = Report(
    100,
    *("1", REVISION, 3),
    problem=("ApplyFailed", "refused"),
    ready=1,
    words=(EdgeWord("e1", 1, ACK),),
    outcomes=(OUTCOME,),
)
MORE = {"later": {"deep": [1, None]}, "more": "text"}


def signed(data: bytes, context: bytes) -> bytes:
    """A head with more fields, signed by the same key."""
    return manifests.seal(json.loads(data[64:]) | MORE, context, KEY)


def said(data: bytes) -> Any:
    return json.loads(zlib.decompress(data))


@pytest.mark.parametrize(
    ("read", "data", "means"),
    [
        (acks.decode, json.dumps(json.loads(acks.encode(ACK)) | MORE).encode(), ACK),
        (
            lambda data: manifests.verify(data, PUBLIC),
            signed(manifests.sign(MANIFEST, KEY), b"dnsfleet zone\0"),
            MANIFEST,
        ),
        (
            lambda data: manifests.verify_fleet(data, PUBLIC),
            signed(manifests.sign_fleet(FLEET, KEY), b"dnsfleet fleet\0"),
            FLEET,
        ),
        (
            lambda data: pop_commands.verify(data, "fra", PUBLIC),
            signed(pop_commands.sign(COMMAND, KEY), b"dnsfleet command\0"),
            COMMAND,
        ),
    ],
    ids=["ack", "manifest", "fleet head", "command"],
)
def test_fields_of_a_newer_version_change_nothing(
    read: Callable[[bytes], object], data: bytes, means: object
) -> None:
    assert read(data) == means


def test_values_at_the_end_of_the_lists_of_an_ack_are_left_out() -> None:
    longer = json.loads(acks.encode(ACK))
    longer["load"].append(9)
    assert acks.decode(json.dumps(longer).encode()) == ACK


def test_a_journal_that_a_newer_operator_kept_is_read() -> None:
    longer = json.loads(command_words.encode(JOURNAL)) | MORE
    longer["outcomes"][0].append("more")
    longer["begun"][0].append("more")
    assert command_words.decode(json.dumps(longer)) == JOURNAL


def test_a_slot_has_whose_it_is_whatever_the_ack_says() -> None:
    more = json.dumps(json.loads(acks.encode(ACK)) | MORE).encode()
    assert ack_slots.decode(b"fra/e1 50\n" + more) == ack_slots.Word("fra/e1", 50, ACK)
    unreadable = ack_slots.decode(b"fra/e1 50\n" + b"\xa1 packed in another way")
    assert unreadable == ack_slots.Word("fra/e1", 50, None)


def test_an_entry_of_the_log_is_read_beside_fields_of_a_newer_writer() -> None:
    fields = {b"zone": b"a.example.", b"revision": b"7.2", b"after": b"6"}
    entry = announcements.read_entry(b"7-0", fields)
    assert entry is not None
    assert announcements.read_entry(b"7-0", fields | {b"later": b"more"}) == entry


def test_a_signed_spec_names_the_fields_that_are_not_known() -> None:
    found = pop_specs.verify(signed(pop_specs.sign(SPEC, KEY), b"dnsfleet pop\0"), SPEC.pop, PUBLIC)
    assert found.unknown == ("later", "more")
    assert (found.revision, found.spec) == (SPEC.revision, SPEC.spec)


def test_a_report_names_the_fields_that_are_not_known() -> None:
    """Also values at the end of lists are left out."""
    longer = said(pop_reports.encode(REPORT)) | MORE
    longer["edges"].append(9)
    longer["problem"].append("more")
    longer["words"][0].append({"later": 1})
    longer["outcomes"][0].append("more")
    found = pop_reports.decode(zlib.compress(json.dumps(longer).encode()))
    assert found == REPORT._replace(unknown=("later", "more"))
    assert "later" not in said(pop_reports.encode(found))
