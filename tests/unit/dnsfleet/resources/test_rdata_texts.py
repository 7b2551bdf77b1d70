"""How rdata is read and written: what dnspython reads differently, or does not know."""

import pytest
from dnsfleet.violations import Violation
from dnsfleet.zones import master_files
from support.encoded_zones import wire_records

APEX = b"@ 300 SOA ns1 hostmaster 1 7200 900 1209600 300\n@ 300 NS ns1.example.net.\n"

PLACE = "0 0 0.000 N 0 0 0.000 E"
SIGNED = "20300101000000 20200101000000 1 example.com. AQID"

TEXTS = [
    # type, what is read, what is written
    ("SVCB", b'1 . alpn="h2,h3"', '1 . alpn="h2,h3"'),
    ("SVCB", b"1 . port=53 alpn=h2", '1 . alpn="h2" port=53'),
    ("SVCB", b'1 . key667="\xe9\\233" key668=a\\"b', '1 . key667="\\233\\233" key668="a\\"b"'),
    ("SVCB", b"1 . key1=\\002h2", '1 . alpn="h2"'),
    ("SVCB", b"0 svc port=53", "0 svc.example.com. port=53"),
    ("HTTPS", b'1 . ( alpn="h2" ; first\n ech="AEb+DQ==" )', '1 . alpn="h2" ech=AEb+DQ=='),
    ("HTTPS", b'1 . dohpath="/q{?dns}"', '1 . dohpath="/q{?dns}"'),
    (
        "HTTPS",
        b"1 . mandatory=port,alpn port=1 alpn=h2",
        '1 . mandatory=alpn,port alpn="h2" port=1',
    ),
    ("HTTPS", b'1 . no-default-alpn="" alpn=a', '1 . alpn="a" no-default-alpn'),
    ("HTTPS", b"\\# 3 000100", "1 ."),
    ("URI", b'1 2 "\xe9\xc3\xa9\\"\\233"', '1 2 "\\233\\195\\169\\"\\233"'),
    ("LP", "1 é".encode(), "1 \\195\\169.example.com."),
    ("CNAME", "é".encode(), "xn--9ca.example.com."),
    ("SVCB", b"1 . key65535=x", '1 . key65535="x"'),
    ("URI", b'1 2 ""', '1 2 ""'),
    ("LOC", b"0 N 0 E 0.29m", f"{PLACE} 0.29m 1m 10000m 10m"),
    ("LOC", b"0 N 0 E -0.01 0.07m 8.99m 90000000m", f"{PLACE} -0.01m 0.07m 8m 90000000m"),
    ("LOC", b"0 N 0 E -100000.00", f"{PLACE} -100000.00m 1m 10000m 10m"),
    ("LOC", b"0 N 0 E 42849672.95", f"{PLACE} 42849672.95m 1m 10000m 10m"),
    (
        "LOC",
        b"90 S 179 59 59.999 W 1.5",
        "90 0 0.000 S 179 59 59.999 W 1.50m 1m 10000m 10m",
    ),
    ("LOC", b"\\# 16 01000000000000000000000000000000", "\\# 16 01" + 15 * "00"),
    ("NID", b"10 14:4fff:0:ee64", "10 0014:4fff:0000:ee64"),
    ("L64", b"10 1:2:3:4", "10 0001:0002:0003:0004"),
    ("IPSECKEY", b"10 0 0 .", "10 0 0 ."),
    ("IPSECKEY", b"10 1 2 192.0.2.1 AQID", "10 1 2 192.0.2.1 AQID"),
    ("NSEC3", b"1 0 5 AB 2T7B4G4V NS A", "1 0 5 AB 2T7B4G4V A NS"),
    ("NSEC3", b"1 0 0 - 2t7b4g4v", "1 0 0 - 2T7B4G4V"),
    ("EID", b"e32c 6f78", "E32C6F78"),
    ("NIMLOC", b"32251a03", "32251A03"),
    ("ATMA", b"+61.2.0000.0000", "+61200000000"),
    ("ATMA", b"39.246f.00", "39246F00"),
    ("ATMA", b"\\# 2 0201", "\\# 2 0201"),
    ("TALINK", b"a b.", "a.example.com. b."),
    ("DOA", b'0 1 2 "text/html" aGk=', '0 1 2 "text/html" aGk='),
    ("DOA", b'1 2 3 "" -', '1 2 3 "" -'),
    ("RKEY", b"0 3 8 AQID", "0 3 8 AQID"),
    ("NXT", b"a A MX NXT", "a.example.com. A MX NXT"),
    ("NXT", b"a 1 TYPE119 119", "a.example.com. A TYPE119"),
    ("NXT", b"\\# 3 00ffff", "\\# 3 00FFFF"),
    ("WKS", b"10.0.0.1 TCP ( smtp\n ftp 8080 )", "10.0.0.1 6 21 25 8080"),
    ("A6", b"64 ::1:2 net", "64 ::1:2 net.example.com."),
    ("A6", b"0 2001:db8::1", "0 2001:db8::1"),
    ("APL", b"\\# 0", "\\# 0"),
    ("SIG", b"0 8 0 0 1 0 0 . AQID", "TYPE0 8 0 0 19700101000001 19700101000000 0 . AQID"),
    ("SINK", b"1 2 3 AQID", "1 2 3 AQID"),
    ("KEY", b"49152 3 8", "49152 3 8"),
]


def _rdata(rtype: str, text: bytes) -> tuple[bytes, str]:
    """The wire form of a text, and the text that is written for it."""
    zone, found = master_files.read(
        APEX + b"x 300 %s %s\n" % (rtype.encode(), text), "z", "example.com."
    )
    assert zone is not None, found
    _, (written,) = zone.get("x", rtype) or (0, [""])
    return next(
        record[3] for record in wire_records(zone.encode()) if record[0][:2] == b"\1x"
    ), written


@pytest.mark.parametrize(("rtype", "text", "expected"), TEXTS)
def test_rdata_is_read_and_written(rtype: str, text: bytes, expected: str) -> None:
    wire, written = _rdata(rtype, text)
    assert written == expected
    assert _rdata(rtype, written.encode()) == (wire, written)


REFUSED = [
    ("SVCB", "\\# 2 0001", "not the wire form of PRIORITY TARGET KEY=VALUE…"),
    ("SVCB", "\\# 10 000100 00040003 c00002", "not the wire form of PRIORITY TARGET KEY=VALUE…"),
    ("SVCB", "1 . key4=x", '"x" is not a value of ipv4hint: a list of IPv4 addresses'),
    ("SVCB", "1 . bogus=x", '"bogus" is not a key; write keyNNN'),
    ("SVCB", "1 . key007=x", '"key007" is not a key; write keyNNN'),
    ("SVCB", "1 . ALPN=h2", '"ALPN" is not a key; write keyNNN'),
    ("SVCB", "1 . key65536=x", '"key65536" is not a key; write keyNNN'),
    ("SVCB", '1 . alpn="h2"port=53', "a blank is missing behind a quoted value"),
    ("SVCB", "1 . port=5\\051", "is not a value of port: a port from 0 to 65535"),
    ("SVCB", "1 . dohpath", '"" is not a value of dohpath: at least one octet'),
    ("SVCB", '1 . alpn= "h2"', '"" is not a value of alpn: a list of strings of 1 to 255 octets'),
    (
        "SVCB",
        "1 . alpn=h2,,h3",
        '"h2,,h3" is not a value of alpn: a list of strings of 1 to 255 octets',
    ),
    ("SVCB", "1 . port=53 port=54", "port is given twice"),
    ("SVCB", "1 . mandatory=port", "mandatory names port, which is not given"),
    (
        "SVCB",
        "1 . mandatory=mandatory",
        '"mandatory" is not a value of mandatory: a list of other keys',
    ),
    ("SVCB", "1 . no-default-alpn", "no-default-alpn needs alpn"),
    ("SVCB", "1 . port", '"" is not a value of port: a port from 0 to 65535'),
    ("LOC", "90 1 N 0 E 0", "more than 90 degrees N or S"),
    ("LOC", "91 N 0 E 0", '"91" is not a number from 0 to 90'),
    ("LOC", "1 60 N 0 E 0", '"60" is not minutes from 0 to 59, N or S'),
    ("LOC", "1 1 60 N 0 E 0", '"60" is not seconds from 0 to 59.999, N or S'),
    ("LOC", "0 N 0 E -100000.01", '"-100000.01" is not metres from -100000.00 to 42849672.95'),
    ("LOC", "0 N 0 E 0 90000001", '"90000001" is not metres from 0 to 90000000.00'),
    ("LOC", "\\# 16 00ff0000800000008000000000000000", "not the wire form of DEGREES"),
    ("NSEC3", "\\# 4 01000000", "not the wire form of HASH-ALGORITHM"),
    ("NSEC3", "1 0 0 - x!", "not Base 32"),
    ("URI", "1 1 a b", 'too many fields, write PRIORITY WEIGHT "TARGET"'),
    ("URI", "\\# 3 000100", 'not the wire form of PRIORITY WEIGHT "TARGET"'),
    ("LOC", "0 n 0 E 0", '"n" is not minutes from 0 to 59, N or S'),
    ("LOC", "0 N 0 E 0M", '"0M" is not metres from -100000.00 to 42849672.95'),
    ("NID", "10 1:2:3", '"1:2:3" is not four groups of hex digits'),
    ("L64", "10 1:2:3:4:5", '"1:2:3:4:5" is not four groups of hex digits'),
    ("EUI48", "00-00-5e-00-53", '"00-00-5e-00-53" is not an address as 00-00-5e-00-53-2a'),
    ("IPSECKEY", "10 0 2 .", "algorithm 0 stands for no key"),
    ("IPSECKEY", "10 0 0 . AQID", "algorithm 0 stands for no key"),
    ("IPSECKEY", "\\# 2 0a00", "not the wire form of PRECEDENCE"),
    ("ZONEMD", "1 1 1 00", "digest of 1 octets, type 1 has 48"),
    ("DLV", "1 8 2 00", "digest of 1 octets, type 2 has 32"),
    ("APL", "1:192.0.2.0/33", '"1:192.0.2.0/33" is not a prefix as 1:192.0.2.0/24'),
    ("NXT", "a URI", '"URI" is not a type from 1 to 127'),
    ("KEY", "256 3 8", "the key is missing"),
    ("RKEY", "0 3 8", "the key is missing"),
    ("RKEY", "1 3 8 AQID", "the flags are not 0"),
    ("RRSIG", f"A 8 3 1h {SIGNED}", '"1h" is not a number from 0 to 4294967295'),
    ("SIG", f"A 8 3 1W2d {SIGNED}", '"1W2d" is not a number from 0 to 4294967295'),
    ("A", "parked", "no address, GoDaddy answered with that of its own page for a parked name"),
    ("NULL", "x", "write it as \\# LENGTH HEX"),
]


@pytest.mark.parametrize(("rtype", "text", "message"), REFUSED)
def test_rdata_is_refused(rtype: str, text: str, message: str) -> None:
    zone, found = master_files.read(APEX + f"x 300 {rtype} {text}\n".encode(), "z", "example.com.")
    assert zone is None
    assert message in found[0].message


WARNED = [
    # the line, reason and message of the warning
    (
        '@ HTTPS 0 other. port="53"',
        "IgnoredSvcParams",
        "example.com. HTTPS: clients ignore parameters beside priority 0",
    ),
    (
        '_dns SVCB 1 . alpn="h2" dohpath="/q"',
        "BadDohpath",
        '_dns.example.com. SVCB: dohpath "/q" is no path with the variable dns, as '
        "/dns-query{?dns}",
    ),
    (
        f"@ DS 1 8 2 {'00' * 32}",
        "DSAtApex",
        "example.com. is the apex, and its DS belongs to the zone above",
    ),
    (
        "www RP first.last@example.net. .",
        "BadMailbox",
        "the mailbox first.last@example.net. of the RP has an @; write a dot in its place: "
        r"first\.last.example.net.",
    ),
    (
        "www MINFO me.example.net. errors@example.com",
        "BadMailbox",
        "the mailbox errors@example.com.example.com. of the MINFO has an @; write a dot in its "
        "place: errors.example.com.",
    ),
]


@pytest.mark.parametrize(("line", "reason", "message"), WARNED)
def test_what_nobody_can_use_is_told(line: str, reason: str, message: str) -> None:
    text = b"$TTL 300\n" + APEX + f"{line}\n".encode()
    zone, found = master_files.read(text, "z", "example.com.")
    assert zone is not None
    assert found == [Violation(reason, message, "z:4", "warning")]
