"""Which changes of a placement are held, and where the zone is published meanwhile."""

import pytest
from dnsfleet.zones import placements, plans
from dnsfleet.zones.placements import Fleet, Pops

ALL = frozenset("abcd")

CASES = [
    # published for, wanted, running, published for next, held
    ("abcd", "abcd", "abcd", "abcd", False),
    ("abcd", "abc", "abcd", "abc", False),
    ("abcd", "ab", "abcd", "ab", False),
    ("abcd", "a", "abcd", "abcd", True),
    ("abcd", "", "abcd", "abcd", True),
    ("ab", "a", "abcd", "a", False),
    ("a", "", "abcd", "a", True),
    ("", "", "abcd", "", False),
    ("", "a", "abcd", "a", False),
    # a Pop that joins does not make more than half of the others less
    ("a", "b", "abcd", "a", True),
    ("ab", "cd", "abcd", "ab", True),
    ("abc", "d", "abcd", "abcd", True),
    # every Pop
    (None, None, "abcd", None, False),
    (None, "ab", "abcd", "ab", False),
    (None, "a", "abcd", None, True),
    (None, "", "abcd", None, True),
    (None, "a", "a", "a", False),
    ("a", None, "abcd", None, False),
    # who does not run serves nobody, and loses nothing
    ("ab", "b", "a", "ab", True),
    ("ab", "a", "a", "a", False),
    ("ab", "", "", "", False),
]


def pops(names: str | None) -> Pops:
    return None if names is None else tuple(names)


@pytest.mark.parametrize(("before", "wanted", "running", "after", "held"), CASES)
def test_what_is_held(
    before: str | None, wanted: str | None, running: str, after: str | None, held: bool
) -> None:
    found = placements.decide(pops(before), pops(wanted), Fleet(frozenset(running)), frozenset())
    assert (found.pops, found.hold is not None) == (pops(after), held)


@pytest.mark.parametrize("everywhere", [True, False])
def test_an_approval_by_the_hash_lets_it_go(everywhere: bool) -> None:
    hold = placements.unsafe(pops("abcd"), pops("a"), Fleet(ALL))
    assert hold is not None
    hashes = frozenset({"another", hold.hash})
    fleet = Fleet(ALL, approvals=hashes if everywhere else frozenset())
    own = frozenset[str]() if everywhere else hashes
    assert placements.decide(pops("abcd"), pops("a"), fleet, own) == (("a",), None)
    other = placements.decide(pops("abcd"), pops("b"), fleet, own)
    assert other.hold is not None, "it approves this change and no other"


def test_the_last_pop_that_answers_is_not_taken_away() -> None:
    change = pops("ab"), pops("b")
    answers = Fleet(ALL, ready=frozenset("a"))
    held = placements.decide(*change, answers, frozenset())
    assert held.hold is not None
    assert held.hold.text == (
        "the change takes 1 of 2 Pops from the zone: a; "
        "no other Pop that serves it has a Ready edge"
    )
    joined = placements.decide(pops("ab"), pops("bc"), answers, frozenset())
    assert joined.pops == pops("abc"), "one of them will answer"
    for ready in ("ab", "b", "", "cd"):
        assert placements.unsafe(*change, Fleet(ALL, frozenset(ready))) is None


def test_pops_that_were_lost_lately_count() -> None:
    fleet = Fleet(ALL)
    held = placements.unsafe(pops("bc"), pops("b"), fleet, frozenset("ad"))
    assert held is not None
    assert (
        held.text == "the change takes 1 of 2 Pops from the zone: c; shortly before, it lost a, d"
    )
    most = placements.unsafe(pops("bc"), pops(""), fleet, frozenset("ad"))
    assert most == placements.unsafe(pops("bc"), pops(""), fleet), "it is held in any case"
    assert placements.unsafe(pops("bc"), pops("bc"), fleet, frozenset("ad")) is None
    assert placements.unsafe(pops("abc"), pops("ab"), fleet, frozenset("ad")) is None
    assert placements.unsafe(pops("bc"), pops("b"), Fleet(frozenset("bc")), frozenset("ad")) is None


def test_the_message_says_how_to_approve() -> None:
    names = tuple(f"p{number}" for number in range(8))
    hold = placements.unsafe(names, names[:1], Fleet(frozenset(names)))
    assert hold is not None
    assert hold.message == (
        "the change takes 7 of 8 Pops from the zone: p1, p2, p3, p4, p5 and 2 more; if that is "
        f"meant, annotate the Zone with dnsfleet.io/approve: {hold.hash}"
    )
    assert plans.asked_hash(hold.message) == hold.hash
    assert plans.asked_hash("something else") == ""
