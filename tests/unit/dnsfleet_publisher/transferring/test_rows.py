"""IXFR: changes applied to the version before give what AXFR of the version after gives."""

import dns.message
import pytest
from dnsfleet.zones import master_files
from dnsfleet_engine import Zone
from dnsfleet_publisher.transferring.receiving import Transfer, TransferFault
from dnsfleet_publisher.transferring.rows import MismatchError
from hypothesis import given
from hypothesis import strategies as st
from support.transfer_servers import Replies

ORIGIN = "example.com."
NS = "example.com. 300 NS ns1.example.net."
A1, A2 = "www.example.com. 60 A 192.0.2.1", "www.example.com. 60 A 192.0.2.2"

Version = frozenset[str]
records = st.builds(
    "{}.example.com. {} {}".format,
    st.sampled_from(["a", "B", "x\\.y", "*", "a.a"]),
    st.just(60),
    st.sampled_from(
        ["A 192.0.2.1", "A 192.0.2.2", 'TXT "a b"', "MX 5 Mail.example.net.", "TYPE65280 \\# 0"]
    ),
)
versions = st.frozensets(records, max_size=12)


def soa(serial: int) -> str:
    return (
        f"example.com. 300 SOA ns1.example.net. hostmaster.example.com. {serial} "
        "7200 900 1209600 300"
    )


def begin(serial: int | None) -> tuple[Transfer, Replies]:
    begun = Transfer(ORIGIN, None, serial)
    return begun, Replies(dns.message.from_wire(begun.query[2:]))


def axfr(serial: int, version: Version) -> bytes:
    begun, replies = begin(None)
    assert begun.feed(replies.message(soa(serial), NS, *sorted(version), soa(serial)))
    return begun.text


def zone_of(text: bytes) -> Zone:
    zone, found = master_files.read(text, "transfer", ORIGIN)
    assert zone is not None, found
    return zone


@given(st.lists(versions, min_size=2, max_size=5), st.integers(0, 2**32 - 1), st.data())
def test_a_chain_of_changes_gives_the_last_version(
    chain: list[Version], first: int, data: st.DataObject
) -> None:
    serials = [(first + number * 2**20) % 2**32 for number in range(len(chain))]
    stream = [soa(serials[-1])]
    for number in range(1, len(chain)):
        before, after = chain[number - 1], chain[number]
        stream += [soa(serials[number - 1]), *sorted(before - after)]
        stream += [soa(serials[number]), *sorted(after - before)]
    stream.append(soa(serials[-1]))
    cuts = data.draw(st.lists(st.integers(1, len(stream) - 1), max_size=4).map(sorted))
    ends = sorted({*cuts, len(stream)})
    begun, replies = begin(serials[0])
    for start, end in zip([0, *ends], ends, strict=False):
        assert begun.feed(replies.message(*stream[start:end])) == (end == len(stream))
    assert begun.changes is not None
    text = begun.changes.apply(axfr(serials[0], chain[0]))
    assert zone_of(text).digest == zone_of(axfr(serials[-1], chain[-1])).digest
    assert begun.soa.serial == serials[-1]


def changes(*stream: str) -> Transfer:
    begun, replies = begin(1)
    assert begun.feed(replies.message(*stream))
    return begun


def test_the_whole_zone_in_place_of_changes() -> None:
    begun = changes(soa(2), NS, A1, soa(2))
    assert begun.changes is None
    assert zone_of(begun.text).digest == zone_of(axfr(2, frozenset({A1}))).digest


@pytest.mark.parametrize("goes", [True, False], ids=["goes", "comes"])
def test_changes_that_become_much_larger_than_their_messages_are_refused(goes: bool) -> None:
    """As an owner of 200 octets is two octets in all records but the first."""
    owner = ".".join("x" * 63 for _ in range(3))
    many = [f"{owner}.{ORIGIN} 60 A 192.0.2.{number}" for number in range(80)]
    gone, came = (many, []) if goes else ([], many)
    stream = soa(2), soa(1), *gone, soa(2), *came, soa(2)
    for most, taken in ((100_000, True), (10_000, False)):
        begun = Transfer(ORIGIN, None, 1, most)
        wire = Replies(dns.message.from_wire(begun.query[2:])).message(*stream)
        assert len(wire) < 5000
        if taken:
            assert begun.feed(wire)
        else:
            with pytest.raises(TransferFault, match="more than 10000 octets"):
                begun.feed(wire)


def test_nothing_is_new() -> None:
    begun = changes(soa(1))
    assert begun.changes is not None
    assert not begun.changes.soa


def test_letter_case_makes_no_other_record() -> None:
    begun = changes(soa(2), soa(1), A1.replace("www", "WWW"), soa(2), soa(2))
    assert begun.changes is not None
    assert zone_of(begun.changes.apply(axfr(1, frozenset({A1, A2})))).records == 3


def test_a_record_that_came_twice_goes_with_all_its_copies() -> None:
    """Some servers send glue once more for each delegation."""
    begun, replies = begin(None)
    upper = A1.replace("www", "WWW")
    assert not begun.feed(replies.message(soa(1), NS, A1, upper, A2))
    assert begun.feed(replies.message(A1, soa(1)))
    went = changes(soa(2), soa(1), A1, soa(2), soa(2)).changes
    assert went is not None
    zone = zone_of(went.apply(begun.text))
    assert zone.get("www.example.com.", "A") == (60, ["192.0.2.2"])


def test_a_new_ttl() -> None:
    begun = changes(soa(2), soa(1), A1, soa(2), A1.replace(" 60 ", " 61 "), soa(2))
    assert begun.changes is not None
    zone = zone_of(begun.changes.apply(axfr(1, frozenset({A1}))))
    assert zone.get("www.example.com.", "A") == (61, ["192.0.2.1"])


@pytest.mark.parametrize(
    ("stream", "told"),
    [
        ([soa(1), A2, soa(2)], "www.example.com. A goes, and is not there"),
        ([soa(1), soa(2), A1], "www.example.com. A comes, and is there already"),
    ],
)
def test_changes_of_another_zone_are_not_applied(stream: list[str], told: str) -> None:
    begun = changes(soa(2), *stream, soa(2))
    assert begun.changes is not None
    with pytest.raises(MismatchError, match=told):
        begun.changes.apply(axfr(1, frozenset({A1})))


@pytest.mark.parametrize(
    ("stream", "told"),
    [
        ([soa(3), soa(1), A1, soa(2), soa(2), A1, soa(3), soa(3)], "A goes twice"),
        ([soa(3), soa(1), soa(2), A1, soa(2), soa(3), A1, soa(3)], "A comes twice"),
        ([soa(3), soa(2), A1, soa(3), soa(3)], "IXFR base serial mismatch"),
        ([soa(3), soa(1), A1, soa(2), soa(3)], "unexpected end of IXFR sequence"),
        ([soa(0)], "is no IXFR"),
    ],
)
def test_what_is_no_chain(stream: list[str], told: str) -> None:
    begun, replies = begin(1)
    with pytest.raises(TransferFault, match=told):
        begun.feed(replies.message(*stream))
