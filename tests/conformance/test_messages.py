"""Messages that are no plain query, to the engine and to knotd, nsd and named over real sockets.

Malformed names in records, opcodes NOTIFY and UPDATE, and signatures by keys that nobody knows.
Where the other servers agree, the engine says the same.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

import dns.message
import dns.opcode
import dns.query
import dns.tsig
import dns.update
import pytest
from dnsfleet.zones import master_files
from dnsfleet_engine import Engine
from support import exchanges, nameservers
from support.comparisons import Address

ORIGIN = "test."
ZONE = """\
@ 300 SOA ns1.example.net. h.example.net. 1 7200 900 1209600 60
@ 300 NS ns1.example.net.
www 300 A 192.0.2.1
"""
SECONDS = 5.0
IDENT = 4711
NOERROR, FORMERR, NOTIMP, NOTAUTH = 0, 1, 4, 9
A, NS, SOA, MX, SRV, NAPTR, OPT, RRSIG, LP, TSIG = 1, 2, 6, 15, 33, 35, 41, 46, 107, 250
HEADER = 12
OPT_RECORD, OPT_OF_VERSION_1 = (
    struct.pack("!BHHIH", 0, OPT, 1232, version << 16, 0) for version in (0, 1)
)
QUESTION = b"\x03www\x04test\x00" + struct.pack("!HH", A, 1)
END = HEADER + len(QUESTION)
"""Where the first record starts, and a pointer that leads there."""
LONG = (b"\x3f" + b"x" * 63) * 3
ALGORITHM = b"\x0bhmac-sha256\x00"


class Servers(NamedTuple):
    """The engine, then knotd, nsd and named."""

    addresses: list[Address]

    def replies(self, asked: bytes) -> list[bytes]:
        """What each says."""
        return [exchanges.over_udp(address, [asked])[0] for address in self.addresses]

    def rcodes(self, asked: bytes) -> list[int]:
        """The response code of each, without what OPT adds to it."""
        return [reply[3] & 0x0F for reply in self.replies(asked)]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("servers")
    file = folder / "zone"
    file.write_text(ZONE)
    zone, found = master_files.read(file.read_bytes(), file.name, ORIGIN)
    assert zone is not None, found
    engine = Engine()
    engine.load(zone)
    with nameservers.all_serving({ORIGIN: file}, folder) as others:
        [ours] = engine.start([("127.0.0.1", 0)], 1)
        yield Servers([ours, *(others[name] for name in ("knotd", "nsd", "named"))])
        engine.stop()


def message(*records: bytes, flags: int = 0) -> bytes:
    """A query for www.test. A with additional records."""
    return struct.pack("!6H", IDENT, flags, 1, 0, 0, len(records)) + QUESTION + b"".join(records)


def about_zone(opcode: int, *records: bytes) -> bytes:
    """A message of an opcode about test. SOA, as NOTIFY and UPDATE are."""
    counts = struct.pack("!6H", IDENT, opcode << 11, 1, 0, 0, len(records))
    return counts + b"\x04test\x00" + struct.pack("!HH", SOA, 1) + b"".join(records)


def record(owner: bytes, rtype: int, rdata: bytes, rdclass: int = 1) -> bytes:
    return owner + struct.pack("!HHIH", rtype, rdclass, 0, len(rdata)) + rdata


def pointer(at: int) -> bytes:
    return struct.pack("!H", 0xC000 | at)


def tsig(algorithm: bytes = ALGORITHM) -> bytes:
    mac = b"m" * 32
    rdata = algorithm + struct.pack("!HIHH", 0, 1_800_000_000, 300, len(mac)) + mac
    rdata += struct.pack("!3H", IDENT, 0, 0)
    return record(b"\x03key\x00", TSIG, rdata, 255)


MALFORMED = {
    "owner: pointer to itself": record(pointer(END), A, b"abcd"),
    "owner: pointer forward": record(pointer(END + 40), A, b"abcd"),
    "owner: pointer behind the end": record(b"\xff\xff", A, b"abcd"),
    "owner: label type 01": record(b"\x41\x00", A, b"abcd"),
    "owner: label type 10": record(b"\x81\x00", A, b"abcd"),
    "owner: too long": record(LONG + LONG + b"\x00", A, b"abcd"),
    "owner: too long by a pointer": record(LONG + b"\x35" + b"x" * 53 + pointer(12), A, b"abcd"),
    "NS: pointer to itself": record(b"\x00", NS, pointer(END + 11)),
    "NS: cut off": record(b"\x00", NS, b"\x01"),
    "MX: pointer forward": record(b"\x00", MX, b"\x00\x0a" + pointer(END + 60)),
    "SRV: pointer forward": record(b"\x00", SRV, bytes(6) + pointer(END + 60)),
    "NAPTR: pointer forward": record(b"\x00", NAPTR, bytes(7) + pointer(END + 60)),
    "RRSIG: pointer forward": record(b"\x00", RRSIG, bytes(18) + pointer(END + 60) + b"ab"),
    "LP: pointer forward": record(b"\x00", LP, bytes(2) + pointer(END + 60)),
    "SOA: pointer forward": record(b"\x00", SOA, pointer(12) + pointer(END + 60) + bytes(20)),
}


# Signatures that are none, or not where they belong (RFC 8945 section 5.1).
MALFORMED_SIGNATURES = {
    "not the last": (tsig(), OPT_RECORD),
    "twice": (tsig(), tsig()),
    "cut off": (record(b"\x03key\x00", TSIG, ALGORITHM + bytes(8), 255),),
    "empty": (record(b"\x03key\x00", TSIG, b"", 255),),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_messages(servers: Servers, what: str) -> None:
    assert set(servers.rcodes(message(MALFORMED[what]))) == {FORMERR}


@pytest.mark.parametrize("what", MALFORMED_SIGNATURES)
def test_malformed_signatures(servers: Servers, what: str) -> None:
    assert set(servers.rcodes(message(*MALFORMED_SIGNATURES[what]))) == {FORMERR}


def test_well_formed_names_of_records(servers: Servers) -> None:
    """NSD takes no record in a query but OPT and TSIG."""
    for good in (
        record(pointer(12), A, b"abcd"),
        record(b"\x01a" + pointer(16), A, b"abcd"),
        record(b"\x00", NS, pointer(12)),
        record(b"\x00", SRV, bytes(6) + pointer(12)),
    ):
        assert servers.rcodes(message(good)) == [NOERROR, NOERROR, FORMERR, NOERROR]


@pytest.mark.parametrize("opcode", [1, 2, 3, 6, 15])
def test_unknown_opcodes(servers: Servers, opcode: int) -> None:
    asked = message(OPT_RECORD, flags=opcode << 11)
    assert set(servers.rcodes(asked)) == {NOTIMP}
    # Without more: what else the message has is not known.
    assert len(servers.replies(asked)[0]) == HEADER


@pytest.mark.parametrize("opcode", [dns.opcode.NOTIFY, dns.opcode.UPDATE])
def test_opt_comes_back_with_notify_and_update(servers: Servers, opcode: int) -> None:
    """Only the response code differs: the others may be secondaries, or take updates."""
    for records in ((), (OPT_RECORD,), (OPT_OF_VERSION_1,)):
        ours, knot, nsd, bind = servers.replies(about_zone(opcode, *records))
        assert ours[4:] == knot[4:]
        assert ours[4:12] == bind[4:12]
        assert len(nsd) == HEADER
        if OPT_OF_VERSION_1 not in records:
            assert ours[3] & 0x0F == NOTIMP


@pytest.mark.parametrize("algorithm", [ALGORITHM, b"\x03foo\x00", pointer(12)])
def test_what_an_unknown_key_gets(servers: Servers, algorithm: bytes) -> None:
    for records in ((), (OPT_RECORD,)):
        asked = message(*records, tsig(algorithm))
        assert set(servers.rcodes(asked)) == {NOTAUTH}
        ours, knot, _, _ = servers.replies(asked)
        assert len(ours) == len(knot)


def test_an_unknown_key(servers: Servers) -> None:
    """As a client sees it, over both transports."""
    key = dns.tsig.Key("key.test.", b"secret of nobody", "hmac-sha256")
    query = dns.message.make_query("www.test.", "A", use_edns=0)
    query.use_tsig(key)
    update = dns.update.UpdateMessage("test.")
    update.use_tsig(key)
    for host, port in servers.addresses:
        for ask in (dns.query.udp, dns.query.tcp):
            with pytest.raises(dns.tsig.PeerBadKey):
                ask(query, host, SECONDS, port)
    host, port = servers.addresses[0]
    with pytest.raises(dns.tsig.PeerBadKey):
        dns.query.udp(update, host, SECONDS, port)
