"""What `top` takes from the page of an edge."""

import math

from dnsfleet_cli.top import samples
from dnsfleet_cli.top.samples import EdgeSample
from dnsfleet_cli.troubles import Trouble

PAGE = """\
# HELP dnsfleet_edge_queries_total Queries received.
# TYPE dnsfleet_edge_queries_total counter
dnsfleet_edge_queries_total{family="ipv4",shard="0",transport="udp"} 100.0
dnsfleet_edge_queries_total{family="ipv6",shard="1",transport="tcp"} 1.5e+02
dnsfleet_edge_queries_created{family="ipv4",shard="0",transport="udp"} 1.8e+09
dnsfleet_edge_queries_by_type_total{type="A"} 250.0
dnsfleet_edge_responses_total{rcode="NOERROR",shard="0"} 240.0
dnsfleet_edge_responses_total{rcode="SERVFAIL",shard="1"} 3.0
dnsfleet_edge_cache_hits_total{shard="0"} 200.0
dnsfleet_edge_cache_misses_total{shard="0"} 40.0
dnsfleet_edge_rate_limited_total{action="slipped",shard="0"} 7.0
dnsfleet_edge_response_duration_seconds_bucket{le="0.0001",transport="udp"} 9.0
dnsfleet_edge_response_duration_seconds_bucket{le="0.0001",transport="tcp"} 1.0
dnsfleet_edge_response_duration_seconds_bucket{le="+Inf",transport="udp"} 10.0
dnsfleet_edge_response_duration_seconds_sum{transport="udp"} 0.5
dnsfleet_edge_ready 1.0
dnsfleet_edge_replica_connected 0.0
dnsfleet_edge_zones 2.0
dnsfleet_edge_zones_failing 1.0
dnsfleet_edge_zone_serial{zone="dnsfleet_edge_ready 0"} 7.0
dnsfleet_edge_replication_lag_seconds 0.25
process_open_fds 30.0
"""


def test_the_counts_of_an_edge_are_added_up() -> None:
    assert samples.edge_sample(PAGE, 12.0) == EdgeSample(
        at=12.0,
        queries=250,
        responses=243,
        servfail=3,
        cache_hits=200,
        cache_misses=40,
        rate_limited=7,
        durations={0.0001: 10, math.inf: 10},
        ready=True,
        connected=False,
        zones=2,
        zones_failing=1,
        lag=0.25,
    )


def test_a_page_without_any_of_it_is_an_edge_that_is_not_ready() -> None:
    assert samples.edge_sample("<html>\n\x00 no metrics\n", 1.0) == EdgeSample(1.0)


def test_labels_may_have_quotes_in_them() -> None:
    line = 'dnsfleet_pop_lag_seconds{pop="a\\"},b",other="x"} 3\n'
    assert list(samples.series(line, "dnsfleet_pop_")) == [
        ("dnsfleet_pop_lag_seconds", {"pop": 'a\\"},b', "other": "x"}, 3.0)
    ]


def test_one_that_does_not_answer_hides_no_other() -> None:
    def read(key: int) -> str:
        if key == 1:
            raise Trouble("no page")
        return str(key)

    assert samples.read_all(range(3), read) == {0: "0", 1: None, 2: "2"}
