"""Whole rounds of ExternalDNS: what is wanted is there afterwards, and nothing else changes."""

import logging
from collections.abc import Iterable
from typing import Any

import pytest
from dnsfleet import resources
from dnsfleet.resources import RecordSet
from dnsfleet.zones import building
from dnsfleet_engine import Zone as EngineZone
from dnsfleet_externaldns import record_sets, writable_zones
from support.external_dns import Endpoint, ExternalDNS, endpoint
from support.webhook_rigs import Objects, Rig, zone

WWW = endpoint("www.example.com", "A", "192.0.2.1", ttl=60)


def rig(*zones: Any, **options: Any) -> Rig:
    return Rig(Objects(*(zones or (zone("example.com"),)), **options))


@pytest.mark.parametrize("owner", [None, "a"], ids=["no registry", "TXT registry"])
def test_endpoints_come_change_and_go(owner: str | None) -> None:
    here = rig()
    dns = ExternalDNS(here.ask, owner)
    dns.round([WWW])
    assert here.objects.rrsets()["www.example.com.", "A"] == (["192.0.2.1"], 60)
    dns.round([endpoint("www.example.com", "A", "192.0.2.2", ttl=30)])
    assert here.objects.rrsets()["www.example.com.", "A"] == (["192.0.2.2"], 30)
    dns.round([])
    assert here.objects.rrsets() == {}


@pytest.mark.parametrize("owner", [None, "a"], ids=["no registry", "TXT registry"])
def test_nothing_is_written_where_nothing_changed(owner: str | None) -> None:
    here = rig()
    dns = ExternalDNS(here.ask, owner)
    wanted = [
        WWW,
        endpoint("www.example.com", "AAAA", "2001:DB8::1", "2001:db8:0::1"),
        endpoint("MAIL.example.com", "CNAME", "LB.example.net"),
        endpoint("post.example.com", "MX", "10 mail.example.net"),
        endpoint("bücher.example.com", "A", "192.0.2.4"),
        endpoint("*.example.com", "CNAME", "lb.example.net"),
        endpoint("_sip._tcp.example.com", "SRV", "0 0 5060 sip.example.net"),
        endpoint("text.example.com", "TXT", '"' + "x" * 300 + '"', "v=spf1 -all"),
        {**endpoint("w.example.com", "A", "192.0.2.1", set_id="blue"), **settings(weight="10")},
        {**endpoint("w.example.com", "A", "192.0.2.2", set_id="green"), **settings(weight="90")},
    ]
    dns.round(wanted)
    here.objects.writes.clear()
    dns.round(wanted)
    assert dns.changes == {}
    assert here.objects.writes == []


def settings(**found: str) -> Endpoint:
    return {"providerSpecific": [{"name": f"aws/{k}", "value": found[k]} for k in found]}


def test_the_same_changes_twice_write_once() -> None:
    here = rig()
    for _ in range(2):
        here.ask("POST", "/records", {"create": [WWW]})
    assert len(here.objects.writes) == 1


def test_a_name_that_changes_its_type_is_never_without_records() -> None:
    here = rig()
    dns = ExternalDNS(here.ask, "a")
    dns.round([WWW])
    here.objects.states.clear()
    dns.round([endpoint("www.example.com", "CNAME", "lb.example.net")])
    assert {rtype for _, rtype in here.objects.rrsets()} == {"CNAME", "TXT"}
    published = [served(state) for state in here.objects.states]
    types = [[t for t in ("A", "CNAME") if each.get("www.example.com.", t)] for each in published]
    assert types == [["A"], ["A"], ["CNAME"], ["CNAME"]]


def served(objects: Iterable[Any]) -> EngineZone:
    """The zone that the operator makes of some RecordSets, the oldest first."""
    parsed = [resources.parse(each, "")[0] for each in objects]
    (bare,) = [each for each in [writable_zones.seen(zone("example.com"))] if each is not None]
    found = [each for each in parsed if isinstance(each, RecordSet)]
    assert len(found) == len(parsed)
    built, _ = building.from_resources(bare.zone, found, None)
    assert built is not None
    return built


def test_what_tells_the_owner_comes_first_and_goes_last() -> None:
    here = rig()
    dns = ExternalDNS(here.ask, "a")
    dns.round([WWW])
    dns.round([])
    types = [each.split("-")[-2] for each in here.objects.writes]
    assert types == ["txt", "a", "a", "txt"]


def test_a_set_identifier_is_kept_and_its_targets_are_answered_together() -> None:
    here = rig()
    dns = ExternalDNS(here.ask)
    blue = endpoint("w.example.com", "A", "192.0.2.1", ttl=60, set_id="blue")
    green = endpoint("w.example.com", "A", "192.0.2.2", ttl=30, set_id="green")
    dns.round([blue, green])
    assert here.objects.rrsets()["w.example.com.", "A"] == (["192.0.2.1", "192.0.2.2"], 30)
    dns.round([green])
    assert here.objects.rrsets()["w.example.com.", "A"] == (["192.0.2.2"], 30)
    assert [each["setIdentifier"] for each in here.ask("GET", "/records", None)] == ["green"]


def test_of_several_aliases_in_sets_one_is_answered() -> None:
    here = rig()
    dns = ExternalDNS(here.ask)
    sets = [endpoint("w.example.com", "CNAME", f"{s}.example.net", set_id=s) for s in "ba"]
    dns.round(sets)
    assert here.objects.rrsets()["w.example.com.", "CNAME"] == (["a.example.net."], None)
    dns.round(sets)
    assert dns.changes == {}


def test_the_nearest_zone_has_the_name() -> None:
    here = rig(zone("example.com"), zone("dev.example.com", "dev"))
    ExternalDNS(here.ask).round([WWW, endpoint("www.dev.example.com", "A", "192.0.2.2")])
    found = {key[0]: each["spec"]["zoneRef"] for key, each in here.objects.there.items()}
    assert found == {"dns": {"name": "example-com"}, "dev": {"name": "dev-example-com"}}


@pytest.mark.parametrize("owner", [None, "a"], ids=["no registry", "TXT registry"])
def test_names_move_to_a_zone_that_comes_below(owner: str | None) -> None:
    here = rig()
    dns = ExternalDNS(here.ask, owner)
    wanted = [endpoint("www.dev.example.com", "A", "192.0.2.2")]
    dns.round(wanted)
    here.objects.zones_there.append(zone("dev.example.com", "dev"))
    dns.round(wanted)
    assert {namespace for namespace, _ in here.objects.there} == {"dev"}
    dns.round(wanted)
    assert dns.changes == {}


@pytest.mark.parametrize("owner", [None, "a"], ids=["no registry", "TXT registry"])
def test_a_zone_that_the_operator_did_not_take_takes_no_names(owner: str | None) -> None:
    here = rig()
    dns = ExternalDNS(here.ask, owner)
    dns.round([endpoint("www.dev.example.com", "A", "192.0.2.2")])
    below = zone("dev.example.com", "dev")
    taken = below.pop("status")
    here.objects.zones_there.append(below)
    wanted = [endpoint("www.dev.example.com", "A", "192.0.2.3")]
    dns.round(wanted)
    assert {namespace for namespace, _ in here.objects.there} == {"dns"}
    assert here.objects.rrsets()["www.dev.example.com.", "A"] == (["192.0.2.3"], None)
    dns.round(wanted)
    assert dns.changes == {}
    below["status"] = taken
    dns.round(wanted)
    assert {namespace for namespace, _ in here.objects.there} == {"dev"}
    del below["status"]  # nor does it lose any
    dns.round(wanted)
    assert dns.changes == {}


def test_a_change_by_hand_is_undone() -> None:
    here = rig()
    dns = ExternalDNS(here.ask)
    wanted = [WWW, endpoint("w.example.com", "A", "192.0.2.7", set_id="blue")]
    dns.round(wanted)
    before = here.objects.rrsets()
    for each in here.objects.there.values():
        each["spec"]["records"][0]["data"] = ["203.0.113.1"]
    dns.round(wanted)
    assert here.objects.rrsets() == before
    for each in here.objects.there.values():
        each["spec"]["zoneRef"] = {"name": "other"}
    dns.round(wanted)
    names = {each["spec"]["zoneRef"]["name"] for each in here.objects.there.values()}
    assert names == {"example-com"}


def test_nothing_of_others_is_seen_or_touched() -> None:
    objects = Objects(zone("example.com"))
    mine, other = Rig(objects), Rig(objects, instance="other")
    ExternalDNS(other.ask).round([WWW])
    by_hand = {
        "metadata": {"name": "by-hand", "namespace": "dns", "uid": "x", "labels": {}},
        "spec": {"zoneRef": {"name": "example-com"}, "records": []},
    }
    labelled = {
        "metadata": {
            "name": "labelled",
            "namespace": "dns",
            "uid": "y",
            "labels": record_sets.labels("test"),
        },
        "spec": {
            "zoneRef": {"name": "example-com"},
            "records": [{"name": "a.example.com.", "type": "A", "data": ["192.0.2.1"]}],
        },
    }
    objects.there["dns", "by-hand"], objects.there["dns", "labelled"] = by_hand, labelled
    before = dict(objects.there)
    dns = ExternalDNS(mine.ask)
    dns.round([endpoint("a.example.com", "A", "192.0.2.5")])
    dns.round([])
    assert objects.there == before
    assert mine.ask("GET", "/records", None) == []


BAD = [
    (endpoint("www.example.org", "A", "192.0.2.1"), "NoZone", "example.org."),
    (endpoint("a..example.com", "A", "192.0.2.1"), "BadName", "empty label"),
    (endpoint("a.example.com", "ALIAS", "192.0.2.1"), "UnknownType", "ALIAS"),
    (endpoint("a.example.com", "A", "lb.example.net"), "BadRdata", "not an IPv4 address"),
    (endpoint("a.example.com", "A"), "NoTargets", "no targets"),
    (endpoint("a.example.com", "A", "192.0.2.1", ttl=-1), "BadValue", "-1"),
    (endpoint("a.example.com", "A", "192.0.2.1", ttl=2**31), "BadValue", "2147483648"),
    (endpoint("example.com", "CNAME", "lb.example.net"), "CNAMEAndOtherData", "stands alone"),
    (endpoint("example.com", "NS", "ns1.example.net"), "ApexOwnedByZone", "the NS of the apex"),
    (endpoint("sub.example.com", "NS", "ns1.example.net"), "NotAllowedByZone", "list this type"),
    (endpoint("a.example.com", "CNAME", "a.example", "b.example"), "MultipleCNAME", "one allowed"),
    (endpoint("a.example.com", "A", *(f"10.0.{n // 250}.{n % 250}" for n in range(1001))),
     "BadValue", "1000"),
    ({**endpoint("a.example.com", "A", "192.0.2.1"), **settings(x="y" * 70_000)},
     "TooLarge", "65536"),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "reason", "message"), BAD, ids=[each[1] for each in BAD])
def test_a_bad_endpoint_is_told_and_left_out(
    bad: Endpoint, reason: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    here = rig()
    dns = ExternalDNS(here.ask, "a")
    with caplog.at_level(logging.WARNING, "dnsfleet_externaldns"):
        dns.round([bad, WWW])
        dns.round([bad, WWW])
    assert {owner for owner, _ in here.objects.rrsets()} == {
        "www.example.com.",
        "a-www.example.com.",
    }
    (line,) = caplog.messages  # once, not in each round
    assert "event=endpoint_refused" in line
    assert f"reason={reason}" in line
    assert message in line
    assert here.sample("refused_endpoints", reason=reason) == 1
    dns.round([WWW])
    assert here.sample("refused_endpoints", reason=reason) is None


def test_an_endpoint_that_becomes_bad_leaves_what_is_served() -> None:
    here = rig()
    dns = ExternalDNS(here.ask, "a")
    dns.round([WWW])
    before = here.objects.rrsets()
    dns.round([endpoint("www.example.com", "A", "lb.example.net")])
    assert here.objects.rrsets() == before
    assert here.sample("refused_endpoints", reason="BadRdata") == 1


def test_a_bad_alias_in_place_of_an_address_leaves_the_address() -> None:
    here = rig()
    dns = ExternalDNS(here.ask, "a")
    dns.round([WWW])
    before = here.objects.rrsets()
    for bad in (
        endpoint("www.example.com", "CNAME", "a..b"),
        endpoint("www.example.com", "X", "a"),
    ):
        dns.round([bad])
        assert here.objects.rrsets() == before
    good = endpoint("www.example.com", "AAAA", "2001:db8::1")
    dns.round([good, bad])  # then the address is not wanted any more
    assert {rtype for _, rtype in here.objects.rrsets()} == {"AAAA", "TXT"}


@pytest.mark.parametrize("owner", [None, "a"], ids=["no registry", "TXT registry"])
def test_what_is_to_take_the_place_of_something_and_is_refused_leaves_it(owner: str | None) -> None:
    here = rig()
    dns = ExternalDNS(here.ask, owner)
    dns.round([WWW])
    before = here.objects.rrsets()
    here.objects.refuses = "test-www-example-com-cname"
    dns.round([endpoint("www.example.com", "CNAME", "lb.example.net")])
    assert before.items() <= here.objects.rrsets().items()
    here.objects.refuses = "test-"  # a Zone below comes, in a namespace that takes nothing
    here.objects.zones_there.append(zone("www.example.com", "team"))
    dns.round([WWW])
    assert before.items() <= here.objects.rrsets().items()
    here.objects.refuses = None
    dns.round([WWW])
    dns.round([])
    assert here.objects.rrsets() == {}


def test_a_zone_that_is_gone_takes_nothing_away() -> None:
    here = rig()
    dns = ExternalDNS(here.ask, "a")
    dns.round([WWW])
    before = here.objects.rrsets()
    zones, here.objects.zones_there = here.objects.zones_there, []
    dns.round([WWW])
    assert here.objects.rrsets() == before
    dns.round([])
    assert here.objects.rrsets() == {}
    here.objects.zones_there = zones


@pytest.mark.parametrize("owner", [None, "a"], ids=["no registry", "TXT registry"])
def test_a_zone_of_a_later_version_keeps_its_names(owner: str | None) -> None:
    here = rig(zone("example.com"), zone("dev.example.com", "dev"))
    dns = ExternalDNS(here.ask, owner)
    wanted = [endpoint("www.dev.example.com", "A", "192.0.2.2")]
    dns.round(wanted)
    here.objects.zones_there[1]["spec"]["recordSets"] = {"later": 1}
    here.objects.writes.clear()
    dns.round([*wanted, endpoint("new.dev.example.com", "A", "192.0.2.3")])
    assert here.objects.writes == []  # the Zone above would have them below a zone cut
    assert here.sample("refused_endpoints", reason="ZoneNotUnderstood") == 2
    dns.round([])
    assert here.objects.there == {}


def test_a_name_does_not_come_without_what_tells_its_owner() -> None:
    here = rig(zone("example.com", recordSets={"types": ["A"]}))
    ExternalDNS(here.ask, "a").round([WWW])
    assert here.objects.rrsets() == {}
    assert here.sample("refused_endpoints", reason="NotAllowedByZone") == 1
    assert here.sample("refused_endpoints", reason="NotWhole") == 1
    ExternalDNS(here.ask).round([WWW])  # which needs no TXT
    assert list(here.objects.rrsets()) == [("www.example.com.", "A")]


def test_a_consent_by_labels_is_for_namespaces_that_have_them() -> None:
    consent = {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"dns": "yes"}}}}
    here = rig(zone("example.com", recordSets=consent))
    dns = ExternalDNS(here.ask)
    dns.round([WWW])
    assert here.objects.rrsets() == {}
    here.objects.namespaces["dns"] = {"dns": "yes"}
    dns.round([WWW])
    assert list(here.objects.rrsets()) == [("www.example.com.", "A")]


def test_a_write_that_is_refused_holds_nobody_else_back(caplog: pytest.LogCaptureFixture) -> None:
    here = rig()
    dns = ExternalDNS(here.ask, "a")
    wanted = [WWW, endpoint("other.example.com", "A", "192.0.2.2")]
    here.objects.refuses = "test-a-www"  # the TXT for www
    dns.round(wanted)
    assert {owner for owner, _ in here.objects.rrsets()} == {
        "other.example.com.",
        "a-other.example.com.",
    }
    dns.round(wanted)
    assert here.sample("refused_endpoints", reason="Forbidden") == 1
    assert len([each for each in caplog.messages if "Forbidden" in each]) == 1
    here.objects.refuses = None
    dns.round(wanted)
    dns.round(wanted)
    assert len(here.objects.rrsets()) == 4
    assert here.sample("refused_endpoints", reason="Forbidden") is None


def test_what_the_operator_refuses_is_told(caplog: pytest.LogCaptureFixture) -> None:
    here = rig()
    dns = ExternalDNS(here.ask)
    dns.round([WWW])
    (item,) = here.objects.there.values()
    item["metadata"]["generation"] = 2
    condition = {
        "type": "Accepted",
        "status": "False",
        "reason": "NotOwner",
        "message": "it is b's",
    }
    item["status"] = {"conditions": [{**condition, "observedGeneration": 1}]}
    dns.round([WWW])
    assert here.sample("refused_record_sets") == 0  # said of an older version
    item["status"]["conditions"][0]["observedGeneration"] = 2
    dns.round([WWW])
    dns.round([WWW])
    assert here.sample("refused_record_sets") == 1
    (line,) = [each for each in caplog.messages if "record_set_refused" in each]
    assert "it is b's [NotOwner]" in line


def test_other_domains_are_nobodys_business() -> None:
    here = Rig(Objects(zone("example.com"), zone("example.org")), "example.com.")
    assert here.provider.negotiate() == {"include": ["example.com"]}
    ExternalDNS(here.ask).round([WWW, endpoint("www.example.org", "A", "192.0.2.1")])
    assert list(here.objects.rrsets()) == [("www.example.com.", "A")]
    assert here.sample("refused_endpoints", reason="NoZone") is None
    assert Rig(Objects()).provider.negotiate() == {}
