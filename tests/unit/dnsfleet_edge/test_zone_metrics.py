"""Series of each zone: as long as they are few, or where somebody wants them."""

from dataclasses import replace

import pytest
from dnsfleet_edge.metrics import Metrics
from dnsfleet_edge.zone_metrics import MAX_ZONES
from dnsfleet_engine import Engine
from dnsfleet_following.status import Readiness, Status
from dnsfleet_io.pages import metrics_page
from support import scraped
from support.signed_zones import sign
from support.zones import make_zone

SERIES_OF_A_ZONE = 3
# Of everything else; with one line of text for each, and two more for each family.
OTHER_SERIES = 400


def page(zones: int, always: bool = False) -> str:
    status = Status()
    manifest = sign(make_zone("example.com.", serial=7), 3).manifest
    for number in range(zones):
        status.loaded(replace(manifest, zone=f"zone-{number}.example."))
    engine = Engine()
    engine.start([("127.0.0.1", 0)], 2)
    metrics = Metrics(engine, Readiness(), status, zone_series_always=always)
    text = metrics_page(metrics.registry).body.decode()
    engine.stop()
    return text


def series(text: str) -> dict[str, float]:
    """How many series have the label `zone`, and the values of those without labels."""
    found = {"zone": 0.0}
    for sample in scraped.samples(text):
        found["zone"] += "zone" in sample.labels
        if not sample.labels:
            found[sample.name] = sample.value
    return found


@pytest.mark.parametrize(
    ("zones", "always", "shown"),
    [
        (0, False, True),
        (MAX_ZONES, False, True),
        (MAX_ZONES + 1, False, False),
        (MAX_ZONES + 1, True, True),
    ],
)
def test_each_zone_has_series_up_to_the_limit_or_where_they_are_wanted(
    zones: int, always: bool, shown: bool
) -> None:
    found = series(page(zones, always))
    assert found["zone"] == (SERIES_OF_A_ZONE * zones if shown else 0)
    assert found["dnsfleet_edge_zone_series"] == shown
    assert found["dnsfleet_edge_zones"] == zones


def test_ten_thousand_zones_make_the_page_no_longer_than_a_few() -> None:
    few, many = page(1), page(10_000)
    assert len(many) <= len(few)
    assert many.count("\n") < OTHER_SERIES
