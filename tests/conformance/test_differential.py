"""Random zones against knotd, nsd and named, within the time that a check of a change may take.

`make differential` asks new queries in each run, as many as wanted. Here they are always the same,
so that only a change can make it fail.
"""

import re
from collections import Counter

import pytest
from differential.runs import run, run_batch
from differential.shrinking import report, shrink
from differential.signing import SIGNINGS, Signing
from differential.zones import Record, Zone

QUERIES = 20_000
SEEDS = [1034, 2026]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.timeout(300)
def test_every_difference_is_explained(seed: int) -> None:
    counts: Counter[str] = Counter()
    print(f"\nseed {seed}")
    for _, found in run(QUERIES, seed, counts):
        for first in found[:1]:
            pytest.fail(report(shrink(first)))
    print(*(f"{count:7} {what}" for what, count in counts.most_common()), sep="\n")
    assert counts.total() >= QUERIES


A, NSEC, NSEC3 = 1, 47, 50
APEX = [
    Record((b"z",), 300, "SOA", ("ns1.example.net. h.example.net. 1 7200 900 1209600 60",)),
    Record((b"z",), 300, "NS", ("ns1.example.net.",)),
]
CUT = [
    Record((b"sub", b"z"), 300, "NS", ((b"ns", b"sub", b"z"),)),
    Record((b"ns", b"sub", b"z"), 300, "A", ("192.0.2.3",)),
]
HOST = [
    Record((b"www", b"z"), 300, "A", ("192.0.2.1",)),
    Record((b"www", b"z"), 300, "A", ("192.0.2.2",)),
    Record((b"alias", b"z"), 300, "CNAME", ((b"www", b"z"),)),
    Record((b"*", b"wild", b"z"), 300, "TXT", ('"one"',)),
    Record((b"old", b"z"), 300, "DNAME", ((b"wild", b"z"),)),
]


@pytest.mark.parametrize(
    ("written", "ours"),
    [
        ("192.0.2.1", "192.0.2.9"),
        ("www.z.z0. 300 IN A 192.0.2.2\n", ""),
        ("www.z.z0. 300 IN A", "www.z.z0. 299 IN A"),
        ("alias.z.z0. 300 IN CNAME www", "alias.z.z0. 300 IN CNAME wwx"),
        ("*.wild.z.z0.", "x.wild.z.z0."),
        ("old.z.z0. 300 IN DNAME wild.z.z0.\n", ""),
        ("ns.sub.z.z0. 300 IN A 192.0.2.3\n", ""),
        ("sub.z.z0. 300 IN NS ns.sub.z.z0.\n", ""),
        ("1209600 60", "1209600 61"),
    ],
)
def test_a_wrong_zone_is_found(written: str, ours: str) -> None:
    zone = Zone((b"z",), (*APEX, *CUT, *HOST))
    assert written in zone.to_text(b"z0")
    counts: Counter[str] = Counter()
    found = run_batch([(zone,)], 1, counts, lambda text: text.replace(written, ours))
    assert {fault.server for _, fault in found} == {"knotd", "nsd", "named"}
    assert counts["not explained"] == len(found)


@pytest.mark.parametrize("signing", SIGNINGS)
def test_a_wrong_signature_is_found(signing: Signing) -> None:
    zone = Zone((b"z",), (*APEX, *CUT, *HOST), signing)
    proofs = NSEC3 if signing.hashing else NSEC
    for covered in (A, proofs):
        # Data is in hexadecimal, and the covered type comes first in that of a signature.
        signature = re.compile(rf"( IN RRSIG \\# \d+ {covered:04x}.*)(.)$", re.MULTILINE)
        counts: Counter[str] = Counter()
        found = run_batch([(zone,)], 1, counts, lambda text, s=signature: s.sub(_flip, text))
        assert {fault.server for _, fault in found} == {"knotd", "nsd", "named"}, covered


def _flip(found: re.Match[str]) -> str:
    return f"{found[1]}{int(found[2], 16) ^ 1:x}"
