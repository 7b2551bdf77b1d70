"""Passes over all zones against a real Valkey: what stays published whatever the objects say."""

import pytest
from dnsfleet.replication import manifests
from dnsfleet.zones import signatures
from dnsfleet.zones.signatures import Period
from dnsfleet_engine import Zone
from dnsfleet_operator.zones.passes import MOST_ORIGINS
from dnsfleet_publisher.publishing import State
from dnsfleet_publisher.store_errors import Fenced
from support.presigned_zones import signed_text
from support.signature_records import ORIGIN, signed
from support.signature_records import zone as unsigned
from support.valkey import Valkey
from support.zone_writers import GRACE_SECONDS, KEY, Writer, changed, item, record_set, zone
from support.zones import hosts, make_zone

BOTH = {"a.example.": 3, "b.example.": 3}


def test_an_empty_list_after_a_restart_removes_nothing(core: Valkey) -> None:
    assert Writer(core).run(zone("a"), zone("b")).failed == ""
    anew = Writer(core)
    results = anew.run()
    assert anew.served() == BOTH
    assert {outcome.state for outcome in results.outcomes.values()} == {State.UNCHANGED}


def test_edges_are_told_of_kept_zones_too(core: Valkey) -> None:
    Writer(core).run(zone("a"), zone("b"))
    Writer(core).run(zone("a"))
    with core.client() as client:
        signed = client.get("dnsfleet:1:fleet")
    assert isinstance(signed, bytes)
    assert manifests.verify_fleet(signed, [KEY.public_key()]).zones == 2


def test_an_incomplete_list_announces_nothing(core: Valkey) -> None:
    writer = Writer(core)
    writer.observation.put(zone("a"))
    writer.work()
    assert writer.served() == {"a.example.": 3}
    with core.client() as client:
        assert client.get("dnsfleet:1:fleet") is None


def test_an_orphan_goes_after_its_grace_period_and_not_before(core: Valkey) -> None:
    Writer(core).run(zone("a"), zone("b"))
    writer = Writer(core)
    for now in (0.0, GRACE_SECONDS - 1):
        writer.list(zone("a"))
        writer.passes.sweep(writer.observation, now)
        writer.work()
        assert writer.served() == BOTH
        assert writer.passes.orphans == 1
    writer.passes.sweep(writer.observation, GRACE_SECONDS)
    results = writer.work()
    assert results.outcomes["b.example."].state is State.REMOVED
    assert writer.served() == {"a.example.": 3}
    assert writer.passes.orphans == 0


def test_a_zone_that_is_refused_keeps_what_it_published(core: Valkey) -> None:
    good = zone("a")
    Writer(core).run(good)
    older = zone("other", creationTimestamp="2025-01-01T00:00:00Z", namespace="shop")
    older["spec"]["origin"] = "example"
    writer = Writer(core)
    results = writer.run(changed(good, 2, ttl=60), older)
    assert [each[0].reason for each in results.violations.values()] == ["NotAllowedByZone"]
    assert writer.served() == {"a.example.": 3, "example.": 3}
    kept = writer.store.load("a.example.")
    assert kept is not None
    assert "h0.a.example. 300" in " ".join(kept.to_text().split())


def test_a_zone_that_cannot_be_understood_keeps_what_it_published(core: Valkey) -> None:
    good = zone("a")
    Writer(core).run(good)
    writer = Writer(core)
    results = writer.run(changed(good, 2, fromAFutureVersion=True))
    assert [each[0].reason for each in results.violations.values()] == ["UnknownField"]
    assert writer.served() == {"a.example.": 3}
    assert [each.generation for each in results.taken.values()] == [2]


def test_a_record_set_that_breaks_keeps_its_last_good_version(core: Valkey) -> None:
    writer = Writer(core)
    good = record_set("web", "www")
    assert writer.run(zone("a"), good).violations == {}
    assert writer.served() == {"a.example.": 4}
    record = {"name": "h0", "type": "CNAME", "data": ["elsewhere"]}
    results = writer.run(zone("a"), changed(good, 2, records=[record]))
    assert [each[0].reason for each in results.violations.values()] == ["CNAMEAndOtherData"]
    assert writer.served() == {"a.example.": 4}


def test_an_unsafe_change_waits_for_its_approval(core: Valkey) -> None:
    writer = Writer(core)
    full = zone("a", hosts=40)
    writer.run(full)
    less = changed(full, 2, records=[])
    held = writer.run(less).outcomes["a.example."]
    assert (held.state, held.reason) == (State.HELD, "UnsafePlan")
    assert writer.served() == {"a.example.": 42}
    approval = {"dnsfleet.io/approve": held.message.rsplit(": ", 1)[1]}
    metadata = less["metadata"] | {"annotations": approval, "resourceVersion": "3"}
    approved = less | {"metadata": metadata}
    assert writer.run(approved).outcomes["a.example."].state is State.PUBLISHED
    assert writer.served() == {"a.example.": 2}


def test_a_key_of_a_config_map_that_lost_most_waits_for_its_approval(core: Valkey) -> None:
    names = [{"name": "parts", "key": key} for key in ("large", "small")]
    file = item("Zone", "a", {"origin": "a.example", "zoneFile": {"configMaps": names}})
    head = "@ 60 SOA ns1.example.net. h. 1 7200 900 1209600 300\n@ 60 NS ns1.example.net.\n"

    def put(small: int) -> None:
        data = {
            "large": head + "".join(f"l{n} 60 A 192.0.2.1\n" for n in range(100)),
            "small": "".join(f"s{n} 60 A 192.0.2.1\n" for n in range(small)),
        }
        made = item("ConfigMap", "parts", {}) | {"apiVersion": "v1", "data": data}
        del made["spec"]
        writer.observation.put(made)

    writer = Writer(core)
    put(20)
    assert writer.run(file).outcomes["a.example."].state is State.PUBLISHED
    put(8)
    held = writer.work().outcomes["a.example."]
    assert (held.state, held.reason) == (State.HELD, "UnsafePlan")
    assert "and ConfigMap parts key small has lost 12 of 20 records; if" in held.message
    assert writer.served() == {"a.example.": 122}
    metadata = {"annotations": {"dnsfleet.io/approve": held.message.rsplit(": ", 1)[1]}}
    approved = file | {"metadata": file["metadata"] | metadata | {"resourceVersion": "2"}}
    assert writer.run(approved).outcomes["a.example."].state is State.PUBLISHED
    assert writer.served() == {"a.example.": 110}


def test_a_zone_that_comes_signed_takes_no_record_set_and_keeps_its_serial(core: Valkey) -> None:
    def text(count: int) -> str:
        return signed_text(make_zone("a.example.", hosts(count), serial=3_000_000_000))

    writer, web = Writer(core), record_set("web", "www")
    plain = make_zone("a.example.", hosts(3)).to_text()
    file = item("Zone", "a", {"origin": "a.example", "zoneFile": {"inline": plain}})
    assert writer.run(file, web).violations == {}
    assert writer.served() == {"a.example.": 6}
    for generation, count, state in ((2, 3, State.PUBLISHED), (3, 4, State.HELD)):
        file = changed(file, generation, zoneFile={"inline": text(count)})
        results = writer.run(file, web)
        outcome = results.outcomes["a.example."]
        assert outcome.state is state
        assert outcome.manifest is not None
        assert outcome.manifest.serial == 3_000_000_000
        assert outcome.manifest.records == text(3).count("\n")
        ((refused, found),) = results.violations.items()
        assert (refused.kind, refused.name) == ("RecordSet", "web")
        assert [each.reason for each in found] == ["SignedZone"]
    assert outcome.reason == "SerialNotHigher"


def test_a_pop_whose_object_is_gone_serves_on_while_it_runs(core: Valkey) -> None:
    here = zone("a")
    here["spec"]["placement"] = {"popSelector": {"matchLabels": {"region": "eu"}}}
    pops = [item("Pop", name, {}, labels={"region": "eu"}) for name in ("ams", "fra")]
    Writer(core).run(here, *pops)
    for lingering, serve in (({"fra"}, ("ams", "fra")), ({"sin"}, ("ams",)), ({"fra"}, ("ams",))):
        writer = Writer(core)
        writer.list(here, pops[0])
        results = writer.work(frozenset(lingering))
        manifest = results.outcomes["a.example."].manifest
        assert manifest is not None
        assert manifest.pops == serve


def test_a_core_that_lost_everything_is_filled_again_with_kept_zones_too(core: Valkey) -> None:
    Writer(core).run(zone("a"), zone("b"))
    writer = Writer(core)
    writer.run(zone("a"))
    core.kill()
    core.start()
    writer.run(zone("a"))
    assert writer.served() == BOTH


def test_the_older_of_two_writers_is_refused(core: Valkey) -> None:
    old, new = Writer(core), Writer(core)
    old.run(zone("a"))
    new.run(zone("a"))
    with pytest.raises(Fenced, match="another publisher took over"):
        old.run(changed(zone("a"), 2, ttl=60))


@pytest.mark.parametrize("lost", ["zone", "placement", "wish"])
def test_what_increments_got_wrong_is_found_counted_and_made_anew(core: Valkey, lost: str) -> None:
    writer = Writer(core)
    placed = zone("b")
    placed["spec"]["placement"] = {"popSelector": {"matchLabels": {"region": "eu"}}}
    pop = item("Pop", "fra", {}, labels={"region": "eu"})
    writer.run(zone("a"), placed, pop)
    found: list[str] = []
    list(writer.passes.prove(lambda: found.append("one")))
    assert found == []
    passes = writer.passes
    origin = "b.example."
    if lost == "zone":
        del passes._assembler.zones[origin]
    elif lost == "placement":
        passes._desired[origin] = passes._desired[origin]._replace(pops=("elsewhere",))
    else:
        del passes._desired[origin]
    list(passes.prove(lambda: found.append("one")))
    assert found == ["one"]
    writer.work()
    assert passes._desired[origin].pops == ("fra",)
    list(passes.prove(lambda: found.append("another")))
    assert found == ["one"]


def test_a_change_overtakes_a_list_of_everything(core: Valkey) -> None:
    many = [zone(f"z{number}") for number in range(2 * MOST_ORIGINS)]
    writer = Writer(core)
    writer.list(*many)
    first = writer.passes.run(writer.observation)
    assert len(first.origins) == MOST_ORIGINS
    late = next(
        each for each in many if f"{each['metadata']['name']}.example." not in first.origins
    )
    writer.observation.put(changed(late, 2, ttl=60))
    with core.client() as client:
        assert client.get("dnsfleet:1:fleet") is None, "edges may not rely on a part"
    second = writer.passes.run(writer.observation)
    assert next(iter(second.outcomes)) == f"{late['metadata']['name']}.example."
    writer.work()
    with core.client() as client:
        assert client.get("dnsfleet:1:fleet") is not None


def test_a_signed_zone_is_gone_through_once_for_each_content(
    core: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    period = signatures.period

    def noted(content: Zone, now: float) -> Period | None:
        asked.append(content.origin)
        return period(content, now)

    monkeypatch.setattr(signatures, "period", noted)
    inline = item("Zone", "s", {"origin": ORIGIN, "zoneFile": {"inline": signed(5, 9).to_text()}})
    writer = Writer(core)
    writer.run(inline)
    results = writer.passes.results
    assert results.signed[ORIGIN].period.ends == (9, ORIGIN, "NS")
    writer.passes.mark(ORIGIN)
    writer.work()
    assert asked == [ORIGIN]

    other = {"inline": signed(5, 7, serial=2).to_text()}
    writer.run(inline := changed(inline, 2, zoneFile=other))
    assert results.signed[ORIGIN].period.ends.at == 7
    writer.run(changed(inline, 3, zoneFile={"inline": unsigned(serial=3).to_text()}))
    assert results.signed == {}


def test_the_signatures_of_an_orphan_are_watched_until_it_goes(core: Valkey) -> None:
    inline = item("Zone", "s", {"origin": ORIGIN, "zoneFile": {"inline": signed(5, 9).to_text()}})
    Writer(core).run(inline)
    writer = Writer(core)
    writer.run()
    assert set(writer.passes.results.signed) == {ORIGIN}
    writer.passes.sweep(writer.observation, 0.0)
    writer.passes.sweep(writer.observation, GRACE_SECONDS)
    writer.work()
    assert writer.served() == {}
    assert writer.passes.results.signed == {}
