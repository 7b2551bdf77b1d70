"""A catalog of the whole operator, as a process of its own, on a real core and an API server."""

from pathlib import Path

from support.waiting import wait_for

from bench.operator_fleets import OperatorFleet, running
from bench.operator_objects import Object, Size, item, team, zone

SECONDS = 90.0
CATALOG = "catalog.example."
ZONES = 3


def catalog(**asked: object) -> Object:
    spec = {"origin": "catalog.example", "source": {"catalog": asked}}
    return item("Zone", "catalog", team(0), spec=spec)


def ready(fleet: OperatorFleet) -> str:
    """The reason why the catalog is Propagated; empty where it is not Ready."""
    status = fleet.api.get("Zone", "catalog", team(0)).get("status", {})
    found = {each["type"]: each for each in status.get("conditions", ())}
    if found.get("Ready", {}).get("status") != "True":
        return ""
    return str(found["Propagated"]["reason"])


def records(fleet: OperatorFleet) -> int:
    """Of the catalog, as its status tells them."""
    status = fleet.api.get("Zone", "catalog", team(0)).get("status", {})
    return int(status.get("records", 0))


def test_a_catalog_follows_zones_and_is_ready_without_a_pop(tmp_path: Path) -> None:
    with running(Size(ZONES), tmp_path) as fleet:
        fleet.wait_for_all(fleet.start(), SECONDS)
        fleet.api.create(catalog())
        wait_for("it is Ready", lambda: ready(fleet) == "CatalogZone", SECONDS)
        wait_for("it has all zones", lambda: records(fleet) == 3 + ZONES, SECONDS)
        fleet.api.create(zone(ZONES))
        wait_for("it has the new one", lambda: records(fleet) == 4 + ZONES, SECONDS)
        fleet.api.delete("Zone", f"zone-{ZONES}", team(ZONES))
        wait_for("it lost that one", lambda: records(fleet) == 3 + ZONES, SECONDS)
        before = fleet.published(CATALOG, 0.0)
        assert before is not None
        fleet.stop()
        began = fleet.start()
        fleet.api.create(zone(ZONES))
        wait_for("another leader goes on", lambda: records(fleet) == 4 + ZONES, SECONDS)
        assert fleet.published(CATALOG, began) is not None
        assert "Traceback" not in (tmp_path / "operator.log").read_text()
