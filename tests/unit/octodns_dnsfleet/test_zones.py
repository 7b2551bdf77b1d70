"""What a Zone is seen to take, beside what the operator then decides."""

from typing import Any

import pytest
from dnsfleet.resources import RecordSet, Zone
from dnsfleet.zones import ownership
from octodns_dnsfleet import zones
from octodns_dnsfleet.errors import DnsfleetError

Object = dict[str, Any]


def zone(name: str = "example-com", origin: str = "example.com", **more: Any) -> Object:
    spec = {"origin": origin, "nameServers": ["ns1.example.net"], **more}
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": {"name": name, "namespace": "dns"},
        "spec": spec,
    }


def record_set(name: str, *records: tuple[str, str], namespace: str = "dns") -> Object:
    data = {"A": "192.0.2.1", "TXT": "x"}
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "RecordSet",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "zoneRef": {"name": "example-com", "namespace": "dns"},
            "records": [
                {"name": owner, "type": rtype, "data": [data.get(rtype, "x.example.")]}
                for owner, rtype in records
            ],
        },
    }


def judged(found: Object, accepted: str) -> Object:
    return found | {"status": {"conditions": [{"type": "Accepted", "status": accepted}]}}


CONSENTS = [
    {},
    {"types": ["A", "NS"]},
    {"types": ["A", "CNAME"], "names": ["www", "*.dev", "@"]},
    {"names": ["*.example.com."], "namespaces": {"from": "All"}},
    {"names": ["dev.example.com.", "WWW"], "namespaces": {"from": "All"}},
]
CLAIMS = [
    ("@", "TXT"),
    ("www", "A"),
    ("www", "CNAME"),
    ("dev", "A"),
    ("a.dev", "A"),
    ("sub", "NS"),
    ("sub", "DNAME"),
]


@pytest.mark.parametrize("consent", CONSENTS)
@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("namespace", ["dns", "shop"])
def test_the_consent_is_read_as_the_operator_reads_it(
    consent: Object, claim: tuple[str, str], namespace: str
) -> None:
    found = zone(recordSets=consent)
    wanted = record_set("r", claim, namespace=namespace)
    reasons = {
        each.reason
        for each in ownership.admit(
            Zone.model_validate(found), [RecordSet.model_validate(wanted)], {}
        ).violations
    }
    owner = "example.com." if claim[0] == "@" else f"{claim[0]}.example.com."
    told = zones.without_consent(found, (owner, claim[1]), namespace)
    assert (told is not None) == ("NotAllowedByZone" in reasons), (told, reasons)


def test_a_selector_is_left_to_the_operator() -> None:
    selector = {"from": "Selector", "selector": {"matchLabels": {"dns": "yes"}}}
    found = zone(recordSets={"namespaces": selector})
    assert zones.without_consent(found, ("www.example.com.", "A"), "shop") is None


def test_what_others_have_is_taken_and_what_is_shared_is_not() -> None:
    others = [
        judged(record_set("a", ("www", "A"), ("_acme-challenge", "TXT")), "True"),
        judged(record_set("b", ("refused", "A")), "False"),
        record_set("c", ("new", "A"), ("note", "TXT")),
    ]
    elsewhere = record_set("d", ("elsewhere", "A"))
    elsewhere["spec"]["zoneRef"]["name"] = "another"
    found = zone(records=[{"name": "@", "type": "MX", "data": ["10 mail"]}])
    assert zones.taken(found, [*others, elsewhere]) == {
        ("www.example.com.", "A"): "RecordSet dns/a",
        ("new.example.com.", "A"): "RecordSet dns/c",
        ("note.example.com.", "TXT"): "RecordSet dns/c",
        ("example.com.", "MX"): "Zone dns/example-com",
    }
    merged = zone(recordSets={"merge": ["TXT"]})
    assert ("note.example.com.", "TXT") not in zones.taken(merged, others)


def test_the_zone_is_the_one_with_the_origin() -> None:
    found = [zone(), zone("idn", "bücher.Example."), zone("twin", "twin.example")]
    assert zones.owner_of("example.com.", found, "dns") is found[0]
    assert zones.owner_of("xn--bcher-kva.example.", found, "dns") is found[1]
    with pytest.raises(DnsfleetError, match=r"no Zone in namespace dns has the origin none\.test;"):
        zones.owner_of("none.test.", found, "dns")
    younger = zone("younger", "twin.example")
    with pytest.raises(DnsfleetError, match=r"several Zones .* twin, younger; remove all but one"):
        zones.owner_of("twin.example.", [*found, younger], "dns")
    verdicts = [judged(found[2], "True"), judged(younger, "False")]
    assert zones.owner_of("twin.example.", verdicts, "dns") is verdicts[0]


def test_what_is_no_name_is_in_nobodys_way() -> None:
    """The operator refuses it, and the API server takes it before."""
    neighbours = zones.well_named([zone("snow", "☃.example"), zone()])
    assert zones.owner_of("example.com.", neighbours, "dns") == zone()
    theirs = [record_set("theirs", ("bücher_", "A"), ("www", "A"))]
    assert zones.taken(zone(), theirs) == {("www.example.com.", "A"): "RecordSet dns/theirs"}
    consent = {"names": ["☃", "www"]}
    for name, allowed in (("www", True), ("mail", False)):
        key = (f"{name}.example.com.", "A")
        assert (zones.without_consent(zone(recordSets=consent), key, "dns") is None) == allowed


def test_the_ttl_is_that_of_the_zone_or_its_class() -> None:
    by_class = zone() | {"status": {"zoneClass": {"name": "teams", "ttl": 600}}}
    assert zones.default_ttl(zone()) == 300
    assert zones.default_ttl(zone(ttl=60)) == 60
    assert zones.default_ttl(by_class) == 600
