"""Reports of Pops in other clusters: few words for many edges, and nothing that is not proved."""

import json
import random
import zlib

import pytest
from dnsfleet.replication import pop_reports
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.command_words import DONE, Outcome
from dnsfleet.replication.pop_reports import EdgeWord, Report
from dnsfleet.replication.revisions import Revision

ACK = Ack(lsn=7, failing={}, failing_count=0, time_ms=50, told=7, total=5, started_ms=40)


def test_a_report_comes_as_it_was_sent() -> None:
    failing = ACK._replace(failing={"a.": "bad"}, failing_count=1)
    report = Report(
        100,
        "0.1.0",
        Revision(7, 2),
        3,
        ("spec.edge.more",),
        ("ApplyFailed", "refused"),
        "1 of 2",
        *(2, 2, 3),
        ("192.0.2.1",),
        (EdgeWord("e1", 2, ACK), EdgeWord("e3", 1, failing), EdgeWord("e4", 1, None)),
    )
    assert pop_reports.decode(pop_reports.encode(report)) == report
    bare = Report(100, "0.1.0", None, 0)
    assert pop_reports.decode(pop_reports.encode(bare)) == bare


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        zlib.compress(b"[]"),
        zlib.compress(b'{"time":1}'),
        zlib.compress(b"[" * 100_000),
        zlib.compress(b" " * 10_000_000 + b"{}"),
        random.Random(1).randbytes(100_000),
    ],
    ids=["nothing", "not packed", "a list", "a part", "deep", "a bomb", "large"],
)
def test_what_is_no_report_is_none(data: bytes) -> None:
    assert pop_reports.decode(data) is None


@pytest.mark.parametrize(
    "report",
    [
        Report(2**60, "0.1.0", None, 0),
        Report(1, "0.1.0", None, 2**60),
        Report(1, "0.1.0", None, 0, ready=2**60),
        Report(1, "0.1.0", None, 0, problem=("no reason\n", "")),
        Report(1, "0.1.0", None, 0, problem=("", "")),
    ],
)
def test_a_report_that_no_status_could_show_is_none(report: Report) -> None:
    assert pop_reports.decode(pop_reports.encode(report)) is None


def test_a_hundred_edges_that_agree_are_one_word_with_the_oldest_time() -> None:
    said = {f"e{number:02}": ACK._replace(time_ms=50 + number) for number in range(100)}
    assert pop_reports.words(said) == (EdgeWord("e00", 100, ACK),)


def test_edges_that_say_something_else_or_nothing_are_words_of_their_own() -> None:
    later = ACK._replace(lsn=8, told=8, total=6)
    words = pop_reports.words({"e1": ACK, "e2": later, "e3": None, "e4": None})
    assert sorted(words, key=lambda word: word.edge) == [
        EdgeWord("e1", 1, ACK),
        EdgeWord("e2", 1, later),
        EdgeWord("e3", 2, None),
    ]


def test_edges_beyond_what_a_report_tells_prove_nothing() -> None:
    said: dict[str, Ack | None] = {
        f"e{number:02}": ACK._replace(told=number, total=number) for number in range(30)
    }
    words = pop_reports.words(said)
    assert len(words) == pop_reports.MAX_WORDS
    assert sum(word.edges for word in words) == len(said)
    assert [word.edges for word in words if word.ack is None] == [30 - len(words) + 1]


def test_a_report_is_never_longer_than_a_reader_takes() -> None:
    noise = random.Random(2)
    said: dict[str, Ack | None] = {}
    for number in range(40):
        failing = {f"{noise.randbytes(100).hex()}.": noise.randbytes(100).hex() for _ in range(50)}
        ahead = {f"{noise.randbytes(9).hex()}.": noise.randbytes(1000) for _ in range(30)}
        said[f"e{number}"] = ACK._replace(
            failing=failing, failing_count=50, ahead=ahead, ahead_count=30
        )
    report = Report(1, "0.1.0", None, 0, words=pop_reports.words(said))
    assert len(pop_reports.encode(report)) <= pop_reports.MAX_OCTETS
    assert pop_reports.decode(pop_reports.encode(report)) == report


def test_what_an_edge_has_ahead_is_named_in_parts() -> None:
    ahead = {f"{number:02}.": b"signed" for number in range(30)}
    (word,) = pop_reports.words({"e1": ACK._replace(ahead=ahead, ahead_count=30)})
    assert word.ack is not None
    assert (len(word.ack.ahead), word.ack.ahead_count) == (pop_reports.MAX_AHEAD, 30)


def test_a_report_that_says_the_same_later_has_the_same_sense() -> None:
    words = (EdgeWord("e1", 1, ACK),)
    report = Report(1, "0.1.0", Revision(7, 2), 3, words=words)
    later = report._replace(time_ms=9, words=(EdgeWord("e1", 1, ACK._replace(time_ms=90)),))
    assert pop_reports.sense(later) == pop_reports.sense(report)
    assert pop_reports.sense(report._replace(rolling="1 of 2")) != pop_reports.sense(report)


def test_every_text_of_a_report_stays_in_its_line_and_is_bounded() -> None:
    bad = "ok\x1b[2J\nPop well\ud800" + "x" * 1000
    report = Report(
        *(1, bad, None, 0, (bad,), ("ApplyFailed", bad), bad),
        addresses=(bad,),
        words=(EdgeWord(bad, 1, None),),
        uid=bad,
        outcomes=(Outcome(bad, DONE, bad, 5),),
    )
    packed = pop_reports.encode(report)
    more = json.loads(zlib.decompress(packed)) | {bad: 1}
    found = pop_reports.decode(zlib.compress(json.dumps(more).encode()))
    assert found is not None
    assert found.problem is not None
    (word,), (outcome,) = found.words, found.outcomes
    for text in (
        *(found.version, *found.ignored, found.problem[1], found.rolling, *found.addresses),
        *(word.edge, found.uid, outcome.request, outcome.message, *found.unknown),
    ):
        assert text.startswith("ok\\x1b[2J\\nPop well")
        assert text.isprintable()
        assert len(text) <= pop_reports.MAX_TEXT


def test_what_a_newer_operator_says_of_a_command_beside_costs_no_outcome() -> None:
    outcome = Outcome("snapshot-1", DONE, "done", 5)
    report = Report(1, "0.1.0", None, 0, outcomes=(outcome,))
    said = json.loads(zlib.decompress(pop_reports.encode(report)))
    said["outcomes"] = [[*outcome, "more"], {"name": "said in another way"}, 7]
    found = pop_reports.decode(zlib.compress(json.dumps(said).encode()))
    assert found is not None
    assert found.outcomes == (outcome,)
