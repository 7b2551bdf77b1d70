"""What a single object may say, and what its defaults are."""

import pytest
from dnsfleet import resources
from dnsfleet.resources import LabelSelector
from support import yaml_resources

SELECTORS = [
    ({}, {"region": "eu"}, True),
    ({"matchLabels": {"region": "eu"}}, {"region": "eu", "tier": "1"}, True),
    ({"matchLabels": {"region": "eu"}}, {}, False),
    (
        {"matchExpressions": [{"key": "a", "operator": "In", "values": ["x", "y"]}]},
        {"a": "y"},
        True,
    ),
    ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["x"]}]}, {}, False),
    ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["x"]}]}, {}, True),
    ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["x"]}]}, {"a": "x"}, False),
    ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, {"a": ""}, True),
    ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, {"a": ""}, False),
    (
        {"matchLabels": {"b": "1"}, "matchExpressions": [{"key": "a", "operator": "Exists"}]},
        {"a": "1"},
        False,
    ),
]


@pytest.mark.parametrize(("selector", "labels", "expected"), SELECTORS)
def test_selectors(selector: dict[str, object], labels: dict[str, str], expected: bool) -> None:
    assert LabelSelector.model_validate(selector).matches(labels) is expected


def test_defaults_live_in_code() -> None:
    pop = yaml_resources.pop()
    assert (pop.spec.state, pop.spec.cluster, pop.spec.edge.replicas) == ("Active", "local", 2)
    zone = yaml_resources.zone()
    assert (zone.spec.ttl, zone.spec.protect, zone.origin) == (300, False, "example.com.")
    assert zone.spec.record_sets.namespaces.from_ == "Same"


def test_whole_numbers_are_quantities() -> None:
    pop = yaml_resources.pop("{edge: {resources: {limits: {cpu: 1, memory: 64Mi}}}}")
    assert pop.spec.edge.resources.limits == {"cpu": "1", "memory": "64Mi"}


def test_metadata_and_status_of_newer_servers_are_read() -> None:
    raw = yaml_resources.pop(name="fra").model_dump(exclude_none=True)
    raw["metadata"] |= {"managedFields": [{}], "selfLink": "/x"}
    raw["status"] = {"observedGeneration": 3, "somethingNew": 1}
    found, violations = resources.parse(raw, "Pop fra")
    assert violations == []
    assert found is not None


def test_a_dumped_object_is_read_again() -> None:
    zone = yaml_resources.zone("{recordSets: {namespaces: {from: All}}, soa: {retry: 60}}")
    found, violations = resources.parse(zone.model_dump(exclude_none=True), "")
    assert (found, violations) == (zone, [])


SOURCE = "{transfer: {primaries: [{address: 192.0.2.1}], tsigKey: {name: k}}}"
FAULTS = [
    ("{origin: example..com}", "spec.origin", '"example..com" has an empty label'),
    (
        "{nameServers: [ns1]}",
        "spec.nameServers[0]",
        '"ns1" has only one label',
    ),
    ("{nameServers: null, soa: {}, zoneFile: {path: a}}", "spec.soa", "give nameServers too"),
    (
        "{soa: {rname: a@b.c}}",
        "spec.soa.rname",
        "write a dot in its place: a.b.c",
    ),
    ("{records: [], zoneFile: {path: a}}", "spec", "found records and zoneFile; give one of them"),
    (
        f"{{records: [], source: {SOURCE}}}",
        "spec",
        "found records and source; give one of them",
    ),
    (f"{{source: {SOURCE}, soa: {{}}}}", "spec.soa", "its primaries say this; remove it here"),
    (f"{{source: {SOURCE}}}", "spec.nameServers", "its primaries say this; remove it here"),
    (
        f"{{nameServers: null, source: {SOURCE.replace('192.0.2.1', 'ns1.example.net')}}}",
        "spec.source.transfer.primaries[0].address",
        '"ns1.example.net" is not an IP address',
    ),
    (
        "{nameServers: null, source: {transfer: {tsigKey: {name: k}, primaries: "
        "[{address: '2001:db8::1'}, {address: '2001:DB8:0::1', port: 53}]}}}",
        "spec.source.transfer.primaries[1]",
        "this one is in the list already; remove it",
    ),
    (
        "{zoneFile: {}}",
        "spec.zoneFile",
        "found none; give exactly one of inline",
    ),
    (
        "{zoneFile: {path: a, inline: b}}",
        "spec.zoneFile",
        "found inline and path",
    ),
    ("{zoneFile: {url: 'https://a/b'}}", "spec.zoneFile", "give url and sha256 together"),
    ("{zoneFile: {url: 'http://a/b'}}", "spec.zoneFile.url", "does not fit the pattern ^https://"),
    ("{records: [{name: a, type: SOA, data: [x]}]}", "spec.records[0]", "write it in spec.soa"),
    ("{records: [{name: '@', type: NS, data: [x]}]}", "spec.records[0]", "write spec.nameServers"),
    (
        "{records: [{name: a, type: A, data: [x]}, {name: A, type: A, data: [y]}]}",
        "spec.records[1]",
        "A A is already records[0], spelled a A; put all of its data there",
    ),
    (
        "{records: [{name: a, type: A, data: [x]}, {name: a, type: A, data: [y]}]}",
        "spec.records[1]",
        "a A is already records[0]; put all of its data there",
    ),
    (
        "{records: [{name: a, type: A, data: [x]}, {name: a, type: TYPE001, data: [y]}]}",
        "spec.records[1]",
        "a TYPE001 is already records[0], spelled a A; put all of its data there",
    ),
    (
        r"{records: [{name: a.b., type: A, data: [x]}, {name: '\097.\B.', type: A, data: [y]}]}",
        "spec.records[1]",
        r"\097.\B. A is already records[0], spelled a.b. A; put all of its data there",
    ),
    ("{records: [{name: a, type: A, data: []}]}", "spec.records[0].data", "found it empty"),
    ('{records: [{name: a, type: A, data: ["a\\nb"]}]}', "spec.records[0].data[0]", "a line break"),
    (
        "{recordSets: {namespaces: {from: Selector}}}",
        "spec.recordSets.namespaces",
        "give selector with from: Selector, and only then",
    ),
    ("{recordSets: {names: ['a..b']}}", "spec.recordSets.names[0]", "has an empty label"),
    (
        "{placement: {popSelector: {matchExpressions: [{key: a, operator: In}]}}}",
        "spec.placement.popSelector.matchExpressions[0]",
        "operator In needs at least one value",
    ),
]


@pytest.mark.parametrize(("spec", "field", "message"), FAULTS)
def test_faults_of_a_zone(spec: str, field: str, message: str) -> None:
    raw = yaml_resources.zone().model_dump(exclude_none=True)
    raw["spec"] |= yaml_resources.fields(spec)
    found, violations = resources.parse(raw, "zone")
    assert found is None
    assert [violation.where for violation in violations] == [f"zone: {field}"]
    assert message in violations[0].message


def test_the_edges_of_a_pop_keep_zones_in_one_place() -> None:
    raw = yaml_resources.pop().model_dump(exclude_none=True)
    raw["spec"]["edge"] = {"cacheHostPath": "/cache", "cacheClaimName": "zones"}
    _, (violation,) = resources.parse(raw, "pop")
    assert violation.where == "pop: spec.edge"
    assert "found cacheHostPath and cacheClaimName; give one of them" in violation.message


def test_a_pop_may_have_a_field_that_went() -> None:
    assert yaml_resources.pop("{replica: {storage: 1Gi}}").spec.replica.storage == "1Gi"


POP_FAULTS = [
    (
        "{edge: {exposure: HostNetwork}}",
        "spec.edge.nodeSelector",
        "HostNetwork takes port 53 of nodes: give nodeSelector",
    ),
    (
        "{edge: {hostPrefixes: [192.0.2.0/24]}}",
        "spec.edge.hostPrefixes",
        "with exposure: HostNetwork only",
    ),
    (
        "{edge: {exposure: HostNetwork, nodeSelector: {dns: ''}, hostPrefixes: [192.0.2.1/24]}}",
        "spec.edge.hostPrefixes[0]",
        "is not an address prefix",
    ),
    ("{edge: {drainSeconds: 301}}", "spec.edge.drainSeconds", "301"),
    ("{service: {ipFamilies: [IPv4, IPv4]}}", "spec.service.ipFamilies", "one family twice"),
    (
        "{service: {ipFamilies: [IPv6, IPv4], ipFamilyPolicy: SingleStack}}",
        "spec.service.ipFamilies",
        "SingleStack takes one family",
    ),
    (
        "{service: {type: NodePort, loadBalancerIP: 192.0.2.1}}",
        "spec.service.loadBalancerIP",
        "with type: LoadBalancer only",
    ),
    ("{service: {loadBalancerIP: ns1}}", "spec.service.loadBalancerIP", "'ns1' is not an IP"),
]


@pytest.mark.parametrize(("spec", "field", "message"), POP_FAULTS)
def test_faults_of_a_pop(spec: str, field: str, message: str) -> None:
    raw = yaml_resources.pop().model_dump(exclude_none=True)
    raw["spec"] = yaml_resources.fields(spec)
    found, violations = resources.parse(raw, "pop")
    assert found is None
    assert [violation.where for violation in violations] == [f"pop: {field}"]
    assert message in violations[0].message


def test_a_pop_on_port_53_of_nodes() -> None:
    pop = yaml_resources.pop(
        "{edge: {exposure: HostNetwork, nodeSelector: {dns: ''}, drainSeconds: 5,"
        " hostPrefixes: ['2001:DB8::/32']}, service: {ipFamilies: [IPv6]}}"
    )
    edge = pop.spec.edge
    assert (edge.exposure, edge.host_prefixes) == ("HostNetwork", ("2001:db8::/32",))
    assert pop.spec.service.ip_families == ("IPv6",)
    assert yaml_resources.pop().spec.edge.exposure == "Service"


def test_limits_on_records() -> None:
    raw = yaml_resources.zone().model_dump(exclude_none=True)
    raw["spec"]["records"] = [
        {"name": f"n{number}", "type": "A", "data": ["192.0.2.1"]} for number in range(501)
    ]
    _, (violation,) = resources.parse(raw, "zone")
    assert violation.message == "found 501 entries, at most 500 are allowed"
