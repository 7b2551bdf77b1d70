"""What `kubectl dnsfleet held` prints: everything that waits, and the command that approves it."""

from collections.abc import Sequence
from typing import Any

from dnsfleet.zones import plans
from dnsfleet_cli.kubectl import holds
from dnsfleet_status import holds as held_changes
from support.cluster_objects import condition, zone

SINCE = "2026-01-01T00:00:00Z"
PLAN, PLACEMENT, POP, REMOVAL = ("p" * 16, "q" * 16, "r" * 16, "s" * 16)


def refused(name: str, reason: str, text: str, digest: str, generation: int = 1) -> dict[str, Any]:
    message = f"{text}; {plans.how_to_approve(digest)}"
    accepted = condition("Accepted", "False", reason, message, generation)
    return zone(name, status={"conditions": [accepted]})


def fleet(*held: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "Fleet", "metadata": {"name": "dnsfleet"}, "status": {"held": list(held)}}


def entry(kind: str, digest: str, count: int = 1, **more: Any) -> dict[str, Any]:
    usual = {"kind": kind, "hash": digest, "zones": ["a.", "b."][:count], "zoneCount": count}
    return usual | {"message": "it takes much", "since": SINCE} | more


def text(fleets: Sequence[Any], zones: Sequence[Any]) -> str:
    return holds.text(held_changes.held(fleets, zones))


def test_nothing_is_held() -> None:
    assert text([], []) == text([fleet()], [zone("a")]) == "nothing is held"


def test_what_is_held_is_told_with_its_approval() -> None:
    zones = [
        refused("example-com", "UnsafePlan", "it removes all", PLAN),
        refused("example-org", "UnsafePlacement", "it takes much", PLACEMENT),
        refused("example-net", "UnsafePlan", "it was so", PLAN, generation=0),
        zone("well"),
    ]
    held = [
        entry("Placement", PLACEMENT, 5),
        entry("PopDeletion", POP, object="iad"),
        entry("Removal", REMOVAL, 30),
        entry(
            "Plan", PLAN, object="default/example-com", diff=["- www.example.com. 300 A 192.0.2.1"]
        ),
    ]
    assert text([fleet(*held)], zones) == (
        f"the placement of a., b. and 3 more, since {SINCE}:\n"
        "  it takes much\n"
        f"  kubectl annotate --overwrite fleet dnsfleet dnsfleet.io/approve={PLACEMENT}\n"
        "\n"
        f"the end of pop/iad, for a., since {SINCE}:\n"
        "  it takes much\n"
        f"  kubectl annotate --overwrite fleet dnsfleet dnsfleet.io/approve={POP}\n"
        "\n"
        f"the removal of a., b. and 28 more, since {SINCE}:\n"
        "  it takes much\n"
        f"  kubectl annotate --overwrite fleet dnsfleet dnsfleet.io/approve={REMOVAL}\n"
        "\n"
        f"the records of example.com., since {SINCE}:\n"
        f"  it removes all; {plans.how_to_approve(PLAN)}\n"
        "  - www.example.com. 300 A 192.0.2.1\n"
        "  kubectl annotate --overwrite --namespace default zone example-com "
        f"dnsfleet.io/approve={PLAN}"
    )


def test_without_a_fleet_a_placement_is_approved_on_its_zone() -> None:
    zones = [refused("example-org", "UnsafePlacement", "it takes much", PLACEMENT)]
    told = text([], zones)
    assert told.startswith("the placement of example.org.:\n")
    assert told.endswith(f"zone example-org dnsfleet.io/approve={PLACEMENT}")


def test_the_hold_of_a_record_set_is_approved_on_the_fleet() -> None:
    diff = ["- shop.a. 300 A 192.0.2.1"]
    held = entry("Plan", PLAN, object="RecordSet team/shop", diff=diff)
    told = text([fleet(held)], [])
    assert told == (
        f"the records of RecordSet team/shop in a., since {SINCE}:\n"
        "  it takes much\n"
        "  - shop.a. 300 A 192.0.2.1\n"
        f"  kubectl annotate --overwrite fleet dnsfleet dnsfleet.io/approve={PLAN}"
    )


def test_a_zone_that_waits_for_others_alone_has_nothing_to_approve() -> None:
    accepted = condition("Accepted", "False", "UnsafePlan", "it leaves no room", 1)
    waits = zone("a", status={"conditions": [accepted]})
    assert text([fleet()], [waits]) == "nothing is held"
