"""What requests get, as dnspython and the RFCs see it."""

import struct
import time
from ipaddress import ip_network
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rcode
import dns.rrset
import dns.tsig
import pytest
from dnsfleet.tsig_keys import Updates, UsableKey
from dnsfleet_engine import Zone
from dnsfleet_gate import answering, signing
from dnsfleet_gate.answering import Outgoing, Reply, Transport, Zones
from hypothesis import given
from hypothesis import strategies as st
from support.zones import hosts, make_zone

ORIGIN = "example.com."
HELD = {
    ORIGIN: make_zone(ORIGIN, hosts(6000), serial=10),
    "other.": make_zone("other.", serial=10),
}
NOW = int(time.time())
CLIENT = "192.0.2.53"


def key(name: str, algorithm: str = "hmac-sha256", *zones: str) -> UsableKey:
    return UsableKey(name, algorithm, name.encode() * 8, frozenset(zones or (ORIGIN,)), ())


KEYS = [
    key("k256."),
    key("k384.", "hmac-sha384"),
    key("k512.", "hmac-sha512"),
    key("other.key.", "hmac-sha256", "other."),
    key("gone.", "hmac-sha256", "gone.", "withheld."),
    key("updates.")._replace(updates=Updates(("*",), None, "Programmed", {}), transfers=False),
    key("near.")._replace(addresses=(ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))),
]
TABLE = signing.key_table(KEYS)
ZONES = Zones(HELD.get, lambda origin: origin == "withheld.", lambda *_: None, lambda *_: None)


def request(
    rtype: str = "SOA", origin: str = ORIGIN, serial: int | None = None, **options: Any
) -> dns.message.Message:
    made = dns.message.make_query(origin, rtype, **options)
    if serial is not None:
        text = f". . {serial} 0 0 0 0"
        made.authority.append(dns.rrset.from_text(origin, 0, "IN", "SOA", text))
    return made


def signed(made: dns.message.Message, name: str = "k256.") -> dns.message.Message:
    made.use_tsig(signing.usual(next(each for each in KEYS if each.name == name)))
    return made


def ask(
    made: dns.message.Message | bytes,
    transport: Transport = "tcp",
    now: int = NOW,
    client: str = CLIENT,
) -> Reply | Outgoing | None:
    wire = made if isinstance(made, bytes) else made.to_wire()
    return answering.answer(wire, client, transport, TABLE, ZONES, now)


def reply(made: dns.message.Message, transport: Transport = "tcp") -> dns.message.Message:
    """The reply of one message, whose signature dnspython believes."""
    got = ask(made, transport)
    assert isinstance(got, Reply)
    found = dns.message.from_wire(got.wire, keyring=made.keyring, request_mac=made.mac)
    assert made.is_response(found)
    assert found.had_tsig == (made.keyring is not None)
    assert got.rcode == found.rcode()
    return found


def transferred(made: dns.message.Message, now: int = NOW) -> list[dns.message.Message]:
    """The messages of a transfer, whose chain of signatures dnspython believes."""
    got = ask(made)
    assert isinstance(got, Outgoing)
    found: list[dns.message.Message] = []
    context = None
    while (wire := got.message(now)) is not None:
        found.append(
            dns.message.from_wire(
                wire,
                keyring=made.keyring,
                request_mac=made.mac,
                xfr=True,
                origin=made.question[0].name,
                tsig_ctx=context,
                multi=True,
                one_rr_per_rrset=True,
            )
        )
        assert found[-1].had_tsig
        context = found[-1].tsig_ctx
        assert len(wire) <= 65535
    return found


@pytest.mark.parametrize("name", ["k256.", "k384.", "k512."])
@pytest.mark.parametrize("edns", [None, 0])
def test_axfr_is_the_whole_zone_with_every_message_signed(name: str, edns: int | None) -> None:
    made = signed(request("AXFR", use_edns=edns if edns is not None else False), name)
    found = transferred(made)
    assert len(found) > 2
    records = [each for message in found for each in message.answer]
    assert len(records) == HELD[ORIGIN].records + 1
    assert records[0] == records[-1]
    assert [message.edns >= 0 for message in found] == [edns == 0] + [False] * (len(found) - 1)


def test_a_message_that_was_taken_out_of_a_transfer_is_noticed() -> None:
    made = signed(request("AXFR"))
    got = ask(made)
    assert isinstance(got, Outgoing)
    first, second, third = (got.message(NOW) for _ in range(3))
    assert first is not None and second is not None and third is not None
    options: dict[str, Any] = {"keyring": made.keyring, "request_mac": made.mac, "multi": True}
    context = dns.message.from_wire(first, **options).tsig_ctx
    with pytest.raises(dns.tsig.BadSignature):
        dns.message.from_wire(third, tsig_ctx=context, **options)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("name", ["k256.", "k384.", "k512."])
def test_the_soa_of_a_zone_is_answered(transport: Transport, name: str) -> None:
    found = reply(signed(request(), name), transport)
    assert found.flags & dns.flags.AA
    (soa,) = found.answer
    ttl, (text,) = HELD[ORIGIN].get(ORIGIN, "SOA") or (0, [""])
    assert soa == dns.rrset.from_text(ORIGIN, ttl, "IN", "SOA", text)


@pytest.mark.parametrize(
    ("serial", "transport", "whole"),
    [
        (9, "tcp", True),
        (10, "tcp", False),
        (11, "tcp", False),
        (10 + 2**31 - 1, "tcp", False),
        (10 + 2**31, "tcp", True),  # cannot be compared
        (10 + 2**31 + 1, "tcp", True),
        (9, "udp", False),
    ],
)
def test_ixfr_is_the_zone_or_its_soa(serial: int, transport: Transport, whole: bool) -> None:
    made = signed(request("IXFR", serial=serial))
    if whole:
        assert len(transferred(made)) > 2
    else:
        (soa,) = reply(made, transport).answer
        assert soa[0].to_text().split()[2] == "10"


REFUSED = [
    (request("AXFR"), "REFUSED"),
    (request("SOA"), "REFUSED"),
    (request("IXFR", serial=1), "REFUSED"),
    (request("A"), "REFUSED"),
    (signed(request("A")), "REFUSED"),
    (signed(request("ANY")), "REFUSED"),
    (signed(request("AXFR", origin="other.")), "REFUSED"),
    (signed(request("AXFR"), "other.key."), "REFUSED"),
    (signed(request("SOA", origin="www.example.com.")), "REFUSED"),
    (signed(request("SOA", rdclass="CH")), "REFUSED"),
    (signed(request("SOA", origin="gone."), "gone."), "NOTAUTH"),
    (signed(request("AXFR", origin="gone."), "gone."), "NOTAUTH"),
    (signed(request("AXFR", origin="withheld."), "gone."), "SERVFAIL"),
    (signed(request("IXFR")), "FORMERR"),
    (signed(request("SOA", use_edns=1)), "BADVERS"),
]


@pytest.mark.parametrize(("made", "rcode"), REFUSED)
def test_what_is_not_allowed_gets_an_error(made: dns.message.Message, rcode: str) -> None:
    found = reply(made)
    assert dns.rcode.to_text(found.rcode()) == rcode
    assert not found.answer


def test_axfr_over_udp_is_refused() -> None:
    assert reply(signed(request("AXFR")), "udp").rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize(
    ("opcode", "rcode"),
    [("UPDATE", "REFUSED"), ("NOTIFY", "REFUSED"), ("STATUS", "NOTIMP"), ("IQUERY", "NOTIMP")],
)
@pytest.mark.parametrize("with_key", [False, True])
def test_other_opcodes_get_nothing(opcode: str, rcode: str, with_key: bool) -> None:
    made = request()
    made.flags |= dns.opcode.to_flags(dns.opcode.from_text(opcode))
    wire = (signed(made) if with_key else made).to_wire()
    got = ask(wire)
    assert isinstance(got, Reply)
    assert dns.rcode.to_text(dns.rcode.Rcode(got.rcode)) == rcode
    assert got.wire[2] >> 3 & 0xF == dns.opcode.from_text(opcode)


@pytest.mark.parametrize("opcode", ["QUERY", "UPDATE", "NOTIFY"])
@pytest.mark.parametrize("name", [None, "k256.", "updates."])
def test_a_later_edns_is_told_whatever_is_asked(opcode: str, name: str | None) -> None:
    made = request(use_edns=1)
    made.flags |= dns.opcode.to_flags(dns.opcode.from_text(opcode))
    got = ask((signed(made, name) if name else made).to_wire())
    assert isinstance(got, Reply)
    found = dns.message.from_wire(got.wire, keyring=made.keyring, request_mac=made.mac or b"")
    assert found.rcode() == got.rcode == dns.rcode.BADVERS
    assert found.edns == 0 and found.had_tsig == bool(name)


def tsig_error(made: dns.message.Message | bytes, now: int = NOW) -> tuple[str, Any, bytes]:
    """The TSIG error of a reply, its TSIG record, and the reply."""
    got = ask(made, now=now)
    assert isinstance(got, Reply)
    assert got.rcode == dns.rcode.NOTAUTH
    # Its signature, where it has one, is looked at by the tests that expect one.
    found = dns.message.from_wire(got.wire, keyring=False)
    assert found.rcode() == dns.rcode.NOTAUTH and not found.answer
    assert found.tsig is not None
    record: Any = found.tsig[0]
    assert record.error == got.error
    return dns.rcode.to_text(record.error, tsig=True), record, got.wire


def with_other_secret() -> dns.message.Message:
    made = request("AXFR")
    made.use_tsig(dns.tsig.Key("k256.", b"x" * 32, "hmac-sha256"))
    return made


def of_nobody() -> dns.message.Message:
    made = request("AXFR")
    made.use_tsig(dns.tsig.Key("nobody.", b"x" * 32, "hmac-sha256"))
    return made


def with_other_algorithm() -> dns.message.Message:
    made = request("AXFR")
    made.use_tsig(dns.tsig.Key("k256.", KEYS[0].secret, "hmac-sha512"))
    return made


@pytest.mark.parametrize(
    ("made", "error"),
    [
        (with_other_secret(), "BADSIG"),
        (of_nobody(), "BADKEY"),
        (with_other_algorithm(), "BADKEY"),
    ],
)
def test_who_is_not_known_gets_an_unsigned_error(made: dns.message.Message, error: str) -> None:
    told, record, _ = tsig_error(made)
    assert (told, record.mac) == (error, b"")


@pytest.mark.parametrize("late", [301, -301, 10**6])
def test_a_request_of_another_time_is_told_ours(late: int) -> None:
    made = signed(request("AXFR"))
    wire = made.to_wire()
    sent = made.tsig[0].time_signed if made.tsig else 0
    told, record, answered = tsig_error(wire, now=sent + late)
    assert told == "BADTIME"
    assert int.from_bytes(record.other) == sent + late
    assert record.time_signed == sent
    with pytest.raises(dns.tsig.PeerBadTime):
        dns.message.from_wire(answered, keyring=made.keyring, request_mac=made.mac)
    template = record.replace(mac=b"", error=dns.rcode.BADTIME)
    content = stripped(answered)
    assert made.keyring is not None
    mac = dns.tsig.sign(content, made.keyring, template, sent, made.mac)[0].mac  # type: ignore[no-untyped-call]
    assert record.mac == mac


def stripped(wire: bytes) -> bytes:
    """A message without its last record, which is TSIG."""
    found = dns.message.from_wire(wire, keyring=False)
    assert found.tsig is not None
    length = len(found.tsig.name.to_wire() or b"") + 10 + len(found.tsig[0].to_wire() or b"")
    count = struct.pack("!H", int.from_bytes(wire[10:12]) - 1)
    return wire[:10] + count + wire[12:-length]


def test_a_wrong_mac_is_told_before_a_wrong_time() -> None:
    assert tsig_error(with_other_secret(), now=NOW + 10**6)[0] == "BADSIG"


@pytest.mark.parametrize(
    ("octets", "error"), [(0, None), (9, None), (15, None), (16, "BADTRUNC"), (31, "BADTRUNC")]
)
def test_a_truncated_mac_is_not_enough(octets: int, error: str | None) -> None:
    made = signed(request("AXFR"))
    wire = made.to_wire()
    assert made.tsig is not None
    rdata: Any = made.tsig[0]
    rest = wire[: -len(rdata.to_wire())]
    shorter = rdata.replace(mac=rdata.mac[:octets]).to_wire()
    cut = rest[:-2] + struct.pack("!H", len(shorter)) + shorter
    if error is None:
        got = ask(cut)
        assert isinstance(got, Reply) and got.rcode == dns.rcode.FORMERR
    else:
        told, record, _ = tsig_error(cut)
        assert (told, len(record.mac)) == (error, 32)


def test_records_behind_tsig_are_no_request() -> None:
    wire = signed(request()).to_wire()
    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)
    behind = wire[:10] + struct.pack("!H", int.from_bytes(wire[10:12]) + 1) + wire[12:] + opt
    got = ask(behind)
    assert isinstance(got, Reply) and got.rcode == dns.rcode.FORMERR


@pytest.mark.parametrize("rtype", ["SOA", "AXFR", "IXFR"])
def test_an_origin_that_is_no_name_of_ours(rtype: str) -> None:
    asked = request(rtype, "xn--zzzzzzz99999-.org.", 1 if rtype == "IXFR" else None)
    assert reply(signed(asked)).rcode() == dns.rcode.NOTAUTH


def test_a_datagram_that_does_not_hold_the_soa_is_cut() -> None:
    label = "x" * 60
    name = ".".join([label] * 4)
    long: Zone = make_zone(f"{name}.", serial=1)
    zones = ZONES._replace(get=lambda _: long)
    table = signing.key_table([key("k256.", "hmac-sha256", f"{name}.")])
    for edns, cut in ((False, True), (0, False)):
        made = signed(request(origin=f"{name}.", use_edns=edns))
        got = answering.answer(made.to_wire(), CLIENT, "udp", table, zones, NOW)
        assert isinstance(got, Reply)
        found = dns.message.from_wire(got.wire, keyring=made.keyring, request_mac=made.mac)
        assert bool(found.flags & dns.flags.TC) == cut
        assert bool(found.answer) != cut
        assert len(got.wire) <= (512 if cut else 1232)


@pytest.mark.parametrize(("opcode", "rcode"), [(6, "NOTIMP"), (2, "NOTIMP"), (0, "FORMERR")])
def test_a_message_without_a_question_is_judged_by_its_opcode(opcode: int, rcode: str) -> None:
    got = ask(struct.pack("!HHHHHH", 7, opcode << 11, 0, 0, 0, 0))
    assert isinstance(got, Reply)
    found = dns.message.from_wire(got.wire)
    assert found.rcode() == got.rcode == dns.rcode.from_text(rcode)
    assert found.id == 7 and found.opcode() == opcode and found.flags & dns.flags.QR


@pytest.mark.parametrize("wire", [b"", b"\0" * 11, b"\0\1\x80" + b"\0" * 9])
def test_what_is_no_request_gets_nothing(wire: bytes) -> None:
    assert ask(wire) is None


SAMPLES = [made.to_wire() for made, _ in REFUSED] + [signed(request("AXFR")).to_wire()]


@given(st.sampled_from(SAMPLES), st.integers(0, 300), st.binary(max_size=20), st.booleans())
def test_damaged_requests_get_an_error_or_nothing(
    wire: bytes, at: int, octets: bytes, cut: bool
) -> None:
    damaged = wire[:at] + octets + (b"" if cut else wire[at + len(octets) :])
    got = ask(damaged)
    if isinstance(got, Outgoing):
        assert damaged[12:] == wire[12:]  # only an ID that the MAC does not have was changed
    elif got is not None:
        assert got.wire[:2] == damaged[:2] and got.wire[2] & 0x80


@given(st.binary(max_size=200))
def test_any_octets_get_an_error_or_nothing(octets: bytes) -> None:
    assert not isinstance(ask(octets), Outgoing)


@pytest.mark.parametrize(
    ("client", "allowed"),
    [
        ("192.0.2.1", True),
        ("198.51.100.1", False),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("fe80::1%eth0", False),
    ],
)
@pytest.mark.parametrize("rtype", ["SOA", "AXFR"])
def test_a_key_with_addresses_is_used_from_nowhere_else(
    rtype: str, client: str, allowed: bool
) -> None:
    made = signed(request(rtype), "near.")
    got = ask(made, client=client)
    if rtype == "AXFR" and allowed:
        assert isinstance(got, Outgoing)
        return
    assert isinstance(got, Reply)
    found = dns.message.from_wire(got.wire, keyring=made.keyring, request_mac=made.mac)
    assert found.had_tsig
    assert found.rcode() == (dns.rcode.NOERROR if allowed else dns.rcode.REFUSED)
