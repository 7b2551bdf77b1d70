"""What a Pop in another cluster is told, and how its word counts."""

import pytest
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.pop_reports import EdgeWord, Report
from dnsfleet_operator.pops import remote
from dnsfleet_operator.pops.drains import Drains
from dnsfleet_operator.pops.remote import QUIET_SECONDS, RemoteEdges
from support import yaml_resources

OUT = frozenset({"fra"})
REPORT = Report(5, "0.1.0", None, 0, wanted=3)


@pytest.mark.parametrize(
    ("spec", "drains", "report", "told"),
    [
        ("{cluster: agent}", Drains(), None, {}),
        ("{cluster: agent, state: Active}", Drains(), None, {"state": "Active"}),
        ("{cluster: agent, state: Drained}", Drains(), None, {"state": "Active"}),
        ("{cluster: agent, state: Drained}", Drains(drained=OUT), None, {"state": "Drained"}),
        ("{edge: {replicas: 0}}", Drains(), REPORT, {"edge": {"replicas": 3}}),
        ("{edge: {replicas: 0}}", Drains(), None, {"edge": {"replicas": 2}}),
        ("{edge: {replicas: 0}}", Drains(stopped=OUT), REPORT, {"edge": {"replicas": 0}}),
        (
            "{edge: {cacheHostPath: /var, resources: {requests: {cpu: 1}}}}",
            Drains(),
            None,
            {"edge": {"cacheHostPath": "/var", "resources": {"requests": {"cpu": "1"}}}},
        ),
    ],
)
def test_a_pop_is_told_what_people_gave_and_what_was_decided(
    spec: str, drains: Drains, report: Report | None, told: dict[str, object]
) -> None:
    assert remote.decided_spec(yaml_resources.pop(spec), drains, report) == told


def test_edges_that_say_the_same_count_as_one() -> None:
    ack = Ack(lsn=7, failing={}, failing_count=0)
    words = (EdgeWord("e1", 3, ack), EdgeWord("e9", 1, None))
    edges = RemoteEdges()
    edges.take({"fra": REPORT._replace(words=words), "iad": REPORT._replace(wanted=0)}, {}, 0.0, 5)
    assert edges.said == {"fra/e1 and 2 more": ack}
    assert [edge.name for edge in edges.ready["fra"]] == ["e1 and 2 more", "e9"]
    assert edges.without_edges == {"iad"}
    edges.take({}, {}, 1.0, 1005)
    assert (edges.said, edges.ready, edges.without_edges) == ({}, {}, set())


@pytest.mark.parametrize(("ack_ms", "counts_ms"), [(2**53, 1_005_000), (900_000, 900_000)])
def test_no_ack_is_newer_than_the_report_that_brought_it(ack_ms: int, counts_ms: int) -> None:
    ack = Ack(lsn=7, failing={}, failing_count=0, time_ms=ack_ms)
    edges = RemoteEdges()
    edges.take({"fra": REPORT}, {}, 100.0, 1_000_000)
    report = REPORT._replace(time_ms=2**53, words=(EdgeWord("e1", 1, ack),))
    for later in (0, 1, 3600):
        now, now_ms = 105.0 + later, 1_005_000 + later * 1000
        edges.take({"fra": report}, {}, now, now_ms)
        assert edges.said["fra/e1"].time_ms == counts_ms, f"after {later} s it is no newer"


def test_a_pop_without_news_is_quiet_until_there_are_some() -> None:
    edges = RemoteEdges()

    def quiet(now: float, time_ms: int) -> bool:
        edges.take({"fra": REPORT._replace(time_ms=time_ms)}, {}, now, 1_000_000)
        return "fra" in edges.quiet

    assert not quiet(100.0, 1_000_000)
    assert not quiet(100.0 + QUIET_SECONDS, 1_000_000)
    assert quiet(101.0 + QUIET_SECONDS, 1_000_000)
    assert not quiet(102.0 + QUIET_SECONDS, 5), "its clock may be wrong, and it is news"


def test_of_an_old_report_a_new_leader_knows_that_it_is_old() -> None:
    edges = RemoteEdges()
    edges.take({"fra": REPORT._replace(time_ms=0), "iad": REPORT}, {}, 100.0, 1_000_000)
    assert edges.quiet == {"fra", "iad"}
    edges.take({"fra": REPORT._replace(time_ms=2_000_000)}, {}, 100.0, 1_000_000)
    assert edges.quiet == set(), "its clock is ahead"


def test_the_last_word_of_an_earlier_pop_of_the_name_is_no_word_of_this_one() -> None:
    edges, earlier = RemoteEdges(), REPORT._replace(uid="earlier", ready=3)

    def known(now: float, time_ms: int, uid: str) -> bool:
        report = earlier._replace(time_ms=time_ms)
        edges.take({"fra": report}, {"fra": uid}, now, 1_000_000)
        return "fra" in edges.reports

    assert not known(100.0, 0, "this")
    assert known(100.0, 0, "earlier"), "its own last word stays, and it is quiet"
    assert known(101.0, 1, "this"), "it lives, and takes the new spec in a moment"
    assert not known(102.0 + QUIET_SECONDS, 1, "this")
