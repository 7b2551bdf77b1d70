"""Telemetry: rates of a Pop from what its edges count, and a value of a fixed size."""

import math

import pytest
from dnsfleet.replication import acks, pop_reports, telemetry
from dnsfleet.replication.acks import Ack, Load
from dnsfleet.replication.claimed import MAX_COUNT
from dnsfleet.replication.telemetry import HEARD_MS, SHOWN_MS, Meter, Meters, Sample

NOW_MS = 10**12


def word(after_ms: int, load: Load | None, started_ms: int = 1) -> Ack:
    return Ack(1, {}, 0, NOW_MS + after_ms, started_ms=started_ms, load=load)


def test_rates_are_added_up_over_edges() -> None:
    meter = Meter()
    first = {"fra/1": word(0, Load(1000, 10, 100)), "fra/2": word(0, Load(0, 0, 50))}
    assert meter.take(first, NOW_MS) == Sample(NOW_MS, 2, 0.0, 0.0, 150)
    later = {"fra/1": word(5000, Load(1500, 60, 120)), "fra/2": word(4000, Load(600, 0, 50))}
    sample = meter.take(later, NOW_MS + 5000)
    assert (sample.queries, sample.servfail, sample.memory) == (250.0, 10 / 250, 170)
    assert meter.take(later, NOW_MS + 6000).queries == 250.0, "no edge has said more since"


def test_an_edge_that_began_anew_counts_from_its_second_word_on() -> None:
    meter = Meter()
    meter.take({"fra/1": word(0, Load(1000, 0, 1))}, NOW_MS)
    anew = {"fra/1": word(5000, Load(7, 0, 1), started_ms=2)}
    assert meter.take(anew, NOW_MS + 5000).queries == 0.0
    more = {"fra/1": word(10_000, Load(57, 0, 1), started_ms=2)}
    assert meter.take(more, NOW_MS + 10_000).queries == 10.0


def test_edges_that_are_silent_or_of_an_older_version_do_not_count() -> None:
    said = {"fra/1": word(0, Load(1, 0, 1)), "fra/2": word(HEARD_MS, None)}
    assert Meter().take(said, NOW_MS + HEARD_MS).edges == 1
    assert Meter().take(said, NOW_MS + HEARD_MS + 1).edges == 0


def test_pops_are_metered_apart_and_left_out_where_nothing_is_known() -> None:
    meters = Meters()
    fra, iad = word(0, Load(0, 0, 1)), word(0, None)
    found = meters.take({"fra": {"e": fra}, "iad": {"e": iad}, "sin": {}}, NOW_MS)
    assert found == {"fra": Sample(NOW_MS, 1, 0.0, 0.0, 1)}
    later = {"fra": {"e": word(1000, Load(5, 0, 1))}, "iad": {"e": word(1000, Load(9, 0, 1))}}
    rates = {pop: each.queries for pop, each in meters.take(later, NOW_MS + 1000).items()}
    assert rates == {"fra": 5.0, "iad": 0.0}
    assert meters.take({}, NOW_MS + 1000) == {}
    assert meters.take(later, NOW_MS + 1000)["fra"].queries == 0.0, "its meter was forgotten"


@pytest.mark.parametrize(
    ("edges", "age", "shown"), [(1, SHOWN_MS, True), (1, SHOWN_MS + 1, False), (0, 0, False)]
)
def test_a_sample_is_shown_while_it_is_new_and_of_some_edge(
    edges: int, age: int, shown: bool
) -> None:
    assert telemetry.is_shown(Sample(NOW_MS, edges, 1.0, 0.0, 1), NOW_MS + age) is shown


def test_a_value_has_one_size_and_reads_back() -> None:
    small, large = Sample(0, 0, 0.0, 0.0, 0), Sample(NOW_MS, 65535, 1e9, 1.0, MAX_COUNT)
    for sample in (small, large):
        assert len(telemetry.encode(sample)) == telemetry.OCTETS == 35
        assert telemetry.decode(telemetry.encode(sample)) == sample


@pytest.mark.parametrize("queries", [math.nan, math.inf, -1.0])
def test_what_is_no_telemetry_is_not_shown(queries: float) -> None:
    bad = Sample(NOW_MS, 1, queries, 0.0, 1)
    assert telemetry.decode(telemetry.encode(bad)) is None
    assert telemetry.decode(b"") is None
    assert telemetry.decode(bytes(telemetry.OCTETS)) is None, "another version"
    assert telemetry.decode(telemetry.encode(bad) + b"x") is None


@pytest.mark.parametrize(
    "load", ["[1,2]", "[1,2,-3]", "[1,2,3.5]", f"[1,2,{2**60}]", "7", "null", '{"queries":1}']
)
def test_a_load_that_nothing_counts_is_left_out_and_spoils_no_ack(load: str) -> None:
    good = acks.encode(word(0, Load(1, 2, 3)))
    assert acks.decode(good) == word(0, Load(1, 2, 3))
    assert acks.decode(good.replace(b"[1,2,3]", load.encode())) == word(0, None)


@pytest.mark.parametrize("time_ms", [MAX_COUNT, 10**400], ids=["large", "vast"])
def test_no_time_that_an_edge_claims_stops_the_meter(time_ms: int) -> None:
    meter, edge = Meter(), "fra/1"
    claimed = acks.encode(word(0, Load(0, 0, 1)))
    first = acks.decode(claimed)
    assert first is not None
    meter.take({edge: first}, NOW_MS)
    last = acks.decode(claimed.replace(str(NOW_MS).encode(), str(time_ms).encode()))
    said = {} if last is None else {edge: last._replace(load=Load(MAX_COUNT, MAX_COUNT, MAX_COUNT))}
    sample = meter.take(said, NOW_MS)
    assert telemetry.decode(telemetry.encode(sample)) == sample


def test_what_edges_count_is_not_in_the_report_and_makes_no_two_words_of_one() -> None:
    said = {str(each): word(each, Load(each, 0, each)) for each in range(9)}
    (one,) = pop_reports.words(said)
    assert one.edges == 9
    assert one.ack is not None
    assert one.ack.load is None
