"""Rdata of transfers: what a name server serves comes octet by octet, whatever dnspython says."""

import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from dnsfleet.zones import master_files
from dnsfleet_engine import Zone
from dnsfleet_publisher.transferring.receiving import Transfer, TransferFault
from support.transfer_servers import Replies

ORIGIN = "example.com."
NS = "example.com. 300 NS ns1.example.net."
OWNER = "x.example.com."
SHA256 = "01" * 31  # one octet less than such a digest has


def soa(serial: int) -> str:
    return f"{ORIGIN} 300 SOA ns1.example.net. h.example.com. {serial} 7200 900 1209600 300"


def generic(rtype: str, octets: str, ttl: int = 60) -> dns.rrset.RRset:
    number = dns.rdatatype.from_text(rtype)
    rdata = dns.rdata.GenericRdata(dns.rdataclass.IN, number, bytes.fromhex(octets))
    return dns.rrset.from_rdata(dns.name.from_text(OWNER), ttl, rdata)


def transferred(*rows: dns.rrset.RRset, serial: int | None = None) -> Transfer:
    """The transfer of a zone with these rows; with `serial`, of changes that add them."""
    begun = Transfer(ORIGIN, None, serial)
    replies = Replies(dns.message.from_wire(begun.query[2:]))
    head = [soa(2), NS] if serial is None else [soa(2), soa(serial), soa(2)]
    assert not begun.feed(replies.message(*head))
    assert not begun.feed(replies.message(change=lambda reply: reply.answer.extend(rows)))
    assert begun.feed(replies.message(soa(2)))
    return begun


def zone_of(text: bytes) -> Zone:
    zone, found = master_files.read(text, "transfer", ORIGIN)
    assert zone is not None, found
    return zone


@pytest.mark.parametrize(
    ("rtype", "octets"),
    [
        ("TLSA", "030101" + SHA256),
        ("SMIMEA", "030101" + SHA256),
        ("SSHFP", "0102" + SHA256),
        ("DS", "000108" + "00" + "0102"),
        ("ZONEMD", "00000002" + "00" + "01" + "01" * 48),
        ("LOC", "01" + "020304050607"),
        ("GPOS", "0161" + "0162" + "0163"),
        ("IPSECKEY", "0a" + "09" + "02" + "0102"),
        ("AMTRELAY", "0a" + "09" + "0102"),
        ("HTTPS", "0000" + "0161" + "00" + "0003" + "0002" + "0050"),
        ("URI", "00010002"),
        ("ISDN", "0131" + "00"),
        ("TYPE65280", ""),
    ],
)
def test_what_is_odd_in_a_record_keeps_no_zone_away(rtype: str, octets: str) -> None:
    data = rf"\# {len(octets) // 2} {octets}".rstrip()
    expected = zone_of(f"{soa(2)}\n{NS}\n{OWNER} 60 {rtype} {data}\n".encode())
    assert zone_of(transferred(generic(rtype, octets)).text).digest == expected.digest
    changes = transferred(generic(rtype, octets), serial=1).changes
    assert changes is not None
    base = transferred().text
    assert zone_of(changes.apply(base)).digest == expected.digest


@pytest.mark.parametrize("ttl", [2**31, 2**32 - 1])
def test_a_ttl_of_more_than_31_bits_is_zero(ttl: int) -> None:
    row = generic("A", "c0000201")
    row.ttl = ttl
    assert zone_of(transferred(row).text).get(OWNER, "A") == (0, ["192.0.2.1"])


def test_a_second_cname_is_told_and_takes_the_place_of_none() -> None:
    text = transferred(generic("CNAME", "016100"), generic("CNAME", "016200")).text
    zone, found = master_files.read(text, "transfer", ORIGIN)
    assert zone is None
    assert [each.reason for each in found] == ["MultipleCNAME"]


@pytest.mark.parametrize(
    ("rtype", "octets"), [("MX", "000a"), ("CNAME", "0161"), ("SRV", "00" * 6), ("NS", "c0ff")]
)
def test_names_that_may_be_compressed_have_to_be_read(rtype: str, octets: str) -> None:
    with pytest.raises(TransferFault, match="not well-formed, after 2 records"):
        transferred(generic(rtype, octets))


def test_a_tsig_stands_at_the_end() -> None:
    begun = Transfer(ORIGIN, None)
    replies = Replies(dns.message.from_wire(begun.query[2:]))
    tsig = generic("TSIG", "00")
    with pytest.raises(TransferFault, match="not well-formed, after 0 records"):
        begun.feed(
            replies.message(
                soa(2), NS, change=lambda reply: reply.additional.extend([tsig, generic("A", "")])
            )
        )
