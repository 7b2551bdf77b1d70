"""What a primary is told of its NOTIFY, and who may have zones looked at."""

import time

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rrset
import dns.tsig
import pytest
from dnsfleet.tsig_keys import PrimaryKey, UsableKey
from dnsfleet_publisher.transferring import notifies, primaries

SECRET = b"a secret of thirty-two octets..."
ONE, TWO = "one.example.", "two.example."
FOR_PRIMARIES = UsableKey("k.", "hmac-sha256", SECRET, frozenset({ONE, TWO}), (), transfers=False)
KEYS = [
    PrimaryKey(FOR_PRIMARIES, frozenset()),
    PrimaryKey(UsableKey("other.", "hmac-sha512", SECRET, None, ()), frozenset()),
]


def tsig(name: str = "k.", secret: bytes = SECRET, algorithm: str = "hmac-sha256") -> dns.tsig.Key:
    return dns.tsig.Key(name, secret, algorithm)


def notify(
    origin: str = ONE, rtype: str = "SOA", key: dns.tsig.Key | None = None, edns: int | None = None
) -> dns.message.Message:
    made = dns.message.make_query(origin, rtype, flags=dns.flags.AA, use_edns=edns)
    made.set_opcode(dns.opcode.NOTIFY)
    made.use_tsig(key or tsig())
    return made


def answer(wire: bytes) -> tuple[bytes | None, list[tuple[str, str]]]:
    heard: list[tuple[str, str]] = []

    def notified(origin: str, name: str) -> bool:
        heard.append((origin, name))
        return origin == ONE

    return notifies.answer(wire, KEYS, notified, time.time()), heard


@pytest.mark.parametrize(
    ("made", "rcode", "heard"),
    [
        (notify(), dns.rcode.NOERROR, [(ONE, "k.")]),
        (notify("ONE.Example."), dns.rcode.NOERROR, [(ONE, "k.")]),
        (notify(key=tsig("other.", SECRET, "hmac-sha512")), dns.rcode.NOERROR, [(ONE, "other.")]),
        (notify(TWO), dns.rcode.NOTAUTH, [(TWO, "k.")]),
        (notify("three.example."), dns.rcode.NOTAUTH, []),
        (notify("xn--.example."), dns.rcode.NOTAUTH, []),
        (notify(rtype="A"), dns.rcode.REFUSED, []),
        (notify(edns=1), dns.rcode.BADVERS, []),
    ],
    ids=[
        "heard",
        "any case",
        "another key",
        "no such Zone",
        "not of this key",
        "no name of a Zone",
        "not about a SOA",
        "a later EDNS",
    ],
)
def test_what_is_signed_gets_a_signed_reply(
    made: dns.message.Message, rcode: dns.rcode.Rcode, heard: list[tuple[str, str]]
) -> None:
    got, found = answer(made.to_wire())
    assert got is not None and got[0] == 0
    reply = dns.message.from_wire(got[1:], keyring=made.keyring, request_mac=made.mac or b"")
    assert made.is_response(reply) and reply.had_tsig
    assert reply.opcode() == dns.opcode.NOTIFY
    assert (reply.rcode(), found) == (rcode, heard)


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (tsig("unknown."), notifies.BADKEY),
        (tsig(algorithm="hmac-sha512"), notifies.BADKEY),
        (tsig(secret=b"another secret of as many octets"), notifies.BADSIG),
    ],
    ids=["unknown", "another algorithm", "another secret"],
)
def test_another_key_is_told_as_such(key: dns.tsig.Key, told: bytes) -> None:
    assert answer(notify(key=key).to_wire()) == (told, [])


@pytest.mark.parametrize(("name", "most"), [("K.", 1), ("unknown.", 0)])
def test_a_message_costs_the_same_with_many_keys(
    name: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody may send one that names a key."""
    made: list[PrimaryKey] = []

    def counted(key: PrimaryKey) -> dns.tsig.Key:
        made.append(key)
        return tsig(key.key.name)

    monkeypatch.setattr(primaries, "tsig_key", counted)
    many = [PrimaryKey(FOR_PRIMARIES._replace(name=f"k{each}."), frozenset()) for each in range(99)]
    wire = notify(key=tsig(name)).to_wire()
    reply = notifies.answer(wire, [*many, *KEYS], lambda *_: True, time.time())
    assert reply is not None and (reply == notifies.BADKEY) == (most == 0)
    assert len(made) == most


def test_a_replay_is_told_our_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made = notify()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 3600)
    wire = made.to_wire()
    monkeypatch.undo()
    got, heard = answer(wire)
    assert got is not None and not heard
    assert dns.message.from_wire(got[1:], keyring=False).rcode() == dns.rcode.NOTAUTH
    with pytest.raises(dns.tsig.PeerBadTime):
        dns.message.from_wire(got[1:], keyring=tsig(), request_mac=made.mac or b"")


def unsigned() -> bytes:
    made = notify()
    made.tsig = None
    return made.to_wire()


def a_response() -> bytes:
    made = notify()
    made.flags |= dns.flags.QR
    return made.to_wire()


def a_query() -> bytes:
    made = dns.message.make_query(ONE, "SOA")
    made.use_tsig(tsig())
    return made.to_wire()


@pytest.mark.parametrize(
    "wire",
    [b"", b"\xff" * 40, unsigned(), a_response(), a_query()],
    ids=["nothing", "noise", "unsigned", "a response", "a query"],
)
def test_nothing_else_is_answered(wire: bytes) -> None:
    assert answer(wire) == (None, [])


def with_records(count: int, octets: int = 4) -> bytes:
    """A NOTIFY by an unknown key with so many records, and so many octets in each."""
    made = notify(key=tsig("unknown."))
    rdata = f"\\# {octets} {'00' * octets}"
    rrsets = [
        dns.rrset.from_text(f"{each}.{ONE}", 0, "IN", "TYPE65000", rdata) for each in range(count)
    ]
    made.answer.extend(rrsets)
    return made.to_wire()


@pytest.mark.parametrize(
    "wire",
    [with_records(4), with_records(1, 1200)],
    ids=["many records", "many octets"],
)
def test_what_would_take_long_to_read_is_dropped_before(wire: bytes) -> None:
    assert answer(with_records(3, 256))[0] == notifies.BADKEY
    assert answer(wire) == (None, [])


def test_the_longest_notify_is_heard() -> None:
    longest = ".".join(["l" * 63] * 3 + ["m" * 61]) + "."
    name = longest.replace("m", "k")
    key = UsableKey(name, "hmac-sha512", SECRET, None, (), transfers=False)
    made = notify(longest, key=tsig(name, SECRET, "hmac-sha512"))
    soa = f"{longest.replace('m', 'n')} {longest.replace('m', 'o')} 1 2 3 4 5"
    made.answer.append(dns.rrset.from_text(longest, 0, "IN", "SOA", soa))
    made.use_edns(options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, bytes(24))])
    heard: list[str] = []

    def notified(origin: str, _: str) -> bool:
        heard.append(origin)
        return True

    wire = made.to_wire()
    got = notifies.answer(wire, [PrimaryKey(key, frozenset())], notified, time.time())
    assert got is not None and heard == [longest]


def test_a_message_that_was_changed_on_its_way_does_nothing() -> None:
    wire = notify().to_wire()
    for place in range(len(wire)):
        changed = wire[:place] + bytes([wire[place] ^ 1]) + wire[place + 1 :]
        got, heard = answer(changed)
        if heard:  # these are not signed: ID and TTL (RFC 8945 sections 4.2 and 5.2)
            assert heard == [(ONE, "k.")] and place in (0, 1, *range(36, 40)), place
        assert got is None or got in (notifies.BADKEY, notifies.BADSIG) or got[0] == 0
