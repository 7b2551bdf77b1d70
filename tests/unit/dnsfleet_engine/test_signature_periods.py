"""When the engine takes the signatures of a zone to be valid."""

import base64

import dns.dnssec
import dns.rdata
import pytest
from dnsfleet_engine import Zone
from hypothesis import given
from hypothesis import strategies as st
from support.signature_records import ALGORITHM, DNSKEY, ORIGIN, TAG, rrsig, signed, zone
from support.zones import make_zone

NOW = 1_800_000_000
BEGINS, ENDS = NOW - 1000, NOW + 1000


def period(made: Zone, now: int = NOW) -> tuple[str, str] | None:
    """Beginning and end, relative to `now`, with owner and type."""
    found = made.signature_period(now)
    if found is None:
        return None
    begins, ends = (f"{at - now:+} {owner} {rtype}" for at, owner, rtype in found)
    return begins, ends


def test_a_zone_without_a_key_or_a_signature_of_the_soa_has_none() -> None:
    assert zone().signature_period(NOW) is None
    assert zone(f"@ {rrsig('NS', BEGINS, ENDS)}").signature_period(NOW) is None
    _, signature = rrsig("SOA", BEGINS, ENDS).split(maxsplit=1)
    assert make_zone(ORIGIN, [("@", "RRSIG", signature)]).signature_period(NOW) is None


A = "www A 192.0.2.1"
OTHER = "257 3 8 BAUG"
OTHER_TAG = 257 + 0x0308 + 0x0405 + 0x0600
REVOKED = f"{256 + 128} 3 {ALGORITHM} AQID"
NO_ZONE_KEY = f"0 3 {ALGORITHM} AQID"
WHOLE = ("-1000 example.com. NS", "+1000 example.com. NS")


@pytest.mark.parametrize(
    ("records", "begins", "ends"),
    [
        ((), *WHOLE),
        ((A, f"www {rrsig('A', BEGINS, NOW + 5)}"), WHOLE[0], "+5 www.example.com. A"),
        ((A, f"www {rrsig('A', BEGINS, NOW - 5)}"), WHOLE[0], "-5 www.example.com. A"),
        ((A, f"www {rrsig('A', NOW + 5, ENDS)}"), "+5 www.example.com. A", WHOLE[1]),
        # nothing that a validator could use
        ((A, f"www {rrsig('A', BEGINS, NOW - 5, tag=TAG + 1)}"), *WHOLE),
        ((A, f"www {rrsig('A', BEGINS, NOW - 5, algorithm=8)}"), *WHOLE),
        ((A, f"www {rrsig('AAAA', BEGINS, NOW - 5)}"), *WHOLE),
        ((f"@ DNSKEY {REVOKED}", A, f"www {rrsig('A', BEGINS, 5, TAG + 128)}"), *WHOLE),
        ((f"@ DNSKEY {NO_ZONE_KEY}", A, f"www {rrsig('A', BEGINS, 5, TAG - 256)}"), *WHOLE),
        # one of several is enough
        (
            (A, f"www {rrsig('A', 5, NOW - 5)}", f"www {rrsig('A', NOW - 9, ENDS)}"),
            *WHOLE,
        ),
        # of each algorithm
        (
            (f"@ DNSKEY {OTHER}", f"@ {rrsig('SOA', BEGINS, NOW + 7, OTHER_TAG, 8)}"),
            WHOLE[0],
            "+7 example.com. SOA",
        ),
        # of each key that signs the keys
        (
            (
                f"@ DNSKEY 257 3 {ALGORITHM} AQID",
                f"@ {rrsig('DNSKEY', BEGINS, NOW + 7, TAG + 1)}",
                f"@ {rrsig('NS', BEGINS, NOW + 5, TAG + 1)}",
            ),
            WHOLE[0],
            "+7 example.com. DNSKEY",
        ),
    ],
)
def test_what_counts(records: tuple[str, ...], begins: str, ends: str) -> None:
    assert period(signed(BEGINS, ENDS, *records)) == (begins, ends)


def test_a_zone_that_only_other_keys_signed_has_none() -> None:
    assert zone(f"@ {rrsig('SOA', BEGINS, ENDS, tag=TAG + 1)}").signature_period(NOW) is None


def test_the_shortest_name_is_told_where_several_end_together() -> None:
    records = [
        f"{owner} {record}"
        for owner in ("a.b", "z", "b", "c")
        for record in ("A 192.0.2.1", rrsig("A", BEGINS, NOW + 5))
    ]
    assert period(signed(BEGINS, ENDS, *records)) == (WHOLE[0], "+5 b.example.com. A")


@pytest.mark.parametrize("now", [0, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 5, 7 * 2**32 - 3])
def test_times_are_those_nearest_to_now(now: int) -> None:
    for ends in (-5, 5, 2**31 - 1, 1 - 2**31):
        expected = ("-9 example.com. NS", f"{ends:+} example.com. NS")
        assert period(signed(now - 9, now + ends), now) == expected


@given(
    st.sampled_from([256, 257]), st.sampled_from([8, 13, 15]), st.binary(min_size=1, max_size=90)
)
def test_tags_of_keys_are_those_of_dnspython(flags: int, algorithm: int, key: bytes) -> None:
    text = f"{flags} 3 {algorithm} {base64.b64encode(key).decode()}"
    tag = dns.dnssec.key_id(dns.rdata.from_text("IN", "DNSKEY", text))
    signature = rrsig("SOA", BEGINS, ENDS, tag, algorithm)
    made = zone(f"@ DNSKEY {text}", f"@ {signature}")
    assert period(made) == ("-1000 example.com. SOA", "+1000 example.com. SOA")


def test_the_key_of_the_tests_has_the_tag_of_the_tests() -> None:
    assert dns.dnssec.key_id(dns.rdata.from_text("IN", "DNSKEY", DNSKEY)) == TAG
    assert zone().origin == ORIGIN
