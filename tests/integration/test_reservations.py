"""Who waits for an origin whose Zone is gone, when classes have a say and when zones are held."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dnsfleet.resources import Reference
from dnsfleet.zones.registrations import RELEASE_ANNOTATION
from support.core_servers import PUBLISHER_USER
from support.registered_zones import EVIL, begun, deleted, labelled, refused, teams
from support.valkey import Valkey
from support.zone_writers import Writer, zone

ORIGIN = "a.example."
OWNER = zone("a")
WAITING: dict[str, Any] = zone(
    "a", 5, namespace="evil", uid="waiting", creationTimestamp="2026-02-01T00:00:00Z"
)
SHOP = Reference("Zone", "shop", "a")
TO_SHOP = zone("a", annotations={RELEASE_ANNOTATION: "shop"})
OF_SHOP: dict[str, Any] = zone(
    "a", 9, namespace="shop", uid="shop", creationTimestamp="2026-05-01T00:00:00Z"
)
LABELLED = teams([], selector={"matchLabels": {"dns": "yes"}})
DNS, EVILS = labelled("dns", dns="yes"), labelled("evil", dns="yes")
MANY = [zone(f"z{number:02}") for number in range(20)]


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path, users=[PUBLISHER_USER])
    valkey.start()
    yield valkey
    valkey.kill()


def gone(writer: Writer, namespace: dict[str, Any]) -> None:
    metadata = namespace["metadata"]
    writer.observation.remove(Reference("Namespace", "", metadata["name"]), metadata["uid"])
    writer.there.pop(("Namespace", metadata["name"]))


def test_a_namespace_that_is_gone_keeps_its_origin_under_a_class_with_labels(core: Valkey) -> None:
    """Nobody knows its labels any more: it may be made anew, or restored."""
    writer = begun(core, LABELLED, DNS, EVILS, OWNER, WAITING)
    writer.there["Namespace", "dns"]["metadata"]["deletionTimestamp"] = "2026-04-01T00:00:00Z"
    deleted(writer, OWNER)
    writer.work()
    gone(writer, DNS)
    assert refused(writer.work()) == "ZoneReserved"
    assert writer.served() == {ORIGIN: 3}
    later = begun(core, LABELLED, EVILS, WAITING)
    assert refused(later.work()) == "ZoneReserved"
    again = zone("a", 2, uid="new", creationTimestamp="2026-05-01T00:00:00Z")
    assert refused(later.run(LABELLED, DNS, EVILS, WAITING, again)) == "ZoneInUse"
    assert later.served() == {ORIGIN: 4}


def test_no_class_ends_what_is_held(core: Valkey) -> None:
    writer = begun(core, OWNER, WAITING, *MANY)
    for each in (OWNER, *MANY):
        deleted(writer, each)
    strict = teams(["evil"])
    assert refused(writer.run(WAITING, strict)) == "ZoneReserved"
    hold = writer.passes.held_removal
    assert hold is not None
    assert writer.served()[ORIGIN] == 3
    writer.passes.approve({hold.hash})
    assert EVIL not in writer.work().violations
    assert writer.served() == {ORIGIN: 7}


@pytest.mark.parametrize("rule", [teams(["dns"]), LABELLED])
def test_nobody_gives_an_origin_to_whom_its_class_does_not_take(
    core: Valkey, rule: dict[str, Any]
) -> None:
    there = [rule, DNS, labelled("shop")]
    writer = begun(core, *there, TO_SHOP, OF_SHOP)
    deleted(writer, TO_SHOP)
    assert refused(writer.work(), SHOP) == "NotAllowedByClass"
    assert writer.served() == {}  # as its owner wished
    writer.run(*there, OF_SHOP, zone("a", 2, uid="new", creationTimestamp="2026-06-01T00:00:00Z"))
    assert writer.served() == {ORIGIN: 4}


def test_what_was_given_is_taken_as_soon_as_the_class_allows_it(core: Valkey) -> None:
    there = [LABELLED, DNS, EVILS]
    writer = begun(core, *there, labelled("shop"), TO_SHOP, OF_SHOP, WAITING)
    deleted(writer, TO_SHOP)
    assert refused(writer.work()) == "ZoneReserved"
    later = begun(core, *there, labelled("shop"), OF_SHOP, WAITING)
    seen = later.run(*there, labelled("shop", dns="yes"), OF_SHOP, WAITING)
    assert refused(seen) == "ZoneInUse"
    assert later.served() == {ORIGIN: 11}


def test_a_name_of_nobody_in_release_to_is_told(core: Valkey) -> None:
    there, own = [LABELLED, DNS], Reference("Zone", "dns", "a")
    writer = begun(core, *there, TO_SHOP)
    (told,) = writer.passes.results.violations[own]
    assert (told.reason, told.severity) == ("NotReleased", "warning")
    assert "there is none" in told.message
    (told,) = writer.run(*there, labelled("shop"), TO_SHOP).violations[own]
    assert "does not take it" in told.message
    assert not writer.run(*there, labelled("shop", dns="yes"), TO_SHOP).violations
    assert writer.run(*there, TO_SHOP).violations[own] != (told,)
