"""How much of a request is read."""

import struct

import dns.name
import dns.rdatatype
import dns.wire
import pytest
from dnsfleet_gate import messages
from dnsfleet_gate.messages import FormError

QUESTION = b"\1a" * 126 + b"\0" + struct.pack("!HH", dns.rdatatype.A, 1)
"""With as many labels as a name can have, but for one more in front."""
POINTER = b"\xc0\x0c"


def request(owner: bytes, rtype: int, count: int, rdata: bytes, authority: bool = True) -> bytes:
    """With so many equal records."""
    record = owner + struct.pack("!HHIH", rtype, 1, 0, len(rdata)) + rdata
    counts = (1, 0, count, 0) if authority else (1, 0, 0, count)
    return struct.pack("!HHHHHH", 1, 0, *counts) + QUESTION + record * count


@pytest.mark.parametrize(
    "wire",
    [
        request(POINTER, dns.rdatatype.A, 4000, bytes(4)),
        request(POINTER, dns.rdatatype.SOA, 1500, POINTER * 2 + bytes(20)),
        request(b"\1b" + POINTER, dns.rdatatype.A, 3000, bytes(4), authority=False),
    ],
    ids=["owners", "SOA", "labels in front"],
)
def test_names_that_are_pointed_to_are_not_read_each_time(
    wire: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    parsed = dns.name.from_wire_parser

    def counted(parser: dns.wire.Parser, decompress: bool = True) -> dns.name.Name:
        read.append(parser.current)
        return parsed(parser, decompress)

    monkeypatch.setattr(dns.name, "from_wire_parser", counted)
    assert len(wire) <= messages.MAX_MESSAGE
    found = messages.read(wire)
    assert found is not None and found.name == dns.name.from_text("a." * 126)
    assert 0 < len(read) < 10


@pytest.mark.parametrize(
    "owner", [b"\x80", b"\x40", b"\x05ab", b"\xc0"], ids=["10", "01", "label cut", "pointer cut"]
)
def test_an_owner_that_is_no_name_is_an_error(owner: bytes) -> None:
    wire = struct.pack("!HHHHHH", 1, 0, 1, 0, 1, 0) + QUESTION + owner
    with pytest.raises(FormError):
        messages.read(wire)


def test_opt_is_of_the_root_only() -> None:
    opt = struct.pack("!HHIH", dns.rdatatype.OPT, 1232, 0, 0)
    head = struct.pack("!HHHHHH", 1, 0, 1, 0, 0, 1) + QUESTION
    found = messages.read(head + b"\0" + opt)
    assert found is not None and found.edns == (1232, 0)
    with pytest.raises(FormError):
        messages.read(head + POINTER + opt)


@pytest.mark.parametrize(
    ("rdata", "version", "good"),
    [
        (b"", 0, True),
        (struct.pack("!HH", 65001, 0), 0, True),
        (struct.pack("!HH8sHH", 10, 8, b"a cookie", 3, 0), 0, True),
        (b"\0\x0a\0", 0, False),
        (struct.pack("!HH", 10, 8), 0, False),
        (struct.pack("!HH", 3, 0) + b"\0", 0, False),
        (b"\0", 1, True),  # nobody knows how it has options
    ],
    ids=["none", "an unknown one", "two", "a part of one", "too long", "one octet more", "EDNS 1"],
)
def test_options_are_well_formed(rdata: bytes, version: int, good: bool) -> None:
    head = struct.pack("!HHHHHH", 1, 0, 1, 0, 0, 1) + QUESTION
    opt = b"\0" + struct.pack("!HHIH", dns.rdatatype.OPT, 1232, version << 16, len(rdata)) + rdata
    if good:
        found = messages.read(head + opt)
    else:
        with pytest.raises(FormError) as error:
            messages.read(head + opt)
        found = error.value.request
    assert found is not None and found.edns == (1232, version << 16)  # the reply has OPT, too
