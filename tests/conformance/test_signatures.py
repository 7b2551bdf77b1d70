"""Wrong signatures in replies are found by the judge that `test_denial` asks."""

from collections.abc import Callable
from pathlib import Path

import dns.message
import dns.rrset
import pytest
from dns.rdatatype import RRSIG
from dnsfleet.zones import master_files
from dnsfleet_engine import Engine
from support import signatures, zone_signers
from support.signatures import Signatures

ORIGIN = "example."
ZONE = """\
example. 300 SOA ns.example. host.example. 1 7200 900 1209600 60
example. 300 NS ns.example.
ns.example. 300 A 192.0.2.1
www.example. 300 A 192.0.2.2
*.wild.example. 300 A 192.0.2.3
old.example. 300 DNAME wild.example.
cut.example. 300 NS ns.cut.example.
"""
ASKED = ["www.example", "no.example", "a.wild.example", "b.old.example", "c.cut.example"]
# The wildcard above stands for names that begin with `*` too.
ASKED += ["*.a.wild.example"]

Section = list[dns.rrset.RRset]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("signed") / "zone"
    file.write_text(ZONE)
    zone_signers.bind("ED25519")(ORIGIN, file)
    return file


@pytest.fixture(scope="module")
def replies(file: Path) -> list[bytes]:
    engine = Engine()
    zone, violations = master_files.read(file.read_bytes(), "signed", ORIGIN)
    assert zone is not None, violations
    engine.load(zone)
    found = []
    for name in ASKED:
        query = dns.message.make_query(name, "A", want_dnssec=True)
        reply = engine.respond(query.to_wire())
        assert reply is not None
        found.append(reply)
    return found


def without(section: Section, signature: dns.rrset.RRset) -> None:
    section.remove(signature)


def with_another_ttl(section: Section, signature: dns.rrset.RRset) -> None:
    signature.ttl += 1


def with_other_octets(section: Section, signature: dns.rrset.RRset) -> None:
    (rdata,) = signature
    octets = bytes([rdata.signature[0] ^ 1]) + rdata.signature[1:]
    signature.clear()
    signature.add(rdata.replace(signature=octets))


def test_what_a_signer_signed_holds(file: Path, replies: list[bytes]) -> None:
    judge = Signatures({ORIGIN: signatures.keys(file, ORIGIN)})
    assert not [fault for reply in replies for fault in judge.faults(reply)]
    assert judge.count > len(replies)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (without, "no signature"),
        (with_another_ttl, "another TTL"),
        (with_other_octets, "a signature that does not hold"),
    ],
)
def test_a_wrong_signature_is_found_wherever_it_is(
    file: Path,
    replies: list[bytes],
    change: Callable[[Section, dns.rrset.RRset], None],
    fault: str,
) -> None:
    keys = {ORIGIN: signatures.keys(file, ORIGIN)}
    changed = 0
    for reply in replies:
        right = dns.message.from_wire(reply)
        for number, rrsets in enumerate((right.answer, right.authority)):
            for place, rrset in enumerate(rrsets):
                if rrset.rdtype != RRSIG:
                    continue
                wrong = dns.message.from_wire(reply)
                section = (wrong.answer, wrong.authority)[number]
                change(section, section[place])
                (found,) = Signatures(keys).faults(wrong.to_wire())
                assert found.startswith(fault)
                changed += 1
    assert changed > len(replies)
