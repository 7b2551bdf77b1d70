"""The names are an interface: dashboards and alerts are built on them."""

from collections.abc import Iterator

import pytest
from dnsfleet_edge.metrics import Metrics
from dnsfleet_engine import Engine
from dnsfleet_following.status import Readiness, Status
from dnsfleet_io.pages import metrics_page
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from support.signed_zones import sign
from support.zones import make_zone

LABELS = {
    "dnsfleet_edge_ack_failures_total": set(),
    "dnsfleet_edge_build_info": {"version", "engine_version"},
    "dnsfleet_edge_cache_evictions_total": {"shard"},
    "dnsfleet_edge_cache_hits_total": {"shard"},
    "dnsfleet_edge_cache_misses_total": {"shard"},
    "dnsfleet_edge_cookie_secrets": set(),
    "dnsfleet_edge_cookies_total": {"shard", "cookie"},
    "dnsfleet_edge_disk_failures_total": set(),
    "dnsfleet_edge_disk_write_seconds_bucket": {"le"},
    "dnsfleet_edge_disk_write_seconds_count": set(),
    "dnsfleet_edge_disk_write_seconds_sum": set(),
    "dnsfleet_edge_dropped_total": {"shard"},
    "dnsfleet_edge_gaps_total": set(),
    "dnsfleet_edge_link_failures_total": set(),
    "dnsfleet_edge_lsn": set(),
    "dnsfleet_edge_panics_total": {"shard"},
    "dnsfleet_edge_propagation_seconds_bucket": {"le"},
    "dnsfleet_edge_propagation_seconds_count": set(),
    "dnsfleet_edge_propagation_seconds_sum": set(),
    "dnsfleet_edge_proxy_refused_total": {"shard"},
    "dnsfleet_edge_queries_by_type_total": {"type"},
    "dnsfleet_edge_queries_total": {"shard", "transport", "family"},
    "dnsfleet_edge_rate_limited_total": {"shard", "action"},
    "dnsfleet_edge_ready": set(),
    "dnsfleet_edge_receive_drops_total": {"shard"},
    "dnsfleet_edge_refusals_total": set(),
    "dnsfleet_edge_replica_connected": set(),
    "dnsfleet_edge_replication_lag_seconds": set(),
    "dnsfleet_edge_response_duration_seconds_bucket": {"transport", "le"},
    "dnsfleet_edge_response_duration_seconds_count": {"transport"},
    "dnsfleet_edge_response_duration_seconds_sum": {"transport"},
    "dnsfleet_edge_responses_total": {"shard", "rcode"},
    "dnsfleet_edge_resyncs_total": set(),
    "dnsfleet_edge_snapshot_timestamp_seconds": set(),
    "dnsfleet_edge_tcp_evicted_total": {"shard"},
    "dnsfleet_edge_truncated_total": {"shard"},
    "dnsfleet_edge_verify_failures_total": {"reason"},
    "dnsfleet_edge_zone_loads_total": {"source"},
    "dnsfleet_edge_zone_revision_epoch": {"zone"},
    "dnsfleet_edge_zone_revision_sequence": {"zone"},
    "dnsfleet_edge_zone_serial": {"zone"},
    "dnsfleet_edge_zone_series": set(),
    "dnsfleet_edge_zones": set(),
    "dnsfleet_edge_zones_failing": set(),
    "dnsfleet_redis_response_seconds_bucket": {"redis", "le"},
    "dnsfleet_redis_response_seconds_count": {"redis"},
    "dnsfleet_redis_response_seconds_sum": {"redis"},
}


@pytest.fixture
def families() -> Iterator[list[Metric]]:
    engine, status = Engine(), Status()
    status.loaded(sign(make_zone("example.com.", serial=7), 3).manifest)
    metrics = Metrics(engine, Readiness(), status)
    metrics.watch_disk(lambda: 1.0)
    metrics.link.loads.labels("disk").inc()
    engine.start([("127.0.0.1", 0)], 2)
    page = metrics_page(metrics.registry)
    engine.stop()
    assert page.status == 200
    families = list(text_string_to_metric_families(page.body.decode()))
    yield [family for family in families if family.name.startswith("dnsfleet_")]


def test_names_and_labels(families: list[Metric]) -> None:
    found = {s.name: set(s.labels) for f in families for s in f.samples if "_created" not in s.name}
    assert found == LABELS


def test_every_family_has_help(families: list[Metric]) -> None:
    assert [family.name for family in families if not family.documentation] == []


def test_a_zone_shows_its_serial_and_revision(families: list[Metric]) -> None:
    values = {s.name: s.value for f in families for s in f.samples if "zone" in s.labels}
    assert values == {
        "dnsfleet_edge_zone_serial": 7,
        "dnsfleet_edge_zone_revision_epoch": 1,
        "dnsfleet_edge_zone_revision_sequence": 3,
    }


def test_every_reason_is_there_before_it_happens(families: list[Metric]) -> None:
    """So that an alert sees the first failure as a rise."""
    (family,) = (each for each in families if each.name == "dnsfleet_edge_verify_failures")
    counts = {s.labels["reason"]: s.value for s in family.samples if s.name.endswith("_total")}
    assert counts == dict.fromkeys(("fleet", "manifest", "payload", "content"), 0)


def test_a_disk_that_never_held_everything_has_no_time() -> None:
    metrics = Metrics(Engine(), Readiness(), Status())
    metrics.watch_disk(lambda: None)
    page = metrics_page(metrics.registry).body.decode()
    assert "\ndnsfleet_edge_snapshot_timestamp_seconds " not in page
