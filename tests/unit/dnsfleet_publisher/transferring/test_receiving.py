"""The messages of a transfer: which ones are a zone, and what is told of the others."""

import re
from collections.abc import Callable

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.tsig
import pytest
from dnsfleet.zones import master_files
from dnsfleet_engine import Zone
from dnsfleet_publisher.transferring import receiving
from dnsfleet_publisher.transferring.receiving import Transfer, TransferFault
from hypothesis import given
from hypothesis import strategies as st
from support.transfer_servers import Replies

ORIGIN = "example.com."
SOA = "example.com. 300 SOA ns1.example.net. hostmaster.example.com. 7 7200 900 1209600 300"
OLD_SOA = SOA.replace(" 7 7200 ", " 6 7200 ")
NS = "example.com. 300 NS ns1.example.net."
WWW = "www.example.com. 60 A 192.0.2.1"
ZONE = [
    SOA,
    NS,
    WWW,
    'x\\.y.example.com. 60 TXT "a;\\"b" "\\200"',
    r"*.example.com. 5 MX 0 .",
]
ZONE += ["u.example.com. 60 TYPE65280 \\# 3 010203", "e.example.com. 60 TYPE65280 \\# 0"]
KEY = dns.tsig.Key("transfer.example.net.", b"a secret of thirty-two octets...", "hmac-sha256")

Wires = Callable[[Replies], list[bytes]]


def transfer(key: dns.tsig.Key | None) -> tuple[Transfer, Replies]:
    """A transfer that begins, and what its server replies."""
    begun = Transfer(ORIGIN, key)
    size, octets = int.from_bytes(begun.query[:2]), begun.query[2:]
    assert size == len(octets)
    return begun, Replies(dns.message.from_wire(octets, keyring=key))


def zone_of(text: bytes) -> Zone:
    zone, found = master_files.read(text, "transfer", ORIGIN)
    assert zone is not None, found
    return zone


EXPECTED = zone_of("\n".join(ZONE).encode())


@given(st.lists(st.integers(0, len(ZONE)), max_size=5).map(sorted), st.booleans(), st.data())
def test_messages_end_anywhere(cuts: list[int], signed: bool, data: st.DataObject) -> None:
    begun, replies = transfer(KEY if signed else None)
    records = [*ZONE, SOA]
    ends = [*cuts, len(records)]
    parts = [records[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    parts = [parts[0] or [SOA], *parts[1:]] if parts[0] else parts[1:]
    while parts and not parts[0]:
        parts.pop(0)  # the first message has the SOA
    for number, part in enumerate(parts, 1):
        within = 1 < number < len(parts)
        with_tsig = not within or data.draw(st.booleans())
        assert begun.feed(replies.message(*part, signed=with_tsig)) == (number == len(parts))
    assert zone_of(begun.text).digest == EXPECTED.digest
    assert (begun.records, begun.left_out) == (len(records), 0)


def test_the_question_may_be_missing_behind_the_first_message() -> None:
    begun, replies = transfer(None)
    assert not begun.feed(replies.message(*ZONE))
    assert begun.feed(replies.message(SOA, change=lambda reply: reply.question.clear()))


def test_what_is_outside_of_the_zone_is_counted() -> None:
    begun, replies = transfer(None)
    glue = ["ns1.example.net. 300 A 192.0.2.53", "ns1.example.net. 300 AAAA 2001:db8::53"]
    assert begun.feed(replies.message(*ZONE, *glue, SOA))
    assert zone_of(begun.text).digest == EXPECTED.digest
    assert begun.left_out == 2


def test_as_many_unsigned_messages_as_the_rfc_wants_are_taken() -> None:
    begun, replies = transfer(KEY)
    begun.feed(replies.message(SOA, NS))
    for number in range(receiving.MAX_UNSIGNED):
        begun.feed(replies.message(f"h{number}.example.com. 300 A 192.0.2.1", signed=False))
    assert begun.feed(replies.message(SOA))
    assert zone_of(begun.text).records == receiving.MAX_UNSIGNED + 2


def question(name: str) -> Callable[[dns.message.Message], None]:
    def change(reply: dns.message.Message) -> None:
        reply.question[0].name = dns.name.from_text(name)

    return change


def other_id(reply: dns.message.Message) -> None:
    reply.id ^= 1


def query_again(reply: dns.message.Message) -> None:
    reply.flags &= ~dns.flags.QR


def rcodes(*records: str, rcode: dns.rcode.Rcode) -> Wires:
    return lambda replies: [replies.message(*records, rcode=rcode, signed=False)]


def messages(*parts: list[str]) -> Wires:
    return lambda replies: [replies.message(*part) for part in parts]


FAULTS: list[tuple[str, Wires, str]] = [
    ("another ID", lambda r: [r.message(*ZONE, change=other_id)], "answers another question"),
    ("the query", lambda r: [r.message(change=query_again)], "answers another question"),
    ("another zone", lambda r: [r.message(change=question("a."))], "answers another question"),
    ("refused", rcodes(rcode=dns.rcode.REFUSED), "refused; allow it there for this address"),
    (
        "no zone",
        rcodes(rcode=dns.rcode.NOTAUTH),
        "does not have the zone, or refuses; check the ori",
    ),
    ("expired", rcodes(rcode=dns.rcode.SERVFAIL), "cannot send the zone now; see its log (SERVF"),
    ("unknown", rcodes(rcode=dns.rcode.NOTIMP), "the server does not do it (NOTIMP)"),
    ("an rcode behind", lambda r: [r.message(*ZONE), *rcodes(rcode=dns.rcode.SERVFAIL)(r)], "SERV"),
    ("nothing", messages([]), "what the server sends is no AXFR: No answer or RRset not for zone"),
    ("no SOA", messages([NS, SOA]), "no AXFR: first RRset is not an SOA"),
    ("another SOA", messages([SOA.replace("com", "org", 1)]), "no AXFR: No answer or RRset not"),
    ("an IXFR", messages([SOA, OLD_SOA, WWW, SOA, NS, SOA]), "no AXFR: unexpected origin SOA"),
    ("changed meanwhile", messages(ZONE, [OLD_SOA]), "no AXFR: unexpected origin SOA in AXFR"),
    ("more behind it", messages([*ZONE, SOA, WWW]), "no AXFR: answers after final SOA"),
    ("too short", lambda _: [b"\0" * 5], "is not well-formed, after 0 records: "),
    ("cut", lambda r: [r.message(*ZONE), r.message(NS)[:-9]], "well-formed, after 7 records: "),
    ("junk behind", lambda r: [r.message(*ZONE) + b"\0"], "is not well-formed, after 0 records: "),
]


def fault_of(key: dns.tsig.Key | None, wires: Wires) -> str:
    """What is told of messages; the fault comes with the last one."""
    begun, replies = transfer(key)
    *good, bad = wires(replies)
    for each in good:
        assert not begun.feed(each)
    with pytest.raises(TransferFault) as raised:
        begun.feed(bad)
    return str(raised.value)


@pytest.mark.parametrize(
    ("wires", "told"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_what_is_no_transfer(wires: Wires, told: str) -> None:
    assert told in fault_of(None, wires)


def error(number: int) -> Wires:
    """NOTAUTH with an error in the TSIG and, as of a key or MAC that is bad, no MAC of its own."""

    def wires(replies: Replies) -> list[bytes]:
        return [replies.message(rcode=dns.rcode.NOTAUTH, tsig_error=number)]

    return wires


def signed_by(key: dns.tsig.Key) -> Wires:
    def wires(replies: Replies) -> list[bytes]:
        return [replies.message(*ZONE, change=lambda reply: reply.use_tsig(key))]

    return wires


def changed_between(replies: Replies) -> list[bytes]:
    """A message without TSIG that is not the one which the next MAC covers."""
    first, between = replies.message(SOA), replies.message(NS, WWW, signed=False)
    return [first, between.replace(b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02"), replies.message(SOA)]


def unsigned(count: int) -> Wires:
    def wires(replies: Replies) -> list[bytes]:
        return [replies.message(SOA), *(replies.message(NS, signed=False) for _ in range(count))]

    return wires


UNSIGNED = "the server does not sign what it sends, although the query is signed; have it use"
TSIG_FAULTS: list[tuple[str, Wires, str]] = [
    (
        "refused",
        rcodes(rcode=dns.rcode.REFUSED),
        "the key transfer.example.net hmac-sha256 (REFUSED)",
    ),
    ("no zone", rcodes(rcode=dns.rcode.NOTAUTH), "does not have the zone"),
    ("BADSIG", error(16), "another secret for the key transfer.example.net hmac-sha256 (BADSIG)"),
    ("BADKEY", error(17), "does not know the key transfer.example.net hmac-sha256 (BADKEY)"),
    ("BADTIME", error(18), "the clock of the server and the one here differ; set them right (BADT"),
    ("BADTRUNC", error(22), "the server does not accept the TSIG: "),
    ("another error", error(21), "the server does not accept the TSIG: unknown TSIG error code 21"),
    (
        "another secret",
        signed_by(dns.tsig.Key(KEY.name, b"other", KEY.algorithm)),
        "the MAC of a message is wrong: the server has another secret for transfer.example.net hm",
    ),
    (
        "another name",
        signed_by(dns.tsig.Key("other.example.net.", KEY.secret, KEY.algorithm)),
        "the server signs with another key",
    ),
    (
        "another algorithm",
        signed_by(dns.tsig.Key(KEY.name, KEY.secret, "hmac-sha1")),
        "the server signs with another key",
    ),
    ("first unsigned", lambda r: [r.message(SOA, signed=False)], UNSIGNED),
    ("all unsigned", lambda r: [r.message(*ZONE, SOA, signed=False)], UNSIGNED),
    ("last unsigned", lambda r: [r.message(*ZONE), r.message(SOA, signed=False)], UNSIGNED),
    ("too many unsigned", unsigned(receiving.MAX_UNSIGNED + 1), UNSIGNED),
    ("changed between", changed_between, "the MAC of a message is wrong"),
]


@pytest.mark.parametrize(
    ("wires", "told"), [row[1:] for row in TSIG_FAULTS], ids=[row[0] for row in TSIG_FAULTS]
)
def test_what_is_not_signed_as_it_should_be(wires: Wires, told: str) -> None:
    assert told in fault_of(KEY, wires)


def test_a_signature_that_nobody_asked_for() -> None:
    assert "signs with another key; use that" in fault_of(None, signed_by(KEY))


@pytest.mark.parametrize("seconds", [-400, 400])
def test_a_reply_of_another_time(seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, replies = transfer(KEY)
    wire = replies.message(*ZONE, SOA)
    now = dns.message.time.time() + seconds
    monkeypatch.setattr(dns.message.time, "time", lambda: now)
    with pytest.raises(TransferFault, match="a message was signed at another time; set the clocks"):
        begun.feed(wire)


@pytest.mark.parametrize(
    ("limit", "most", "part", "told"),
    [
        ("MAX_RECORDS", 99, [WWW] * 10, "more than 99 records; no zone may have so many"),
        ("MAX_OCTETS", 999, [WWW] * 10, "more than 999 octets; no zone may have so many"),
        ("MAX_OCTETS", 999, [], "more than 999 octets; no zone may have so many"),
        ("MAX_RECORDS", 99, ["x.org. 1 A 192.0.2.1"] * 10, "more than 99 records; no zone may"),
    ],
)
def test_what_never_ends(
    limit: str, most: int, part: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, limit, most)
    begun, replies = transfer(None)
    begun.feed(replies.message(SOA))
    with pytest.raises(TransferFault, match=re.escape(told)):
        for _ in range(most):
            begun.feed(replies.message(*part))
