"""What is read of a reply."""

import struct
import time
from collections.abc import Callable

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import dns.tsig
import pytest
from dnsfleet_gate import replies
from dnsfleet_gate.replies import Reply
from hypothesis import given
from hypothesis import strategies as st

ORIGIN = "one.example."
KEY = dns.tsig.Key("k.", b"k" * 32, "hmac-sha256")
Change = Callable[[dns.message.Message], None]


def question(signed: bool = False) -> dns.message.Message:
    made = dns.message.make_query(ORIGIN, "SOA", use_edns=0)
    if signed:
        made.use_tsig(KEY)
        made.to_wire()  # which makes the MAC
    return made


def reply(query: dns.message.Message, change: Change = lambda _: None) -> bytes:
    made = dns.message.make_response(query)
    made.flags |= dns.flags.AA
    made.answer = [soa(ORIGIN, 7)]
    made.authority = [dns.rrset.from_text(ORIGIN, 1, "IN", "NS", "ns1.a.example.", "ns2")]
    made.additional = [dns.rrset.from_text("ns1.a.example.", 1, "IN", "A", "192.0.2.1")]
    change(made)
    return made.to_wire(origin=dns.name.from_text(ORIGIN))


def soa(owner: str, serial: int, rdclass: str = "IN") -> dns.rrset.RRset:
    return dns.rrset.from_text(owner, 1, rdclass, "SOA", f"ns. h.example. {serial} 1 1 1 1")


def _refused(made: dns.message.Message) -> None:
    made.set_rcode(dns.rcode.REFUSED)
    made.answer = []


def _two(made: dns.message.Message) -> None:
    made.answer = [soa(ORIGIN.upper(), 7), soa("two.example.", 8), soa(ORIGIN, 9, "CH")]
    made.authority = [soa(ORIGIN, 10)]


@pytest.mark.parametrize(
    ("change", "rcode", "serials"),
    [
        (lambda _: None, dns.rcode.NOERROR, (7,)),
        (_refused, dns.rcode.REFUSED, ()),
        (lambda made: made.set_rcode(dns.rcode.BADVERS), dns.rcode.BADVERS, (7,)),
        (_two, dns.rcode.NOERROR, (7,)),
    ],
    ids=["a SOA", "a code", "an extended code", "others' SOA"],
)
@pytest.mark.parametrize("signed", [False, True])
def test_code_flags_and_serial(
    change: Change, rcode: dns.rcode.Rcode, serials: tuple[int, ...], signed: bool
) -> None:
    query = question(signed)
    found = replies.read(reply(query, change), query)
    assert (found.rcode, found.serials) == (rcode, serials)
    assert found.flags & dns.flags.AA and not found.flags & dns.flags.TC


def _by_another(made: dns.message.Message) -> None:
    made.use_tsig(dns.tsig.Key("k.", b"x" * 32, "hmac-sha256"))


def _unsigned(made: dns.message.Message) -> None:
    made.tsig = None


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (_unsigned, replies.UnsignedError),
        (_by_another, dns.tsig.BadSignature),
        (lambda made: made.use_tsig(KEY, tsig_error=dns.rcode.BADKEY), dns.tsig.PeerBadKey),
        (lambda made: made.use_tsig(KEY, tsig_error=dns.rcode.BADTIME), dns.tsig.PeerBadTime),
    ],
)
def test_what_is_not_signed_as_the_question_is(change: Change, error: type[Exception]) -> None:
    query = question(signed=True)
    with pytest.raises(error):
        replies.read(reply(query, change), query)


def test_an_old_signature_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    query = question(signed=True)
    wire, now = reply(query), time.time()
    monkeypatch.setattr(time, "time", lambda: now + 400)
    with pytest.raises(dns.tsig.BadTime):
        replies.read(wire, query)


QUERIES = [question(), question(signed=True)]
GOOD = [reply(query) for query in QUERIES]


@given(st.sampled_from([0, 1]), st.integers(0, 300), st.binary(max_size=20), st.booleans())
def test_a_damaged_reply_is_an_error_or_signed_all_the_same(
    which: int, at: int, octets: bytes, cut: bool
) -> None:
    query, good = QUERIES[which], GOOD[which]
    damaged = good[:at] + octets + (b"" if cut else good[at + len(octets) :])
    try:
        found = replies.read(damaged, query)
    except dns.exception.DNSException:
        return
    assert isinstance(found, Reply)
    if query.keyring is not None:
        assert found == replies.read(good, query)


@given(st.binary(max_size=200))
def test_any_octets_are_an_error(octets: bytes) -> None:
    head = struct.pack("!HH", QUERIES[0].id, 0x8400)
    try:
        replies.read(head + octets, QUERIES[0])
    except dns.exception.DNSException:
        return


@pytest.mark.parametrize("counts", [(2, 0, 0, 0), (1, 9, 0, 0), (1, 0, 0, 0)])
def test_counts_that_are_wrong(counts: tuple[int, ...]) -> None:
    wire = GOOD[0][:4] + struct.pack("!HHHH", *counts) + GOOD[0][12:]
    with pytest.raises(dns.exception.FormError):
        replies.read(wire, QUERIES[0])
