"""What an operator that starts serves on although its object is broken, not understood or gone."""

from collections.abc import Callable
from typing import Any

import pytest
from dnsfleet_publisher.publishing import State
from support.valkey import Valkey
from support.zone_writers import GRACE_SECONDS, Writer, changed, item, record_set, zone

Object = dict[str, Any]

RECORDSETS = ("CustomResourceDefinition", "recordsets.dnsfleet.io")
BREAKS_THE_ZONE = [{"name": "h0", "type": "CNAME", "data": ["elsewhere"]}]
WEB = record_set("web", "www")


def answers(writer: Writer, owner: str, rtype: str = "A", origin: str = "a.example.") -> list[str]:
    """The data of an RRset as it is published."""
    published = writer.store.load(origin)
    found = None if published is None else published.get(owner, rtype)
    return [] if found is None else found[1]


def reasons(results: Any) -> list[str]:
    return [each[0].reason for each in results.violations.values()]


BROKEN: dict[str, tuple[Callable[[Object], Object], str]] = {
    "breaks the zone": (lambda it: changed(it, 2, records=BREAKS_THE_ZONE), "CNAMEAndOtherData"),
    "claims what is not its own": (
        lambda it: changed(it, 2, records=[{"name": "h0", "type": "A", "data": ["192.0.2.9"]}]),
        "NotOwner",
    ),
    "has bad data": (
        lambda it: changed(it, 2, records=[{"name": "www", "type": "A", "data": ["192.0.2"]}]),
        "BadRdata",
    ),
    "is not understood": (lambda it: changed(it, 2, fromAFutureVersion=True), "UnknownField"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_record_set_that_is_broken_at_the_start_keeps_what_it_served(
    core: Valkey, case: str
) -> None:
    broken, reason = BROKEN[case]
    Writer(core).run(zone("a"), WEB)
    for _ in range(2):  # and the start after that one
        writer = Writer(core)
        assert reasons(writer.run(zone("a"), broken(WEB))) == [reason]
        assert answers(writer, "www.a.example.") == ["192.0.2.2"]
    assert writer.run(zone("a"), changed(WEB, 3)).violations == {}
    assert writer.served() == {"a.example.": 4}
    writer.run(zone("a"))
    assert writer.served() == {"a.example.": 3}


def test_others_go_on_changing_beside_a_broken_record_set(core: Valkey) -> None:
    mail = record_set("mail", "mail")
    Writer(core).run(zone("a"), WEB, mail)
    writer = Writer(core)
    broken = changed(WEB, 2, records=BREAKS_THE_ZONE)
    moved = [{"name": "mail", "type": "A", "data": ["192.0.2.7"]}]
    writer.run(zone("a"), broken, changed(mail, 2, records=moved))
    assert answers(writer, "mail.a.example.") == ["192.0.2.7"]
    writer.run(zone("a"), broken)
    assert answers(writer, "mail.a.example.") == []
    assert answers(writer, "www.a.example.") == ["192.0.2.2"]


@pytest.mark.parametrize(
    ("rtype", "data"),
    [
        ("TXT", '"a b" "c\\"d"'),
        ("TYPE65280", "\\# 3 010203"),
        ("MX", "10 mail.elsewhere.example."),
        ("SVCB", "1 svc.example. alpn=h2"),
    ],
)
def test_any_type_is_read_back_as_it_was(core: Valkey, rtype: str, data: str) -> None:
    odd = record_set("odd", "x\\.y._tcp", rtype, data)
    Writer(core).run(zone("a"), odd)
    writer = Writer(core)
    before = writer.store.load("a.example.")
    results = writer.run(zone("a"), changed(odd, 2, records=BREAKS_THE_ZONE))
    assert results.outcomes["a.example."].state is State.UNCHANGED
    after = writer.store.load("a.example.")
    assert before is not None
    assert after is not None
    assert after.digest == before.digest


def gone(writer: Writer, kind: str) -> None:
    if kind == "namespace":
        del writer.there["Namespace", "team"]
    elif kind == "CRD":
        del writer.there[RECORDSETS]
    elif kind == "CRD made anew":
        writer.there[RECORDSETS]["metadata"]["creationTimestamp"] = "2026-05-01T00:00:00Z"


def team(writer: Writer) -> Object:
    """A namespace of a team, which the API server knows as well."""
    made = item("Namespace", "team", {}, labels={"dns": "yes"}, creationTimestamp="2025-06-01")
    del made["spec"]
    writer.there["Namespace", "team"] = made
    return made | {"apiVersion": "v1"}


def labelled_zone() -> Object:
    consent = {
        "namespaces": {"from": "Selector", "selector": {"matchLabels": {"dns": "yes"}}},
        "names": ["*"],
    }
    made = zone("a")
    return made | {"spec": made["spec"] | {"recordSets": consent}}


def of_team(name: str) -> Object:
    made = record_set(name, name)
    made["metadata"]["namespace"] = "team"
    made["spec"]["zoneRef"]["namespace"] = "dns"
    return made


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("kind", ["namespace", "CRD", "CRD made anew"])
def test_record_sets_that_go_with_their_namespace_or_crd_are_served_on(
    core: Valkey, kind: str, restarted: bool
) -> None:
    writer = Writer(core)
    namespace = team(writer)
    writer.run(labelled_zone(), namespace, of_team("web"), of_team("mail"))
    assert writer.served() == {"a.example.": 5}
    if restarted:
        writer = Writer(core)
        team(writer)
    gone(writer, kind)
    rest = [] if kind == "namespace" else [namespace]
    writer.run(labelled_zone(), *rest)
    assert writer.served() == {"a.example.": 5}

    back = changed(of_team("web"), 1, records=[{"name": "w", "type": "A", "data": ["192.0.2.3"]}])
    writer.run(labelled_zone(), namespace, back)
    assert answers(writer, "web.a.example.") == []
    assert answers(writer, "w.a.example.") == ["192.0.2.3"]
    assert answers(writer, "mail.a.example.") == ["192.0.2.2"]

    writer.passes.sweep(writer.observation, 0.0)
    writer.passes.sweep(writer.observation, GRACE_SECONDS)
    writer.run(labelled_zone(), namespace, back)
    assert writer.served() == {"a.example.": 4}


def test_whoever_claims_what_a_record_set_has_that_is_gone_is_not_sent_to_it(core: Valkey) -> None:
    writer = Writer(core)
    open_zone = zone("a")
    open_zone["spec"]["recordSets"] = {"namespaces": {"from": "All"}, "names": ["*"]}
    namespace, other = team(writer), record_set("other", "web")
    other["metadata"]["creationTimestamp"] = "2027-01-01T00:00:00Z"
    writer.run(open_zone, namespace, of_team("web"))

    def told(*there: Object) -> str:
        found = writer.run(open_zone, other, *there).violations
        return next(each[0].message for ref, each in found.items() if ref.name == "other")

    unread = changed(of_team("web"), 2, fromAFutureVersion=True)
    owner = "web.a.example. A belongs to RecordSet team/web"
    assert told(namespace, unread) == f"{owner}; remove it here or there"
    gone(writer, "namespace")
    assert told().startswith(f"{owner}, which is gone: ")
    assert answers(writer, "web.a.example.") == ["192.0.2.2"]
    writer.passes.sweep(writer.observation, 0.0)
    writer.passes.sweep(writer.observation, GRACE_SECONDS)
    assert writer.run(open_zone, other).violations == {}


@pytest.mark.parametrize("restarted", [False, True])
def test_a_record_set_that_was_deleted_for_its_own_sake_goes(core: Valkey, restarted: bool) -> None:
    writer = Writer(core)
    writer.run(zone("a"), WEB)
    if restarted:
        writer = Writer(core)
    writer.run(zone("a"))
    assert writer.served() == {"a.example.": 3}


@pytest.mark.parametrize("count", [1, 2], ids=["one is asked for", "many are listed"])
def test_a_record_set_that_was_made_again_meanwhile_is_not_gone(core: Valkey, count: int) -> None:
    record_sets = [record_set(f"web{number}", f"www{number}") for number in range(count)]
    writer = Writer(core)
    writer.run(zone("a"), *record_sets)
    writer.cluster.again = record_sets
    writer.run(zone("a"))
    assert writer.served() == {"a.example.": 3 + count}


def test_a_consent_that_was_withdrawn_while_no_operator_ran_counts(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(labelled_zone(), team(writer), of_team("web"))
    writer = Writer(core)
    results = writer.run(zone("a"), team(writer), of_team("web"))
    assert reasons(results) == ["NotAllowedByZone"]
    assert writer.served() == {"a.example.": 3}


def test_a_record_set_that_moves_to_another_zone_leaves_nothing_behind(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(zone("a"), zone("b"), WEB)
    moved = changed(WEB, 2, zoneRef={"name": "b"})
    writer.run(zone("a"), zone("b"), moved)
    assert writer.served() == {"a.example.": 3, "b.example.": 4}
    writer = Writer(core)
    writer.run(zone("a"), zone("b"), changed(moved, 3, fromAFutureVersion=True))
    assert writer.served() == {"a.example.": 3, "b.example.": 4}


FILE = "@ SOA ns1.example.net. h. 1 7200 900 1209600 300\n@ NS ns1.example.net.\nh0 A 192.0.2.1\n"


def file_zone(**source: Any) -> Object:
    spec = {"origin": "a.example", "zoneFile": source}
    return item("Zone", "a", spec)


def config_map(text: str) -> Object:
    made = item("ConfigMap", "file", {}) | {"apiVersion": "v1", "data": {"zone": text}}
    del made["spec"]
    return made


@pytest.mark.parametrize("text", ["nonsense", None], ids=["broken", "missing"])
def test_a_config_map_that_is_broken_or_missing_at_the_start_keeps_its_zone(
    core: Valkey, text: str | None
) -> None:
    file = file_zone(configMaps=[{"name": "file", "key": "zone"}])
    writer = Writer(core)
    writer.observation.put(config_map(FILE))
    assert writer.run(file, WEB).violations == {}
    writer = Writer(core)
    if text is not None:
        writer.observation.put(config_map(text))
    results = writer.run(file, WEB)
    assert len(results.violations) == 1
    assert {str(reference) for reference in results.frozen} == {"Zone dns/a"}
    assert writer.served() == {"a.example.": 4}
    writer.observation.put(config_map(FILE))
    assert not writer.run(file, WEB).frozen


def test_what_waited_for_a_zone_file_waits_for_the_core_as_well(core: Valkey) -> None:
    file = file_zone(configMaps=[{"name": "file", "key": "zone"}])
    first = Writer(core)
    first.observation.put(config_map(FILE))
    assert first.run(file, WEB).violations == {}
    writer = Writer(core)
    writer.observation.put(config_map("nonsense"))
    moved = changed(WEB, 2, records=[{"name": "w", "type": "A", "data": ["192.0.2.3"]}])
    assert writer.run(file, moved).frozen
    core.kill()
    writer.observation.put(config_map(FILE))
    writer.run(file, moved)
    for reference in writer.passes.results.members["a.example."]:
        outcome = writer.passes.results.outcome("a.example.", reference)
        assert outcome is not None
        assert (reference.kind, outcome.reason) == (reference.kind, "StoreUnavailable")


def test_an_inline_file_that_is_broken_at_the_start_keeps_its_zone(core: Valkey) -> None:
    file = file_zone(inline=FILE)
    Writer(core).run(file, WEB)
    writer = Writer(core)
    writer.run(changed(file, 2, zoneFile={"inline": "nonsense"}), WEB)
    assert writer.served() == {"a.example.": 4}


def test_a_zone_that_is_not_understood_holds_its_origin(core: Valkey) -> None:
    own = zone("a")
    Writer(core).run(own, WEB)
    younger = zone("a", hosts=9, namespace="shop", creationTimestamp="2026-02-01T00:00:00Z")
    below = item(
        "Zone",
        "below",
        {"origin": "b.a.example", "nameServers": ["ns1.example.net"]},
        namespace="shop",
        creationTimestamp="2026-02-01T00:00:00Z",
    )
    writer = Writer(core)
    results = writer.run(changed(own, 2, fromAFutureVersion=True), WEB, younger, below)
    assert sorted(reasons(results)) == ["NotAllowedByZone", "UnknownField", "ZoneInUse"]
    assert writer.served() == {"a.example.": 4}


def test_a_core_that_lost_everything_has_the_claims_again(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(zone("a"), WEB)
    core.kill()
    core.start()
    writer.run(zone("a"), WEB)
    writer = Writer(core)
    writer.run(zone("a"), changed(WEB, 2, records=BREAKS_THE_ZONE))
    assert writer.served() == {"a.example.": 4}


def test_a_removed_zone_takes_its_claims_along(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(zone("a"), zone("b"), WEB)
    known = writer.observation.of_kind("Zone")
    (reference,) = [each for each in known if each.name == "a"]
    writer.passes.deleted(reference, known[reference])
    writer.run(zone("b"), WEB)
    assert writer.served() == {"b.example.": 3}
    assert list(writer.store.core.claims()) == [{}]


CHALLENGE = "_acme-challenge"


def certificate(name: str, value: str, **metadata: str) -> Object:
    """What validates one certificate."""
    made = record_set(name, CHALLENGE, "TXT", value)
    made["metadata"] |= metadata
    return made


def test_two_certificates_are_validated_at_once_and_each_takes_only_its_value_along(
    core: Valkey,
) -> None:
    one, two = certificate("one", "first"), certificate("two", "second")
    writer = Writer(core)
    assert writer.run(zone("a"), one, two).violations == {}
    assert answers(writer, CHALLENGE, "TXT") == ['"first"', '"second"']
    (shared,) = writer.passes.results.shared["a.example."]
    assert [(value, [each.name for each in whose]) for value, whose in shared.values] == [
        ('"first"', ["one"]),
        ('"second"', ["two"]),
    ]
    writer.run(zone("a"), two)
    assert answers(writer, CHALLENGE, "TXT") == ['"second"']
    assert writer.passes.results.shared == {}


def test_one_that_is_broken_at_the_start_keeps_its_own_values_alone(core: Valkey) -> None:
    one, two = certificate("one", "first"), certificate("two", "second")
    Writer(core).run(zone("a"), one, two)
    for _ in range(2):
        writer = Writer(core)
        writer.run(zone("a"), changed(one, 2, records=BREAKS_THE_ZONE), two)
        assert answers(writer, CHALLENGE, "TXT") == ['"first"', '"second"']
    writer.run(zone("a"), changed(one, 2, records=BREAKS_THE_ZONE))
    assert answers(writer, CHALLENGE, "TXT") == ['"first"']


def test_a_neighbour_validates_nothing(core: Valkey) -> None:
    spec = zone("a")["spec"] | {"recordSets": {"namespaces": {"from": "All"}, "merge": ["TXT"]}}
    open_to_all = zone("a") | {"spec": spec}
    theirs = certificate("theirs", "stolen", namespace="team", creationTimestamp="2026-02-01")
    theirs["spec"]["zoneRef"]["namespace"] = "dns"
    writer = Writer(core)
    found = writer.run(open_to_all, certificate("one", "first"), theirs)
    assert reasons(found) == ["NotOwner"]
    assert answers(writer, CHALLENGE, "TXT") == ['"first"']
