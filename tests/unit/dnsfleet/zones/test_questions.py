"""Questions about zones with cuts, wildcards and aliases, and replies judged by the engine."""

import random

import dns.message
import dns.rrset
import pytest
from dnsfleet.zones import questions
from dnsfleet.zones.questions import QUERIES_PER_ZONE, Question
from dnsfleet_engine import Engine, Zone
from support.zones import hosts, make_zone

ORIGIN = "example.com."
SEEDS = range(40)
ZONE = make_zone(
    ORIGIN,
    [
        ("www", "A", "192.0.2.1"),
        ("www", "A", "192.0.2.2"),
        ("www", "TXT", '"a b" "c"'),
        ("alias", "CNAME", "www"),
        ("away", "CNAME", "host.example.net."),
        ("*.wild", "A", "192.0.2.3"),
        ("host.wild", "AAAA", "2001:db8::1"),
        ("a.b.c", "A", "192.0.2.4"),
        ("sub", "NS", "ns.sub"),
        ("sub", "NS", "ns1.example.net."),
        ("sub", "DS", "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"),
        ("ns.sub", "A", "192.0.2.5"),
        ("tree", "DNAME", "example.net."),
        ("tree", "TXT", "beside"),
        ("deep.inner", "A", "192.0.2.6"),
        ("mail", "MX", "10 MAIL.example.com."),
        ("own", "TYPE65280", "\\# 2 abcd"),
    ],
)


def ask(engine: Engine, name: str, rtype: str) -> dns.message.Message:
    wire = engine.respond(questions.query(name, rtype).to_wire(), transport="tcp")
    assert wire is not None
    return dns.message.from_wire(wire)


def serving(*zones: Zone) -> Engine:
    engine = Engine()
    for zone in zones:
        engine.load(zone)
    return engine


def choose(zone: Zone, inner: set[str], seed: int) -> list[Question]:
    return questions.choose(zone, inner, random.Random(seed).randrange)


def every_question(zone: Zone, *inner: str) -> dict[tuple[str, str], Question]:
    """All that any of the seeds asks."""
    found = [each for seed in SEEDS for each in choose(zone, {*inner}, seed)]
    return {(each.name, each.rtype): each for each in found}


def test_a_right_edge_is_never_told_as_wrong() -> None:
    asked, engine = every_question(ZONE), serving(ZONE)
    assert {f"{each}" for each in asked.values()} >= {
        "*.wild.example.com. A",
        "alias.example.com. CNAME",
        "away.example.com. CNAME",
        "ns.sub.example.com. A",
        "own.example.com. TYPE65280",
        "sub.example.com. DS",
        "sub.example.com. NS",
        "tree.example.com. DNAME",
        "tree.example.com. TXT",
        "www.example.com. A",
    }
    for question in asked.values():
        assert questions.wrong(question, ask(engine, question.name, question.rtype)) == ""


def test_an_edge_with_an_inner_zone_is_not_asked_for_what_that_one_answers() -> None:
    inner = make_zone("inner.example.com.", [("deep", "A", "192.0.2.7")])
    asked, engine = every_question(ZONE, "inner.example.com."), serving(ZONE, inner)
    assert not [name for name, _ in asked if name.endswith("inner.example.com.")]
    for question in asked.values():
        assert questions.wrong(question, ask(engine, question.name, question.rtype)) == ""
    below = questions.inner_zones([ORIGIN, "inner.example.com.", "example.net."])
    assert below[ORIGIN] == {"inner.example.com."}
    assert "example.net." not in below


def test_a_question_is_drawn_when_it_is_asked_for() -> None:
    drawn: list[int] = []

    def below(bound: int) -> int:
        drawn.append(bound)
        return len(drawn) * 1000 % bound

    large = make_zone(ORIGIN, hosts(1000))
    assert next(questions.drawn(large, frozenset(), below)).rtype == "A"
    assert len(drawn) == 1


def test_questions_about_the_apex_are_answered_there() -> None:
    zone = make_zone(ORIGIN, [("@", "MX", "10 mail"), ("@", "TXT", "text"), *hosts(1000)])
    engine = serving(zone)
    asked = list(questions.at_apex(zone, random.Random(0).randrange))
    assert {f"{each}" for each in asked} == {f"{ORIGIN} {each}" for each in ("NS", "MX", "TXT")}
    for question in asked:
        assert questions.wrong(question, ask(engine, question.name, question.rtype)) == ""


def test_names_at_and_below_a_cut_are_referred() -> None:
    asked = every_question(ZONE)
    for name in ("sub.example.com.", "ns.sub.example.com."):
        rtype = "NS" if name.startswith("sub") else "A"
        question = asked[name, rtype]
        assert (question.owner, question.kind, question.referral) == (
            "sub.example.com.",
            "NS",
            True,
        )
    assert not asked["sub.example.com.", "DS"].referral


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([("www", "A", "192.0.2.1")], "www.example.com. A is 192.0.2.1"),
        ([("other", "A", "192.0.2.1")], "NXDOMAIN without www.example.com. A"),
        ([("www", "TXT", "text")], "NOERROR without www.example.com. A"),
    ],
)
def test_a_wrong_reply_is_told(records: list[tuple[str, str, str]], said: str) -> None:
    question = every_question(ZONE)["www.example.com.", "A"]
    reply = ask(serving(make_zone(ORIGIN, records)), "www.example.com.", "A")
    assert said in questions.wrong(question, reply)


def test_another_ttl_is_told() -> None:
    question = every_question(ZONE)["www.example.com.", "A"]
    reply = dns.message.make_response(questions.query("www.example.com.", "A"))
    reply.answer = [
        dns.rrset.from_text("www.example.com.", 60, "IN", "A", "192.0.2.1", "192.0.2.2")
    ]
    assert questions.wrong(question, reply) == (
        "www.example.com. A: www.example.com. A has TTL 60, not 300"
    )


def test_the_serial_is_the_one_of_the_zone_itself() -> None:
    zone, child = make_zone(ORIGIN, serial=7), "child.example.com."
    engine = serving(zone)
    assert questions.serial(ORIGIN, ask(engine, ORIGIN, "SOA")) == 7
    assert questions.serial(child, ask(engine, child, "SOA")) is None
    assert questions.serial("example.org.", ask(engine, "example.org.", "SOA")) is None
    engine.withhold("example.net.")
    assert questions.serial("example.net.", ask(engine, "example.net.", "SOA")) is None


@pytest.mark.parametrize("count", [0, 3, 100, 5000])
def test_the_number_of_queries_is_bounded_and_a_seed_repeats_them(count: int) -> None:
    zone = make_zone(ORIGIN, hosts(count))
    for seed in SEEDS:
        chosen = choose(zone, set(), seed)
        assert len(chosen) == min(count + 1, QUERIES_PER_ZONE - 1)
        assert chosen == choose(zone, set(), seed)
        assert len(set(chosen)) == len(chosen)
    assert count < 100 or choose(zone, set(), 1) != choose(zone, set(), 2)
