"""Each type that dnspython knows as well, against it."""

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from dnsfleet.zones import master_files
from support.encoded_zones import wire_records

ORIGIN = dns.name.from_text("example.com.")
APEX = "@ 300 SOA ns1 hostmaster 1 7200 900 1209600 300\n@ 300 NS ns1.example.net.\n"
KEY = "AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8no"

TEXTS = [
    ("A", "192.0.2.1"),
    ("AAAA", "2001:DB8::192.0.2.1"),
    ("NS", "Ns1"),
    ("CNAME", r"a\.b.\099"),
    ("PTR", "host.example.net."),
    ("DNAME", "other.example."),
    ("HINFO", '"PC Clone" Linux'),
    ("MX", "10 mail"),
    ("TXT", r'"a b;\"\\" c\;d\200 ""'),
    ("SPF", '"v=spf1 -all"'),
    ("RP", "me txt.me"),
    ("AFSDB", "1 afs"),
    ("RT", "10 relay"),
    ("PX", "10 a b.example."),
    ("SRV", "0 5 5060 sip"),
    ("NAPTR", r'100 10 "u" "E2U+sip" "!^(.*)$!sip:\\1@example.com!" .'),
    ("KX", "10 kx"),
    ("DS", "60485 RSASHA1 1 ( 2BB183AF5F22588179A53B0A 98631fad1a292118 )"),
    ("DS", f"60485 13 2 {'ab' * 32}"),
    ("CDS", "0 0 0 00"),
    ("SSHFP", f"2 1 {'0123456789' * 4}"),
    ("RRSIG", f"TXT 13 3 86400 20300322173103 20200220173103 2642 example.com. {KEY}"),
    ("NSEC", "host A MX RRSIG NSEC TYPE1234 CAA"),
    ("DNSKEY", f"257 3 RSASHA256 {KEY}"),
    ("CDNSKEY", "0 3 0 AA=="),
    ("TLSA", f"3 1 1 {'0f' * 32}"),
    ("SMIMEA", f"3 1 1 {'0f' * 32}"),
    ("CAA", '128 issue "ca.example.net; policy=ev"'),
    ("TYPE65280", r"\# 5 00 01020304"),
    ("NSEC3", "1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX NS RRSIG"),
    ("HTTPS", "1 . alpn=h2,h3 ipv4hint=192.0.2.1"),
    ("LOC", "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m"),
    ("URI", '10 1 "https://example.com/"'),
    ("URI", r'10 1 "https://example.com/\195\169\233\"\\"'),
    ("HTTPS", '1 . alpn="h2"'),
    ("HTTPS", r'1 . alpn="f\\\\oo\\,bar,h2"'),
    ("SVCB", '1 dns alpn="dot" port="853" ech="AAT+DQAA" ipv6hint="2001:db8::1,::"'),
    ("SVCB", '1 dns alpn=h2 dohpath="/dns-query{?dns}" key667="\\010x\\255" key65000'),
    ("SVCB", "16 foo.example.org. mandatory=ipv4hint,alpn alpn=h2 ipv4hint=192.0.2.1"),
    ("SVCB", "1 . no-default-alpn alpn=h2 ohttp"),
    ("SVCB", "0 foo.example.com."),
    ("NSEC3PARAM", "1 0 12 -"),
    ("LOC", "42 21 54 N 71 06 18 W -24m 30m"),
    ("LOC", "0 N 0 E 0"),
    ("APL", "1:192.0.2.0/24 !2:2001:db8::/32 1:0.0.0.0/0"),
    ("IPSECKEY", f"10 3 2 gateway {KEY}"),
    ("IPSECKEY", f"10 2 2 2001:db8::1 {KEY}"),
    ("AMTRELAY", "10 1 3 relay"),
    ("AMTRELAY", "10 0 0 ."),
    ("HIP", f"2 200100107b1a74df365639cc39f1d578 {KEY} rvs rvs.example.net."),
    ("CERT", f"PGP 1 RSASHA256 {KEY}"),
    ("CERT", f"65000 1 0 {KEY}"),
    ("DHCID", KEY),
    ("OPENPGPKEY", KEY),
    ("CSYNC", "66 3 A NS AAAA"),
    ("ZONEMD", f"2018031500 1 1 {'0f' * 48}"),
    ("NID", "10 0014:4fff:ff20:ee64"),
    ("L32", "10 10.1.2.0"),
    ("L64", "10 2001:0DB8:1140:1000"),
    ("LP", "10 l64-subnet1"),
    ("EUI48", "00-00-5e-00-53-2a"),
    ("EUI64", "00-00-5e-ef-10-00-00-2A"),
    ("X25", "311061700956"),
    ("ISDN", '150862028003217 "004"'),
    ("NSAP", "0x47.0005.80.005a00.0000.0001.e133.ffffff000162.00"),
    ("NSAP-PTR", "foo"),
    ("GPOS", "-32.6882 116.8652 10.0"),
    ("WKS", "10.0.0.1 6 25 80 443"),
    ("KEY", f"256 3 8 {KEY}"),
    ("SIG", f"A 8 3 86400 20300322173103 20200220173103 2642 example.com. {KEY}"),
    ("DSYNC", "CDS NOTIFY 5359 scanner.example.net."),
    ("NINFO", '"up" up'),
    ("WALLET", '"BTC" x'),
    ("DLV", f"60485 13 2 {'ab' * 32}"),
]


def _wire(rtype: str, text: str) -> bytes:
    rdtype = dns.rdatatype.from_text(rtype)
    rdata = dns.rdata.from_text(dns.rdataclass.IN, rdtype, text, ORIGIN, relativize=False)
    return rdata.to_wire() or b""


@pytest.mark.parametrize(("rtype", "text"), TEXTS)
def test_is_read_and_written_as_dnspython_does(rtype: str, text: str) -> None:
    file = f"{APEX}x 300 {rtype} {text}\n".encode()
    zone, violations = master_files.read(file, "z", origin="example.com.")
    assert zone is not None, violations
    number = int(dns.rdatatype.from_text(rtype))
    owner = b"\x01x" + (ORIGIN.to_wire() or b"")
    expected = [(owner, number, 300, _wire(rtype, text))]
    assert [record for record in wire_records(zone.encode()) if record[0] == owner] == expected
    rrset = zone.get("x", rtype)
    assert rrset is not None
    assert [_wire(rtype, written) for written in rrset[1]] == [_wire(rtype, text)]
