"""A Zone that is gone takes a place in the quota of whoever published it, while it is served."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dnsfleet.resources import Reference
from dnsfleet.zones.registrations import RELEASE_ANNOTATION
from support.core_servers import PUBLISHER_USER
from support.registered_zones import begun, deleted, teams
from support.valkey import Valkey
from support.zone_writers import changed, zone

EVERYBODY = ["dns", "shop"]
ONE_ZONE = teams(EVERYBODY, quota={"zones": 1})
GIVEN = zone("a", annotations={RELEASE_ANNOTATION: "shop"})
OTHER = zone("b", creationTimestamp="2026-02-01T00:00:00Z")
OF_SHOP: dict[str, Any] = zone("mine", namespace="shop", creationTimestamp="2026-02-01T00:00:00Z")


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path, users=[PUBLISHER_USER])
    valkey.start()
    yield valkey
    valkey.kill()


def test_a_zone_that_left_makes_room_at_once(core: Valkey) -> None:
    writer = begun(core, ONE_ZONE, zone("a"))
    deleted(writer, zone("a"))
    assert not writer.run(ONE_ZONE, OTHER).violations
    assert writer.served() == {"b.example.": 3}


def test_one_that_is_served_on_keeps_its_place_and_the_message_names_it(core: Valkey) -> None:
    writer = begun(core, ONE_ZONE, GIVEN)
    deleted(writer, GIVEN)
    (told,) = writer.run(ONE_ZONE, OTHER).violations[Reference("Zone", "dns", "b")]
    assert told.reason == "QuotaExceeded"
    assert "a.example. counts" in told.message
    later = begun(core, ONE_ZONE, OTHER)
    assert later.served() == {"a.example.": 3}


def test_nobody_fills_the_quota_of_another_namespace(core: Valkey) -> None:
    writer = begun(core, ONE_ZONE, GIVEN, OF_SHOP)
    deleted(writer, GIVEN)
    assert not writer.work().violations
    more = [{"name": f"h{n}", "type": "A", "data": ["192.0.2.1"]} for n in range(3)]
    assert not writer.run(ONE_ZONE, changed(OF_SHOP, 2, records=more)).violations
    assert writer.served() == {"a.example.": 3, "mine.example.": 5}
    later = begun(core, ONE_ZONE, changed(OF_SHOP, 3, records=more[:2]))
    assert later.served() == {"a.example.": 3, "mine.example.": 4}
