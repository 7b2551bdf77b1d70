"""Targets of ExternalDNS become rdata, and rdata the same targets again."""

import time

import pytest
from dnsfleet_externaldns import targets
from hypothesis import example, given
from hypothesis import strategies as st

HERITAGE = '"heritage=external-dns,external-dns/owner=a,external-dns/resource=service/b/c"'
LONG = "x" * 300


@pytest.mark.parametrize(
    ("rtype", "target", "rdata", "read"),
    [
        ("A", "192.0.2.1", "192.0.2.1", "192.0.2.1"),
        ("A", "lb.example.net", "lb.example.net", "lb.example.net"),
        ("AAAA", "2001:DB8:0::1", "2001:db8::1", "2001:db8::1"),
        ("CNAME", "lb.example.net", "lb.example.net.", "lb.example.net"),
        ("CNAME", "lb.example.net.", "lb.example.net.", "lb.example.net"),
        ("NS", "ns1.example.net", "ns1.example.net.", "ns1.example.net"),
        ("PTR", "a.example.net", "a.example.net.", "a.example.net"),
        ("CNAME", ".", ".", "."),
        ("CNAME", r"a\.", r"a\..", r"a\."),
        ("MX", "10  mail.example.net", "10 mail.example.net.", "10 mail.example.net"),
        ("MX", "mail.example.net", "mail.example.net", "mail.example.net"),
        ("SRV", "0 0 443 a.example.net", "0 0 443 a.example.net.", "0 0 443 a.example.net."),
        ("SRV", "0 0 0 .", "0 0 0 .", "0 0 0 ."),
        ("NAPTR", '1 2 "S" "SIP" "" a.example', *['1 2 "S" "SIP" "" a.example.'] * 2),
        ("TXT", "v=spf1 -all", "v=spf1 -all", "v=spf1 -all"),
        ("TXT", HERITAGE, HERITAGE, HERITAGE),
        ("TXT", '"a" "b"', '"a" "b"', '"a" "b"'),
        ("TXT", f'"{LONG}"', f'"{LONG[:255]}" "{LONG[255:]}"', f'"{LONG}"'),
        ("TXT", '""', '""', '""'),
        ("TXT", 'a "b"', 'a "b"', 'a "b"'),
        ("CAA", '0 issue "ca.example"', '0 issue "ca.example"', '0 issue "ca.example"'),
    ],
)
def test_a_target_is_written_and_read(rtype: str, target: str, rdata: str, read: str) -> None:
    assert targets.to_rdata(rtype, target) == rdata
    assert targets.to_target(rtype, rdata) == read


def test_escapes_stand_for_one_octet_each() -> None:
    quote, octet = r"\"", r"\200"
    target = f'"{quote * 200}{octet * 100}"'
    written = f'"{quote * 200}{octet * 55}" "{octet * 45}"'
    assert targets.to_rdata("TXT", target) == written
    assert targets.canonical("TXT", [target]) == (target,)


def test_megabytes_of_one_source_leave_time_for_the_others() -> None:
    target = f'"{"x" * 2_000_000}"'
    began = time.process_time()
    assert targets.canonical("TXT", [target]) == (target,)
    assert time.process_time() - began < 2.0  # 0.5; letter by letter it took 3


def test_targets_are_sorted_and_each_is_there_once() -> None:
    found = targets.canonical("AAAA", ["2001:db8::2", "2001:db8:0::1", "2001:db8::1"])
    assert found == ("2001:db8::1", "2001:db8::2")


TYPES = st.sampled_from(["A", "AAAA", "CNAME", "MX", "NAPTR", "NS", "PTR", "SRV", "TXT", "CAA"])
WORDS = st.text(st.sampled_from('ab01: "\\é'), min_size=1, max_size=6)
TEXTS = st.builds(".".join, st.lists(WORDS, max_size=3)) | st.from_regex(
    r'"[a\\"é]{0,600}"', fullmatch=True
)
"""Names without empty labels, which no zone takes, and whatever else; long strings of TXT."""


@given(TYPES, st.lists(TEXTS, max_size=4))
@example("SRV", ["0 0 . \\"])
def test_what_was_read_is_written_the_same_again(rtype: str, given: list[str]) -> None:
    once = targets.canonical(rtype, given)
    assert targets.canonical(rtype, once) == once
    written = [targets.to_rdata(rtype, each) for each in once]
    assert tuple(sorted({targets.to_target(rtype, each) for each in written})) == once
