"""Objects that were deleted and made anew under their name: the new one is another object."""

from collections.abc import Callable
from typing import Any

import pytest
from dnsfleet.resources import Reference
from support.valkey import Valkey
from support.zone_writers import GRACE_SECONDS, Seen, Writer, changed, item, record_set, zone

Object = dict[str, Any]

A, WWW, ALIAS = "a.example.", "www.a.example.", "alias.a.example."
OLD, OTHER = record_set("a", "www"), record_set("b", "www", data="192.0.2.7")
OTHER["metadata"]["creationTimestamp"] = "2026-02-01T00:00:00Z"
A_SET, B_SET = (Reference("RecordSet", "dns", name) for name in "ab")
BREAKS_THE_ZONE = [{"name": "h0", "type": "CNAME", "data": ["elsewhere"]}]


def replaced(found: Object, **spec: Any) -> Object:
    """What `kubectl replace --force` makes: another object of the same name, made later."""
    made = changed(found, 1, **spec)
    metadata = {
        "uid": found["metadata"]["uid"] + "-2",
        "resourceVersion": "9",
        "creationTimestamp": "2026-03-01T00:00:00Z",
    }
    return made | {"metadata": made["metadata"] | metadata}


def answers(writer: Writer, owner: str, rtype: str = "A", origin: str = A) -> list[str]:
    """The data of an RRset as it is published."""
    published = writer.store.load(origin)
    found = None if published is None else published.get(owner, rtype)
    return [] if found is None else found[1]


def reasons(seen: Seen) -> dict[str, str]:
    return {reference.name: found[0].reason for reference, found in seen.violations.items()}


# Each gives the writer that knows of the new object, and what it made of all.


def at_once(core: Valkey, new: Object, *others: Object) -> tuple[Writer, Seen]:
    """One event tells of both, as events of one object are coalesced."""
    writer = Writer(core)
    writer.run(*others, OLD)
    return writer, writer.run(*others, new)


def apart(core: Valkey, new: Object, *others: Object) -> tuple[Writer, Seen]:
    """The deletion is seen, and the new object comes later."""
    writer = Writer(core)
    writer.run(*others, OLD)
    writer.run(*others)
    return writer, writer.run(*others, new)


def asked_late(core: Valkey, new: Object, *others: Object) -> tuple[Writer, Seen]:
    """The API server has the new object when it is asked about the old one."""
    writer = Writer(core)
    writer.run(*others, OLD)
    writer.cluster.again = [new]
    writer.run(*others)
    return writer, writer.run(*others, new)


def while_away(core: Valkey, new: Object, *others: Object) -> tuple[Writer, Seen]:
    """No operator runs when it happens."""
    Writer(core).run(*others, OLD)
    writer = Writer(core)
    return writer, writer.run(*others, new)


SEEN = pytest.mark.parametrize("see", [at_once, apart, asked_late, while_away])
See = Callable[..., tuple[Writer, Seen]]
NEW: dict[str, tuple[Object, str]] = {
    "other data": (
        replaced(OLD, records=[{"name": "www", "type": "A", "data": ["192.0.2.9"]}]),
        "NotOwner",
    ),
    "bad data": (
        replaced(OLD, records=[{"name": "x", "type": "A", "data": ["192.0.2"]}]),
        "BadRdata",
    ),
    "breaks the zone": (replaced(OLD, records=BREAKS_THE_ZONE), "CNAMEAndOtherData"),
    "not understood": (replaced(OLD, fromAFutureVersion=True), "UnknownField"),
}


@SEEN
@pytest.mark.parametrize("case", NEW)
def test_who_waited_for_the_name_of_a_replaced_record_set_has_it(
    core: Valkey, see: See, case: str
) -> None:
    new, reason = NEW[case]
    writer, seen = see(core, new, zone("a"), OTHER)
    assert reasons(seen) == {"a": reason}
    assert answers(writer, WWW) == ["192.0.2.7"]
    assert writer.served() == {A: 4}
    anew = Writer(core)
    assert reasons(anew.run(zone("a"), OTHER, new)) == {"a": reason}
    assert anew.served() == {A: 4}


@SEEN
def test_a_replaced_record_set_that_nobody_waits_for_serves_only_what_it_says(
    core: Valkey, see: See
) -> None:
    new = replaced(OLD, records=BREAKS_THE_ZONE)
    writer, seen = see(core, new, zone("a"))
    assert reasons(seen) == {"a": "CNAMEAndOtherData"}
    assert writer.served() == {A: 3}
    good = changed(new, 10, records=[{"name": "www", "type": "A", "data": ["192.0.2.9"]}])
    assert reasons(writer.run(zone("a"), good)) == {}
    assert answers(writer, WWW) == ["192.0.2.9"]
    writer.run(zone("a"), changed(good, 11, records=BREAKS_THE_ZONE))
    assert answers(writer, WWW) == ["192.0.2.9"], "its own last good version"


def test_a_record_set_that_is_gone_is_served_on_until_one_of_its_name_is_there(
    core: Valkey,
) -> None:
    writer = Writer(core)
    writer.run(zone("a"), OLD)
    namespace = writer.there.pop(("Namespace", "dns"))
    for now in (0.0, GRACE_SECONDS - 1):
        writer.run(zone("a"))
        writer.passes.sweep(writer.observation, now)
        assert answers(writer, WWW) == ["192.0.2.2"]
    writer.there["Namespace", "dns"] = namespace
    seen = writer.run(zone("a"), replaced(OLD, fromAFutureVersion=True))
    assert reasons(seen) == {"a": "UnknownField"}
    assert answers(writer, WWW) == []


def test_a_claim_of_an_older_version_of_the_operator_is_of_the_object_that_is_as_old(
    core: Valkey,
) -> None:
    Writer(core).run(zone("a"), OLD)
    with core.client() as client:
        (key,) = client.keys("dnsfleet:1:claims")
        for field, value in client.hgetall(key).items():
            client.hset(key, field, value.replace(b'"uid":"a",', b""))
        assert all(b"uid" not in value for value in client.hvals(key))
    same = Writer(core)
    same.run(zone("a"), changed(OLD, 2, records=BREAKS_THE_ZONE))
    assert answers(same, WWW) == ["192.0.2.2"]
    other = Writer(core)
    other.run(zone("a"), replaced(OLD, records=BREAKS_THE_ZONE))
    assert answers(other, WWW) == []


# The last good version of one takes a name from another


def test_who_takes_a_name_that_a_last_good_version_still_has_is_told(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(zone("a"), OLD, OTHER)
    moved = changed(OLD, 2, records=[{"name": "h0", "type": "A", "data": ["192.0.2.9"]}])
    seen = writer.run(zone("a"), moved, OTHER)
    assert reasons(seen) == {"a": "NotOwner", "b": "NotOwner"}
    assert answers(writer, WWW) == ["192.0.2.2"]
    assert "belongs to RecordSet dns/a" in seen.violations[B_SET][0].message


def test_who_is_pushed_back_by_a_last_good_version_keeps_its_own(core: Valkey) -> None:
    mail = changed(OTHER, 1, records=[{"name": "mail", "type": "A", "data": ["192.0.2.7"]}])
    writer = Writer(core)
    writer.run(zone("a"), OLD, mail)
    moved = changed(OLD, 2, records=[{"name": "h0", "type": "A", "data": ["192.0.2.9"]}])
    wants = changed(mail, 2, records=[{"name": "www", "type": "A", "data": ["192.0.2.7"]}])
    seen = writer.run(zone("a"), moved, wants)
    assert reasons(seen) == {"a": "NotOwner", "b": "NotOwner"}
    assert answers(writer, WWW) == ["192.0.2.2"]
    assert answers(writer, "mail.a.example.") == ["192.0.2.7"]


def test_who_is_served_as_it_says_is_not_told_that_another_has_its_name(core: Valkey) -> None:
    """An older one wants its name, and breaks the zone by what else it wants."""
    writer = Writer(core)
    writer.run(zone("a"), record_set("a", "x"), OTHER)
    both = [{"name": "www", "type": "A", "data": ["192.0.2.9"]}, *BREAKS_THE_ZONE]
    seen = writer.run(zone("a"), changed(record_set("a", "x"), 2, records=both), OTHER)
    assert reasons(seen) == {"a": "CNAMEAndOtherData"}
    assert answers(writer, WWW) == ["192.0.2.7"]


def test_a_broken_record_set_takes_nothing_from_its_former_zone_along(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(zone("a"), zone("b"), OLD)
    bad = [{"name": "y", "type": "A", "data": ["192.0.2"]}]
    moved = changed(OLD, 2, zoneRef={"name": "b"}, records=bad)
    assert reasons(writer.run(zone("a"), zone("b"), moved)) == {"a": "BadRdata"}
    assert answers(writer, "www.b.example.", origin="b.example.") == []


# Zones, and what they take their zone file from

FILE = "@ SOA ns1.example.net. h. 1 7200 900 1209600 300\n@ NS ns1.example.net.\nh0 A 192.0.2.1\n"


def file_zone(name: str = "file") -> Object:
    spec = {"origin": "a.example", "zoneFile": {"configMaps": [{"name": name, "key": "zone"}]}}
    return item("Zone", "a", spec)


def config_map(text: str, **metadata: Any) -> Object:
    made = item("ConfigMap", "file", {}, **metadata) | {"apiVersion": "v1", "data": {"zone": text}}
    del made["spec"]
    return made


BROKEN_ZONES: dict[str, Object] = {
    "an error": replaced(zone("a"), records=[{"name": "h0", "type": "A", "data": ["192.0.2"]}]),
    "no zone file": replaced(file_zone("elsewhere")),
    "not understood": replaced(zone("a"), fromAFutureVersion=True),
}


@pytest.mark.parametrize("case", BROKEN_ZONES)
def test_a_zone_whose_new_object_is_wrong_stays_as_it_is_published(core: Valkey, case: str) -> None:
    """Nobody asked to remove it; but the old object's wishes do not count any more."""
    new = BROKEN_ZONES[case]
    writer = Writer(core)
    writer.run(zone("a"), OLD, OTHER)
    seen = writer.run(new, OLD, OTHER)
    assert "a" in reasons(seen)
    assert writer.served() == {A: 4}
    moved = changed(OLD, 2, records=[{"name": "mail", "type": "A", "data": ["192.0.2.9"]}])
    writer.run(new, moved, OTHER)
    assert writer.served() == {A: 4}
    assert answers(writer, WWW) == ["192.0.2.2"], "whether it may change is for the new object"
    good = new | {"spec": zone("a")["spec"]}
    seen = writer.run(changed(good, 10), moved, OTHER)
    assert reasons(seen) == {}
    assert (answers(writer, WWW), answers(writer, "mail.a.example.")) == (
        ["192.0.2.7"],
        ["192.0.2.9"],
    )


@pytest.mark.parametrize("broken", [False, True])
def test_who_waits_for_the_origin_of_a_replaced_zone_waits_on(core: Valkey, broken: bool) -> None:
    other = zone("a", hosts=2, namespace="shop", creationTimestamp="2026-02-01T00:00:00Z")
    writer = Writer(core)
    assert reasons(writer.run(zone("a"), other)) == {"a": "ZoneInUse"}
    spec = {"fromAFutureVersion": True} if broken else {}
    seen = writer.run(replaced(zone("a"), **spec), other)
    assert {each.namespace: found[0].reason for each, found in seen.violations.items()} == {
        **({"dns": "UnknownField"} if broken else {}),
        "shop": "ZoneInUse",
    }
    assert writer.served() == {A: 3}


def test_a_config_map_that_was_replaced_is_a_change_of_the_zone_that_names_it(
    core: Valkey,
) -> None:
    writer = Writer(core)
    writer.observation.put(config_map(FILE))
    writer.run(file_zone(), OLD)
    later = {"uid": "other", "creationTimestamp": "2026-03-01T00:00:00Z"}
    writer.observation.put(config_map("nonsense", resourceVersion="2", **later))
    seen = writer.run(file_zone(), OLD)
    assert len(seen.violations) == 1
    assert seen.frozen == set(), "the Zone is the same object: its last good version holds"
    assert writer.served() == {A: 4}
    moved = changed(OLD, 2, records=[{"name": "mail", "type": "A", "data": ["192.0.2.9"]}])
    writer.run(file_zone(), moved)
    assert answers(writer, "mail.a.example.") == ["192.0.2.9"]


def test_a_replaced_zone_does_not_get_the_zone_file_that_the_old_one_had(core: Valkey) -> None:
    writer = Writer(core)
    writer.observation.put(config_map(FILE))
    writer.run(file_zone(), OLD)
    writer.observation.put(config_map("nonsense", resourceVersion="2"))
    seen = writer.run(replaced(file_zone()), OLD)
    assert {str(reference) for reference in seen.frozen} == {"Zone dns/a"}
    assert writer.served() == {A: 4}
