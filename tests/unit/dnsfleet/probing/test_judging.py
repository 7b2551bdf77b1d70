"""What the replies of a Pop say: faults, and where they contradict what edges prove."""

import dns.message
import pytest
from dnsfleet.probing import judging
from dnsfleet.probing.judging import Replies, Verdict
from dnsfleet.probing.lists import ProbedPop, ProbedZone
from dnsfleet.zones import questions
from dnsfleet.zones.questions import Question
from dnsfleet_engine import Engine, Zone
from support.zones import make_zone

ORIGIN = "example.com."
WWW = [("www", "A", "192.0.2.1")]
RECORD = Question("www.example.com.", "A", "www.example.com.", "A", 300, frozenset({b"\xc0\0\2\1"}))
ZONE = ProbedZone(ORIGIN, 10, 7, None, RECORD)
POP = ProbedPop("fra", (("192.0.2.53", 53),), False, 10)
AT = "192.0.2.53:53"


def answering(*zones: Zone) -> Replies:
    """What an edge with these zones answers."""
    engine = Engine()
    for zone in zones:
        engine.load(zone)

    def ask(name: str, rtype: str) -> dns.message.Message:
        wire = engine.respond(questions.query(name, rtype).to_wire(), transport="tcp")
        assert wire is not None
        return dns.message.from_wire(wire)

    record, soa = ask(RECORD.name, RECORD.rtype), ask(ORIGIN, "SOA")
    return Replies(AT, "udp", {ORIGIN: record}, {ORIGIN: soa})


def judged(*replies: Replies, pop: ProbedPop = POP) -> Verdict:
    return judging.judge(pop, [ZONE], replies)


RIGHT = answering(make_zone(ORIGIN, WWW, serial=7))
NO_ANSWER = Replies(AT, "tcp", {}, {}, "no answer: timed out")
OTHER = [("www", "A", "192.0.2.9")]


@pytest.mark.parametrize(
    ("zones", "reason", "text"),
    [
        ((), "NotServed", "REFUSED in place of the zone"),
        ((make_zone(ORIGIN, WWW, serial=6),), "Behind", "serial 6, and 7 is published"),
        ((make_zone(ORIGIN, OTHER, serial=7),), "OtherRecord", "A is 192.0.2.9"),
        ((make_zone(ORIGIN, [], serial=7),), "OtherRecord", "NXDOMAIN without"),
    ],
)
def test_what_is_not_as_published_is_a_fault(
    zones: tuple[Zone, ...], reason: str, text: str
) -> None:
    verdict = judged(RIGHT, answering(*zones))
    (fault,) = verdict.faults
    assert (fault.reason, fault.zone, fault.where) == (reason, ORIGIN, f"{AT} udp")
    assert text in str(fault)
    assert verdict.wrong == verdict.answered == {ORIGIN}
    assert verdict.disagrees


def test_as_published_or_newer_is_no_fault() -> None:
    newer = answering(make_zone(ORIGIN, OTHER, serial=8))
    verdict = judged(RIGHT, newer)
    assert (verdict.faults, verdict.wrong, verdict.disagrees) == ((), frozenset(), False)


def test_an_address_without_an_answer_is_a_fault_of_no_zone() -> None:
    verdict = judged(RIGHT, NO_ANSWER)
    (fault,) = verdict.faults
    assert (fault.reason, fault.zone) == ("NoAnswer", "")
    assert (verdict.wrong, verdict.answered) == (frozenset(), {ORIGIN})
    assert verdict.disagrees


@pytest.mark.parametrize(
    "pop",
    [
        POP._replace(answers=-1),
        POP._replace(answers=9),
        POP._replace(exceptions=(ORIGIN,)),
    ],
)
def test_what_no_edge_proves_is_contradicted_by_nobody(pop: ProbedPop) -> None:
    verdict = judged(answering(make_zone(ORIGIN, WWW, serial=6)), pop=pop)
    assert verdict.faults
    assert not verdict.disagrees


def test_a_pop_that_proves_nothing_does_not_have_to_answer() -> None:
    assert not judged(NO_ANSWER, pop=POP._replace(answers=-1)).disagrees


def test_a_reply_that_did_not_fit_is_not_judged() -> None:
    verdict = judged(RIGHT._replace(record={}, soa={}))
    assert (verdict.faults, verdict.answered) == ((), frozenset())


def test_zones_that_moved_meanwhile_are_left_out() -> None:
    verdict = judging.without(judged(answering()), [ORIGIN])
    assert (verdict.faults, verdict.answered, verdict.disagrees) == ((), frozenset(), False)
    alone = judging.without(judged(NO_ANSWER), [ORIGIN])
    assert alone.disagrees
