"""An origin stays with whoever published it, made anew, moved, or away for a short time."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dnsfleet.resources import Reference
from dnsfleet.zones.registrations import RELEASE_ANNOTATION, Registration
from dnsfleet_cli.zone_paths import ZonePaths
from dnsfleet_operator.zones.registrations import Registry
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.dependencies import Groups
from support.core_servers import PUBLISHER_USER
from support.registered_zones import EVIL, begun, deleted, refused, teams
from support.valkey import Valkey
from support.zone_writers import GRACE_SECONDS, Writer, changed, item, record_set, zone

REGISTRATIONS = "dnsfleet:1:registrations"
ORIGIN = "a.example."
OWNER = zone("a")
SQUATTER: dict[str, Any] = zone(
    "a", 5, namespace="evil", uid="squatter", creationTimestamp="2026-02-01T00:00:00Z"
)
NEW = {"uid": "new", "creationTimestamp": "2026-03-01T00:00:00Z", "resourceVersion": "9"}
AGAIN = zone("a", 2, **NEW)
"""The owner's Zone, deleted and made anew."""
RELEASED = {RELEASE_ANNOTATION: "shop"}


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path, users=[PUBLISHER_USER])
    valkey.start()
    yield valkey
    valkey.kill()


@pytest.fixture
def writer(core: Valkey) -> Writer:
    """One that published the owner's zone, and refused the other one."""
    found = begun(core, OWNER, SQUATTER)
    assert found.served() == {ORIGIN: 3}
    return found


@pytest.mark.parametrize("name", ["a", "other-name"])
def test_a_zone_that_is_made_anew_has_its_origin_again(writer: Writer, name: str) -> None:
    deleted(writer, OWNER)
    assert refused(writer.work()) == "ZoneReserved"
    assert writer.served() == {}  # as its owner wished
    seen = writer.run(AGAIN | {"metadata": AGAIN["metadata"] | {"name": name}}, SQUATTER)
    assert refused(seen) == "ZoneInUse"
    assert writer.served() == {ORIGIN: 4}


def test_a_zone_that_was_made_anew_unseen_has_its_origin_too(core: Valkey, writer: Writer) -> None:
    assert refused(writer.run(AGAIN, SQUATTER)) == "ZoneInUse"
    assert writer.served() == {ORIGIN: 4}
    later = begun(core, AGAIN, SQUATTER)
    assert later.served() == {ORIGIN: 4}


def test_it_does_where_no_operator_ran_meanwhile(core: Valkey, writer: Writer) -> None:
    del writer
    later = Writer(core)
    assert refused(later.run(AGAIN, SQUATTER)) == "ZoneInUse"
    assert later.served() == {ORIGIN: 4}


def test_a_namespace_that_goes_keeps_its_origin_for_the_grace_period(
    core: Valkey, writer: Writer
) -> None:
    writer.there["Namespace", "dns"]["metadata"]["deletionTimestamp"] = "2026-04-01T00:00:00Z"
    deleted(writer, OWNER)
    assert refused(writer.work()) == "ZoneReserved"
    assert writer.served() == {ORIGIN: 3}  # nobody meant the zone
    later = begun(core, SQUATTER)
    since = json.loads(core.client().hget(REGISTRATIONS, ORIGIN) or b"{}")["since"]
    assert abs(since - time.time()) < GRACE_SECONDS
    later.passes.sweep(later.observation, since + GRACE_SECONDS - 1)
    assert refused(later.work()) == "ZoneReserved"
    later.passes.sweep(later.observation, since + GRACE_SECONDS)
    assert EVIL not in later.work().violations
    assert later.served() == {ORIGIN: 7}


def test_who_is_below_what_waits_hears_of_that(writer: Writer) -> None:
    """And not of an object that is not there, whose consent nobody can give."""
    below = zone("below.a", namespace="shop", uid="below")
    below["metadata"]["name"] = "below"
    deleted(writer, OWNER)
    writer.observation.put(below)
    seen = writer.work()
    assert refused(seen, Reference("Zone", "shop", "below")) == "ZoneReserved"


def test_who_only_waited_ends_nothing(writer: Writer) -> None:
    writer.there["Namespace", "dns"]["metadata"]["deletionTimestamp"] = "2026-04-01T00:00:00Z"
    deleted(writer, OWNER)
    writer.work()
    deleted(writer, SQUATTER)
    writer.work()
    assert writer.served() == {ORIGIN: 3}


def test_a_tree_stays_with_its_owner_too(core: Valkey) -> None:
    """Made anew, the Zone above would be younger than those below, which might then object."""
    above = item("Zone", "top", {"origin": "example", "nameServers": ["ns1.example.net"]})
    consent = {"namespaces": {"from": "All"}}
    above["spec"]["nestedZones"] = consent
    writer = begun(core, above, SQUATTER)
    assert writer.served() == {"example.": 2, ORIGIN: 7}
    seen = writer.run({**above, "metadata": above["metadata"] | NEW}, SQUATTER)
    assert not seen.violations
    assert writer.served() == {"example.": 2, ORIGIN: 7}


def test_record_sets_hear_that_their_zone_is_gone(core: Valkey) -> None:
    own = record_set("web", "www")
    writer = begun(core, OWNER, own)
    deleted(writer, OWNER)
    seen = writer.work()
    assert refused(seen, Reference("RecordSet", "dns", "web")) == "ZoneNotFound"


def test_an_owner_gives_an_origin_to_a_namespace_without_a_gap(core: Valkey) -> None:
    released = zone("a", annotations=RELEASED)
    shop = zone("a", 9, namespace="shop", uid="shop", creationTimestamp="2026-05-01T00:00:00Z")
    writer = begun(core, released, SQUATTER, shop)
    assert writer.served() == {ORIGIN: 3}
    writer = begun(core, released, SQUATTER, shop)  # who noted it is gone
    deleted(writer, released)
    seen = writer.work()
    assert seen.violations.keys() == {EVIL}
    assert writer.served() == {ORIGIN: 11}
    assert writer.store.manifest(ORIGIN).revision.seq == 2  # type: ignore[union-attr]
    assert begun(core, SQUATTER, shop).served() == {ORIGIN: 11}


def test_what_is_given_to_a_namespace_waits_for_it(core: Valkey) -> None:
    released = zone("a", annotations=RELEASED)
    writer = begun(core, released, SQUATTER)
    deleted(writer, released)
    assert refused(writer.work()) == "ZoneReserved"
    assert writer.served() == {ORIGIN: 3}  # until it is there
    mine = zone("a", 4, **NEW)
    assert refused(writer.run(SQUATTER, mine), Reference("Zone", "dns", "a")) == "ZoneReserved"
    shop = zone("a", 9, namespace="shop", uid="shop", creationTimestamp="2026-05-01T00:00:00Z")
    writer.run(SQUATTER, mine, shop)
    assert writer.served() == {ORIGIN: 11}


def test_what_is_given_to_anybody_goes_to_the_oldest(core: Valkey) -> None:
    released = zone("a", annotations={RELEASE_ANNOTATION: "*"})
    writer = begun(core, released, SQUATTER)
    deleted(writer, released)
    assert not writer.work().violations
    assert writer.served() == {ORIGIN: 7}


def test_a_core_that_lost_its_registrations_gets_them_again(core: Valkey, writer: Writer) -> None:
    before = core.client().hgetall(REGISTRATIONS)
    assert list(before) == [ORIGIN.encode()]
    core.client().flushall()
    writer.store.claim()
    writer.passes.mark(ORIGIN)
    writer.work()
    assert core.client().hgetall(REGISTRATIONS) == before


def test_a_class_decides_at_once_whose_an_origin_is(core: Valkey, writer: Writer) -> None:
    seen = writer.run(OWNER, SQUATTER, teams(["evil"]))
    (told,) = seen.violations[Reference("Zone", "dns", "a")]
    assert (told.reason, told.severity) == ("NotAllowedByClass", "warning")
    assert refused(seen) == "ZoneInUse"  # nothing that was served stops
    more = zone("a", 2, generation=2, resourceVersion="2")
    writer.run(more, SQUATTER, teams(["evil"]))
    assert writer.served() == {ORIGIN: 4}
    later = begun(core, more, SQUATTER, teams(["evil"]))
    assert later.served() == {ORIGIN: 4}
    deleted(later, more)
    assert not later.work().violations
    assert later.served() == {ORIGIN: 7}


def test_a_class_refuses_what_is_new(core: Valkey, writer: Writer) -> None:
    new = zone("b", namespace="evil", uid="b")
    seen = writer.run(OWNER, SQUATTER, new, teams(["dns"]))
    assert refused(seen, Reference("Zone", "evil", "b")) == "NotAllowedByClass"
    assert refused(seen) == "NotAllowedByClass"
    seen = writer.run(OWNER, SQUATTER, new)
    assert Reference("Zone", "evil", "b") not in seen.violations
    assert writer.served() == {ORIGIN: 3, "b.example.": 3}


def test_a_quota_stops_what_is_new_and_nothing_that_is_served(core: Valkey) -> None:
    own, other = record_set("web", "www"), record_set("more", "more")
    writer = begun(core, OWNER, own)
    strict = teams(["dns"], quota={"zones": 1, "recordSets": 0, "rrsets": 2})
    seen = writer.run(OWNER, own, other, zone("b", uid="b"), strict)
    reasons = {
        reference.name: [(each.reason, each.severity) for each in found]
        for reference, found in seen.violations.items()
    }
    assert reasons == {
        "web": [("QuotaExceeded", "warning")],
        "more": [("QuotaExceeded", "error")],
        "b": [("QuotaExceeded", "error")],
    }
    assert writer.served() == {ORIGIN: 4}
    later = begun(core, OWNER, own, other, zone("b", uid="b"), strict)
    assert later.served() == {ORIGIN: 4}
    records = [*own["spec"]["records"], {"name": "api", "type": "A", "data": ["192.0.2.3"]}]
    grown = changed(own, 2, records=records)
    seen = later.run(OWNER, grown, strict)
    assert refused(seen, Reference("RecordSet", "dns", "web")) == "QuotaExceeded"
    assert later.served() == {ORIGIN: 4}
    wide = teams(["dns"], quota={"recordSets": 1})
    wide["metadata"] |= {"generation": 2, "resourceVersion": "2"}
    assert not later.run(OWNER, grown, wide).violations
    assert later.served() == {ORIGIN: 5}


def test_the_status_shows_what_a_class_gives(core: Valkey) -> None:
    bare = item("Zone", "a", {"origin": "a.example"})
    own = teams(["dns"], defaults={"nameServers": ["ns1.example.net"], "ttl": 60})
    writer = begun(core, bare, own)
    assert writer.served() == {ORIGIN: 2}
    assert writer.passes.results.given == {
        ORIGIN: {"name": "teams", "ttl": 60, "nameServers": ["ns1.example.net"]}
    }
    seen = writer.run(bare)
    assert refused(seen, Reference("Zone", "dns", "a")) == "NoNameServers"
    assert writer.served() == {ORIGIN: 2}


def test_a_zone_that_its_class_takes_no_more_keeps_what_it_has_of_it(core: Valkey) -> None:
    """Neither name servers go, nor rules."""
    bare = item("Zone", "a", {"origin": "a.example"})
    given: dict[str, Any] = {"types": ["A"], "defaults": {"nameServers": ["ns1.example.net"]}}
    writer = begun(core, bare, teams(["dns"], **given))
    narrowed = teams(["shop"], **given)
    narrowed["metadata"] |= {"generation": 2, "resourceVersion": "2"}
    record = {"name": "www", "type": "A", "data": ["192.0.2.1"]}
    grown = changed(bare, 2, records=[record])
    (told,) = writer.run(grown, narrowed).violations[Reference("Zone", "dns", "a")]
    assert (told.reason, told.severity) == ("NotAllowedByClass", "warning")
    assert writer.served() == {ORIGIN: 3}
    other = changed(bare, 3, records=[record, record | {"type": "TXT"}])
    found = writer.run(other, narrowed).violations[Reference("Zone", "dns", "a")]
    assert [each.severity for each in found] == ["error", "warning"]
    assert writer.served() == {ORIGIN: 3}


@pytest.mark.parametrize("by", ["a class", "a label"])
def test_the_grace_period_ends_at_once_where_no_class_takes_the_namespace(
    core: Valkey, by: str
) -> None:
    labelled = item("Namespace", "dns", {}) | {"apiVersion": "v1"}
    del labelled["metadata"]["namespace"], labelled["spec"]
    labelled["metadata"]["labels"] = {"dns": "yes"}
    strict = teams([])
    strict["spec"]["namespaces"] = {"names": ["evil"], "selector": {"matchLabels": {"dns": "yes"}}}
    before = [labelled] if by == "a class" else [labelled, strict]
    writer = begun(core, OWNER, SQUATTER, *before)
    deleted(writer, OWNER)
    assert refused(writer.work()) == "ZoneReserved"
    bare = labelled | {"metadata": labelled["metadata"] | {"labels": {}, "resourceVersion": "2"}}
    seen = writer.run(SQUATTER, strict, bare)
    assert EVIL not in seen.violations
    assert writer.served() == {ORIGIN: 7}


class _Counting(Groups[str]):
    """Counts how often it is asked."""

    asked = 0

    def __getitem__(self, key: str) -> list[Reference]:
        self.asked += 1
        return super().__getitem__(key)


def test_what_waits_costs_a_pass_nothing(core: Valkey) -> None:
    """Ten thousand zones that were deleted at once wait for a day."""
    writer, naming, numbers = Writer(core), _Counting(), range(5)
    assembler = Assembler(ZonePaths())
    registry = Registry(writer.store, assembler, naming, GRACE_SECONDS)
    writer.list()
    for number in numbers:
        gone = Registration(Reference("Zone", "dns", f"z{number}"), "2026-01-01T00:00:00Z")
        assembler.owners.register(f"z{number}.example.", gone)
        registry.changed([f"z{number}.example."])
    registry.settle(writer.observation, time.time())
    assert naming.asked == len(numbers) == len(assembler.reserved)
    registry.settle(writer.observation, time.time())
    assert naming.asked == len(numbers)
    registry.rules_changed()
    registry.settle(writer.observation, time.time())
    assert naming.asked == 2 * len(numbers)


def test_who_waits_for_an_origin_does_not_hide_that_its_zone_is_gone(
    core: Valkey, writer: Writer
) -> None:
    """Neither that it is an orphan, nor that its RecordSets are served on."""
    web = record_set("web", "www")
    writer.run(OWNER, SQUATTER, web)
    writer.there["Namespace", "dns"]["metadata"]["deletionTimestamp"] = "2026-04-01T00:00:00Z"
    deleted(writer, OWNER)
    writer.passes.sweep(writer.observation, time.time())
    seen = writer.work()
    assert writer.passes.orphans_since().keys() == {ORIGIN}
    assert refused(seen, Reference("RecordSet", "dns", "web")) == "ZoneAway"
    for served in ({}, {ORIGIN: 7}):  # it leaves, and then others may have it
        writer.passes.sweep(writer.observation, time.time() + GRACE_SECONDS + 1)
        seen = writer.work()
        assert not writer.passes.orphans
        assert refused(seen, Reference("RecordSet", "dns", "web")) == "ZoneNotFound"
        assert writer.served() == served


def test_what_is_held_stays_with_its_owner(core: Valkey) -> None:
    """Whoever waits for one of many zones that were deleted by mistake does not get it."""
    others = [zone(f"z{number:02}") for number in range(20)]
    writer = begun(core, OWNER, SQUATTER, *others)
    for each in (OWNER, *others):
        deleted(writer, each)
    writer.work()
    writer.passes.sweep(writer.observation, time.time() + GRACE_SECONDS + 1)
    assert refused(writer.work()) == "ZoneReserved"
    hold = writer.passes.held_removal
    assert hold is not None
    assert ORIGIN in hold.origins
    writer.passes.approve({hold.hash})
    writer.work()
    writer.passes.sweep(writer.observation, time.time() + GRACE_SECONDS + 1)
    assert EVIL not in writer.work().violations
    assert writer.served() == {ORIGIN: 7}
