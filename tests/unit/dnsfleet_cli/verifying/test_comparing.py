"""What differs between vantage points, by tables: what was said, and what is told of it."""

from dataclasses import replace
from typing import Any

import pytest
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.pop_reports import EdgeWord, Report
from dnsfleet.replication.revisions import Revision
from dnsfleet.zones import plans
from dnsfleet_cli.verifying import running
from dnsfleet_cli.verifying.comparing import differences
from dnsfleet_cli.verifying.looks import Answer, Copy, Difference, Edge, Entry, Look, Wanted
from support.presigned_zones import signed
from support.signed_zones import sign
from support.zones import hosts, make_zone

ORIGIN = "example.com."
TOTAL = 7
Row = tuple[str, str, str]


def entry(seq: int = 1, address: str = "192.0.2.1", pops: tuple[str, ...] | None = None) -> Entry:
    """A zone at revision 1.SEQ with serial SEQ."""
    zone = make_zone(ORIGIN, [("www", "A", address)], serial=seq)
    manifest = replace(sign(zone, seq).manifest, pops=pops)
    return Entry(manifest.revision, manifest, "", zone)


def tombstone(seq: int) -> Entry:
    manifest = entry(seq).manifest
    assert manifest is not None
    removed = replace(manifest, tombstone=True, digest=b"", snapshot=None)
    return Entry(removed.revision, removed)


def ack(told: int = 1, total: int | None = TOTAL, **said: Any) -> Ack:
    """What an edge says that was told up to a position."""
    given = {"failing": {}, "failing_count": 0} | said
    return Ack(lsn=told, told=told, total=total, **given)


def edge(answer: Answer | None = None, said: Ack | None = None, problem: str = "") -> Edge:
    answers = {ORIGIN: answer or Answer("NOERROR", 1)}
    return Edge("fra", "fra-0", answers, said or ack(), problem)


def copy(position: int = 1, zone: Entry | None = None) -> Copy:
    """A core or replica with one zone."""
    return Copy(position, TOTAL, {ORIGIN: zone or entry()})


def want(address: str = "192.0.2.1", **said: Any) -> dict[str, Wanted]:
    return {ORIGIN: Wanted(make_zone(ORIGIN, [("www", "A", address)]), **said)}


def look(core: Copy | None = None, **found: Any) -> Look:
    """A look at a fleet of one zone, one Pop and one edge, in which all is equal."""
    core = core or copy()
    announced = {
        origin: each.announced
        for origin, each in core.entries.items()
        if each.announced is not None
    }
    equal = {
        "origins": frozenset([ORIGIN]),
        "pops": frozenset(["fra"]),
        "wanted": want(),
        "refused": [],
        "core": core,
        "head": "",
        "replicas": {"fra": core},
        "edges": [edge()],
        "after": announced,
        "quiet": True,
    }
    return Look(**(equal | found))


def told(found: list[Difference]) -> list[Row]:
    return [(each.reason, each.where, each.zone) for each in found]


EDGE, REPLICA = "edge fra/fra-0", "replica of Pop fra"
NEWER = copy(position=2, zone=entry(2))
GONE = copy(position=2, zone=tombstone(2))
AT_TWO = {"edges": [edge(Answer("NOERROR", 2), ack(2))]}

ALONE: dict[str, tuple[Look, list[Row]]] = {
    "all is equal": (look(), []),
    "an object that cannot be read": (
        look(refused=["zones.yaml:3: not UTF-8"]),
        [("Refused", "objects", "")],
    ),
    "an object that is refused": (
        look(wanted=want("192.0.2.9", problem="two CNAMEs")),
        [("Refused", "objects", ORIGIN)],
    ),
    "a zone that no object asks for": (look(wanted={}), [("Unwanted", "core", ORIGIN)]),
    "a zone of which only the writer knows the content": (
        look(wanted={ORIGIN: Wanted(None)}),
        [],
    ),
    "a zone that was never published": (
        look(Copy(1, TOTAL), edges=[edge(Answer("REFUSED", None))]),
        [("NotPublished", "core", ORIGIN)],
    ),
    "a zone that was removed and is asked for": (
        look(GONE, edges=[edge(Answer("REFUSED", None), ack(2))]),
        [("NotPublished", "core", ORIGIN)],
    ),
    "a removed zone that nobody asks for": (
        look(GONE, wanted={}, edges=[edge(Answer("REFUSED", None), ack(2))]),
        [],
    ),
    "a removed zone that an edge serves": (
        look(GONE, wanted={}, edges=[edge(Answer("NOERROR", 1), ack(2))]),
        [("NotDropped", EDGE, ORIGIN)],
    ),
    "other content than the objects say": (
        look(wanted=want("192.0.2.9")),
        [("OtherContent", "core", ORIGIN)],
    ),
    "other Pops than the objects say": (
        look(copy(zone=entry(pops=())), edges=[edge(Answer("REFUSED", None))]),
        [("OtherPops", "core", ORIGIN)],
    ),
    "other Pops than the objects say, because that is held": (
        look(wanted=want(pops=())),
        [("Held", "core", ORIGIN)],
    ),
    "a zone of another Pop that the edge serves": (
        look(copy(zone=entry(pops=())), wanted=want(pops=())),
        [("NotDropped", EDGE, ORIGIN)],
    ),
    "a damaged zone in the core": (
        look(copy(zone=entry()._replace(problem="its manifest is missing", manifest=None))),
        [("Damaged", "core", ORIGIN)],
    ),
    "no head of the fleet": (look(head="it is missing"), [("Damaged", "core", "")]),
    "a replica that does not answer": (
        look(replicas={"fra": Copy(problem="timeout")}),
        [("NoAnswer", REPLICA, "")],
    ),
    "a replica at an older position, and its edge": (
        look(NEWER, replicas={"fra": copy()}),
        [("Behind", REPLICA, ""), ("Behind", EDGE, ""), ("Behind", EDGE, ORIGIN)],
    ),
    "a replica without the zone": (
        look(replicas={"fra": Copy(1, TOTAL)}),
        [("OtherRevision", REPLICA, ORIGIN)],
    ),
    "a replica with a damaged manifest": (
        look(replicas={"fra": copy(zone=entry()._replace(problem="forged", manifest=None))}),
        [("OtherRevision", REPLICA, ORIGIN)],
    ),
    "a Pop without an edge": (look(edges=[]), [("NoEdge", "Pop fra", "")]),
    "an edge that does not answer": (
        look(edges=[edge(problem="refused")]),
        [("NoAnswer", EDGE, "")],
    ),
    "an edge without the zone": (
        look(edges=[edge(Answer("REFUSED", None))]),
        [("NotServed", EDGE, ORIGIN)],
    ),
    "an edge that lost the data of the zone": (
        look(edges=[edge(Answer("SERVFAIL", None))]),
        [("NotServed", EDGE, ORIGIN)],
    ),
    "an edge with an older serial": (
        look(NEWER, edges=[edge(Answer("NOERROR", 1), ack(2))]),
        [("Behind", EDGE, ORIGIN)],
    ),
    "an edge with a newer serial": (
        look(edges=[edge(Answer("NOERROR", 2))]),
        [("Ahead", EDGE, ORIGIN)],
    ),
    "an edge with the right serial and a wrong RRset": (
        look(edges=[edge(Answer("NOERROR", 1, ("www.example.com. A: NXDOMAIN",)))]),
        [("WrongAnswer", EDGE, ORIGIN)],
    ),
    "an edge that said nothing": (
        look(edges=[edge()._replace(ack=None)]),
        [("Unproved", EDGE, "")],
    ),
    "an edge of the version before": (
        look(edges=[edge(said=ack(total=None))]),
        [("Unproved", EDGE, "")],
    ),
    "an edge that was told something else": (
        look(edges=[edge(said=ack(total=TOTAL + 1))]),
        [("Misled", EDGE, "")],
    ),
    "the same while something is published": (
        look(edges=[edge(said=ack(total=TOTAL + 1))], quiet=False),
        [],
    ),
    "an edge that cannot load the zone": (
        look(edges=[edge(said=ack(failing={ORIGIN: "bad digest"}, failing_count=1))]),
        [("CannotLoad", EDGE, ORIGIN)],
    ),
    "an edge that proves something newer": (
        look(edges=[edge(said=ack(ahead={ORIGIN: b"signed"}, ahead_count=1))]),
        [("Ahead", EDGE, ORIGIN)],
    ),
    "an edge that was told more since": (look(edges=[edge(said=ack(5))]), []),
}


@pytest.mark.parametrize(("found", "expected"), ALONE.values(), ids=ALONE.keys())
def test_one_look(found: Look, expected: list[Row]) -> None:
    assert told(differences(found)) == expected


CHANGING = {ORIGIN: Revision(1, 3)}
BOTH: dict[str, tuple[Look, Look, list[Row]]] = {
    "a zone that changed between the looks, and is everywhere": (
        look(),
        look(NEWER, **AT_TWO),
        [],
    ),
    "a zone that changed between the looks, and is on its way": (
        look(),
        look(NEWER, replicas={"fra": copy()}),
        [],
    ),
    "a zone that changes during both looks": (
        look(after={ORIGIN: Revision(1, 2)}),
        look(NEWER, after=CHANGING),
        [],
    ),
    "the same, at an edge that stays where it was before the first": (
        look(NEWER, after=CHANGING),
        look(copy(position=4, zone=entry(4)), replicas={"fra": NEWER}, after=CHANGING),
        [("Behind", EDGE, ""), ("Behind", EDGE, ORIGIN)],
    ),
    "an object that changed between the looks": (
        look(),
        look(wanted=want("192.0.2.9")),
        [],
    ),
    "an object that changed before the first": (
        look(wanted=want("192.0.2.9")),
        look(wanted=want("192.0.2.9")),
        [("OtherContent", "core", ORIGIN)],
    ),
    "a zone that came between the looks": (
        look(Copy(1, TOTAL), edges=[edge(Answer("REFUSED", None))]),
        look(edges=[edge(Answer("REFUSED", None))]),
        [],
    ),
    "a zone that was removed between the looks": (
        look(),
        look(GONE, wanted={}, edges=[edge(Answer("NOERROR", 1), ack(2))]),
        [],
    ),
}


@pytest.mark.parametrize(("earlier", "found", "expected"), BOTH.values(), ids=BOTH.keys())
def test_a_look_after_another(earlier: Look, found: Look, expected: list[Row]) -> None:
    assert told(differences(found, earlier)) == expected


def test_a_change_that_waits_for_approval_is_told_with_its_hash() -> None:
    before = make_zone(ORIGIN, hosts(40), serial=1)
    after = make_zone(ORIGIN)
    manifest = sign(before, 1).manifest
    core = copy(zone=Entry(manifest.revision, manifest, "", before))
    hash_ = plans.plan_hash(plans.change(before, after))
    (held,) = differences(look(core, wanted={ORIGIN: Wanted(after)}))
    assert (held.reason, held.zone) == ("Held", ORIGIN)
    assert f"dnsfleet.io/approve: {hash_}" in held.text
    approved = {ORIGIN: Wanted(after, approve=hash_)}
    assert told(differences(look(core, wanted=approved))) == [("OtherContent", "core", ORIGIN)]


def test_a_signed_zone_without_a_higher_serial_is_held() -> None:
    have, other = (signed(make_zone(ORIGIN, hosts(count), serial=1)) for count in (3, 4))
    manifest = sign(have, 1).manifest
    core = copy(zone=Entry(manifest.revision, manifest, "", have))
    (held,) = differences(look(core, wanted={ORIGIN: Wanted(other)}))
    assert (held.reason, held.where, held.zone) == ("Held", "core", ORIGIN)
    assert "the zone is signed with serial 1, and other content is published" in held.text
    higher = {ORIGIN: Wanted(signed(make_zone(ORIGIN, hosts(4), serial=2)))}
    assert told(differences(look(core, wanted=higher))) == [("OtherContent", "core", ORIGIN)]


def test_serials_are_compared_on_a_circle() -> None:
    """RFC 1982: 1 comes after 4294967295."""
    zone = make_zone(ORIGIN, [("www", "A", "192.0.2.1")], serial=1)
    manifest = sign(zone, 1).manifest
    core = copy(zone=Entry(manifest.revision, manifest, "", zone))
    behind = look(core, edges=[edge(Answer("NOERROR", 2**32 - 1))])
    assert told(differences(behind)) == [("Behind", EDGE, ORIGIN)]


def test_who_is_cut_off_is_told_as_the_reason() -> None:
    found = differences(look(NEWER, replicas={"fra": copy()}))
    assert [each.text.partition(": ")[2] for each in found] == [
        "it does not follow the core; restart it",
        "the replica of Pop fra brings it no news; restart that",
        "the replica of Pop fra brings it no news; restart that",
    ]


NOW_MS = 1_800_000_000_000


def report(*words: EdgeWord, age_ms: int = 1000) -> Report:
    """What a cluster said of its Pop a second ago."""
    return Report(NOW_MS - age_ms, "0.1.0", None, 1, words=words)


@pytest.mark.parametrize(
    ("said", "expected", "status"),
    [
        (report(EdgeWord("e1", 3, ack())), [], 0),
        (report(EdgeWord("e1", 1, ack(told=0))), [("Behind", "edge fra/e1", "")], 1),
        (
            report(EdgeWord("e1", 2, ack(total=8)), EdgeWord("e3", 1, None)),
            [("Misled", "edge fra/e1 and 1 more", ""), ("Unproved", "edge fra/e3", "")],
            1,
        ),
        (
            report(EdgeWord("e1", 1, ack(failing={ORIGIN: "bad"}, failing_count=1))),
            [("CannotLoad", "edge fra/e1", ORIGIN)],
            1,
        ),
        (report(), [("NoEdge", "Pop fra", "")], 1),
        (report(EdgeWord("e1", 1, ack()), age_ms=61_000), [("NotHeard", "Pop fra", "")], 2),
        (None, [("NotHeard", "Pop fra", "")], 2),
    ],
)
def test_of_a_pop_in_another_cluster_its_word_is_judged(
    said: Report | None, expected: list[Row], status: int
) -> None:
    """Nothing is missed of its replica and its edges, which nobody can look at from here."""
    found = differences(look(replicas={}, edges=[], remote={"fra": said}, now_ms=NOW_MS))
    rows = [
        (each.reason, each.where.removesuffix(", in another cluster"), each.zone) for each in found
    ]
    assert rows == expected
    assert running.status(found) == status


@pytest.mark.parametrize(
    ("seen", "expected"), [([], 0), ([True], 1), ([False], 2), ([False, True], 1)]
)
def test_the_exit_status_says_whether_something_differs(seen: list[bool], expected: int) -> None:
    assert running.status([Difference("R", "core", "", "", each) for each in seen]) == expected
