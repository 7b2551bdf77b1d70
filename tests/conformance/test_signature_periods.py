"""Until when signed zones are valid: the engine, and a validator that verifies the signatures."""

from pathlib import Path

import dns.dnssec
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone
import pytest
from dnsfleet.zones import master_files
from support.zone_signers import SIGNERS, Signer

ORIGIN = "example.com."
RECORDS = """\
example.com. 300 SOA ns1.example.net. host.example.com. 1 7200 900 1209600 60
example.com. 300 NS ns1.example.net.
www.example.com. 300 A 192.0.2.1
*.wild.example.com. 300 TXT "wild"
cut.example.com. 300 NS ns.cut.example.com.
cut.example.com. 300 DS 1 13 2 00000000000000000000000000000000000000000000000000000000000000aa
ns.cut.example.com. 300 A 192.0.2.2
"""
# Within 68 years of when the tests run: the engine needs it for times of 32 bits.
NOW = 1_800_000_000


def _invalid(zone: dns.zone.Zone, now: int) -> set[tuple[str, str]]:
    """Owner and type of the signed RRsets that a validator does not take at a moment."""
    origin = dns.name.from_text(ORIGIN)
    keys = {origin: zone.get_rrset(origin, "DNSKEY")}
    found = set()
    for owner, node in zone.nodes.items():
        for rdataset in node.rdatasets:
            covered = rdataset.covers
            if rdataset.rdtype != dns.rdatatype.RRSIG:
                continue
            rrset = zone.get_rrset(owner, covered)
            signatures = dns.rrset.from_rdata_list(owner, rdataset.ttl, list(rdataset))
            try:
                dns.dnssec.validate(rrset, signatures, keys, origin, now)
            except dns.dnssec.ValidationFailure:
                found.add((owner.to_text(), dns.rdatatype.to_text(covered)))
    return found


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.name)
def test_a_zone_is_valid_for_its_period_and_for_no_longer(signer: Signer, tmp_path: Path) -> None:
    file = tmp_path / "zone"
    file.write_text(RECORDS)
    signer.sign(ORIGIN, file)
    made, violations = master_files.read(file.read_bytes(), str(file), ORIGIN)
    assert made is not None, violations
    period = made.signature_period(NOW)
    assert period is not None
    (begins, *first), (ends, *last) = period
    zone = dns.zone.from_text(file.read_text(), ORIGIN, relativize=False)
    assert _invalid(zone, begins) == _invalid(zone, ends) == set()
    assert tuple(first) in _invalid(zone, begins - 1)
    assert tuple(last) in _invalid(zone, ends + 1)
