"""octoDNS with a real API server: what is planned is what happens, and nobody else's is touched."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, config
from kubernetes.config import incluster_config, kube_config
from octodns.provider import SupportsException
from octodns.provider.plan import Plan
from octodns.record import Record
from octodns.zone import Zone
from octodns_dnsfleet import DnsfleetProvider, layout
from octodns_dnsfleet.cluster import Cluster
from octodns_dnsfleet.errors import ChangedSincePlanError, DnsfleetError
from octodns_dnsfleet.record_sets import PROVIDER_LABEL
from octodns_dnsfleet.values import TYPES
from support.kube_api_servers import TOKEN, KubeAPIServer, kube_api_server
from support.octodns_runs import NOTHING, OctodnsRun

Object = dict[str, Any]
Rows = dict[tuple[str, str], Object]

START_SECONDS = 1800
"""The first run compiles Kubernetes (about 10 minutes)."""
GROUP = ("dnsfleet.io", "v1alpha1")
STEPS = 40
SEED = 20261130

pytestmark = pytest.mark.timeout(START_SECONDS)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubeAPIServer]:
    with kube_api_server(tmp_path_factory.mktemp("api")) as server:
        yield server


@dataclass
class Place:
    """A namespace of its own, with a Zone of example.com."""

    namespace: str
    kubeconfig: Path
    objects: Any
    """The client of Kubernetes, with which people write."""

    def provider(self, name: str = "main", **options: Any) -> DnsfleetProvider:
        return DnsfleetProvider(
            name, **{"namespace": self.namespace, "wait": 0, "strict_supports": True} | options,
            kubeconfig=str(self.kubeconfig),
        )  # fmt: skip

    def create(self, plural: str, name: str, spec: Object, namespace: str = "") -> Object:
        kind = {"zones": "Zone", "recordsets": "RecordSet"}[plural]
        body = {"apiVersion": "/".join(GROUP), "kind": kind, "metadata": {"name": name}}
        made: Object = self.objects.create_namespaced_custom_object(
            *GROUP, namespace or self.namespace, plural, {**body, "spec": spec}
        )
        return made

    def all(self, plural: str = "recordsets", namespace: str = "") -> dict[str, Object]:
        found = self.objects.list_namespaced_custom_object(
            *GROUP, namespace or self.namespace, plural
        )
        return {each["metadata"]["name"]: each for each in found["items"]}

    def patch(self, plural: str, name: str, patch: Object, **options: Any) -> None:
        self.objects.patch_namespaced_custom_object(
            *GROUP, self.namespace, plural, name, patch,
            _content_type="application/merge-patch+json", **options,
        )  # fmt: skip

    def own(self, provider: str = "main") -> dict[str, Object]:
        return {
            name: each
            for name, each in self.all().items()
            if each["metadata"].get("labels", {}).get(PROVIDER_LABEL) == provider
        }

    def rows(self, provider: str = "main") -> Rows:
        """The RRsets in the RecordSets of a provider."""
        own = self.own(provider).values()
        items = [item for each in own for item in each["spec"]["records"]]
        rows = {(item["name"], item["type"]): item for item in items}
        assert len(rows) == len(items)
        return rows


@pytest.fixture
def place(api: KubeAPIServer, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    namespace = request.node.name.replace("_", "-").partition("[")[0][:60].rstrip("-")
    kubeconfig = api.kubeconfig(tmp_path / "kubeconfig")
    configuration = client.Configuration()
    config.load_kube_config(str(kubeconfig), client_configuration=configuration)
    with client.ApiClient(configuration) as connection:
        connection.user_agent = "people"
        core = client.CoreV1Api(connection)
        try:
            core.create_namespace({"metadata": {"name": namespace}})
        except client.ApiException as error:
            assert error.status == 409
        made = Place(namespace, kubeconfig, client.CustomObjectsApi(connection))
        for plural in ("recordsets", "zones"):
            made.objects.delete_collection_namespaced_custom_object(*GROUP, namespace, plural)
        everything = {"types": sorted(TYPES - {"DNAME"})}
        spec = {
            "origin": "example.com",
            "nameServers": ["ns1.example.net"],
            "records": [{"name": "zone", "type": "A", "data": ["192.0.2.1"]}],
            "recordSets": everything,
        }
        made.create("zones", "example-com", spec)
        yield made


def desired(records: dict[tuple[str, str], Object]) -> Any:
    zone = Zone("example.com.", [])
    for (name, rtype), data in records.items():
        zone.add_record(Record.new(zone, name, {"ttl": 300, "type": rtype, **data}, lenient=True))
    return zone


def synced(provider: DnsfleetProvider, records: dict[tuple[str, str], Object]) -> Plan | None:
    """Plan and apply; the plan, None where it is empty."""
    plan = provider.plan(desired(records))
    if plan is not None:
        provider.apply(plan)
    return plan


def a(*addresses: str) -> Object:
    return {"values": [*addresses]}


def numbered(count: int) -> dict[tuple[str, str], Object]:
    return {(f"h{number}", "A"): a("192.0.2.1") for number in range(count)}


EVERYTHING = {
    "": [
        {"type": "A", "values": ["192.0.2.1", "192.0.2.2"]},
        {"type": "AAAA", "value": "2001:db8::1"},
        {"type": "CAA", "value": {"flags": 0, "tag": "issue", "value": "ca.example; a=b"}},
        {"type": "HTTPS", "value": {"svcpriority": 1, "targetname": "."}},
        {"type": "MX", "values": [{"preference": 10, "exchange": "mail.example.com."}]},
        {"type": "TXT", "values": ["v=spf1 mx -all", "a\\;b " + 'say "hi" ' * 60]},
    ],
    "*.dev": {"type": "CNAME", "value": "www.example.com."},
    "_443._tcp.www": {
        "type": "TLSA",
        "value": {
            "certificate_usage": 3,
            "selector": 1,
            "matching_type": 1,
            "certificate_association_data": "ab" * 32,
        },
    },
    "_sip._tcp": {
        "type": "SRV",
        "value": {"priority": 1, "weight": 2, "port": 5060, "target": "sip.example.com."},
    },
    "bücher": {"type": "A", "ttl": 60, "value": "192.0.2.3"},
    "ptr": {"type": "PTR", "values": ["a.example.com.", "b.example.com."]},
    "sub": [
        {
            "type": "DS",
            "value": {"key_tag": 1, "algorithm": 13, "digest_type": 2, "digest": "cd" * 32},
        },
        {"type": "NS", "values": ["ns1.example.net.", "ns2.example.net."]},
    ],
    "svcb": {
        "type": "SVCB",
        "value": {
            "svcpriority": 1,
            "targetname": "www.example.com.",
            "svcparams": {"alpn": ["h2", "h3"], "port": 443, "ipv4hint": ["192.0.2.1"]},
        },
    },
}


def test_a_sync_is_stored_and_the_next_plan_is_empty(place: Place, tmp_path: Path) -> None:
    run = OctodnsRun(tmp_path / "run", place.kubeconfig, namespace=place.namespace, wait=0)
    run.write("example.com.", EVERYTHING)
    planned = run.sync()
    assert "Creates=14, Updates=0, Deletes=0, Existing=0" in planned
    assert not place.own()
    assert "Creates=14" in run.sync("--doit")
    assert NOTHING in run.sync("--doit")
    (only,) = place.own().values()
    assert only["metadata"]["labels"] == {
        "app.kubernetes.io/managed-by": "octodns",
        "dnsfleet.io/octodns-provider": "main",
        "dnsfleet.io/octodns-zone": "example-com",
    }
    assert only["metadata"]["name"].startswith("octodns-main-example-com-")
    (written,) = only["metadata"]["managedFields"]
    assert (written["manager"], written["operation"]) == ("octodns-main", "Update")
    assert only["spec"]["zoneRef"] == {"name": "example-com"}
    assert place.rows()[("xn--bcher-kva", "A")]["ttl"] == 60
    run.write("example.com.", {key: each for key, each in EVERYTHING.items() if key != "ptr"})
    assert "Creates=0, Updates=0, Deletes=1, Existing=14" in run.sync("--doit")
    assert NOTHING in run.sync()


def test_it_is_a_source_of_what_it_wrote(place: Place, tmp_path: Path) -> None:
    run = OctodnsRun(tmp_path / "run", place.kubeconfig, namespace=place.namespace, wait=0)
    run.write("example.com.", EVERYTHING)
    run.sync("--doit")
    done = run.run(
        "octodns-dump", "--config-file=octodns.yaml", "--output-dir=out", "example.com.", "main"
    )
    assert done.returncode == 0, done.stdout
    dumped = yaml.safe_load((tmp_path / "run" / "out" / "example.com.yaml").read_text())
    run.write("example.com.", dumped)
    assert NOTHING in run.sync()
    assert place.provider().list_zones() == ["example.com."]


def test_several_zones_are_synced_side_by_side(place: Place, tmp_path: Path) -> None:
    run = OctodnsRun(tmp_path / "run", place.kubeconfig, namespace=place.namespace, wait=0)
    origins = [f"zone-{number}.example" for number in range(12)]
    for origin in origins:
        name = origin.replace(".", "-")
        place.create("zones", name, {"origin": origin, "nameServers": ["ns1.example.net"]})
        run.write(f"{origin}.", {"www": {"type": "A", "value": "192.0.2.1"}})
    run.sync("--doit")
    zones = {each["spec"]["zoneRef"]["name"] for each in place.own().values()}
    assert zones == {origin.replace(".", "-") for origin in origins}
    assert NOTHING in run.sync()


def test_a_plan_reads_the_record_sets_of_its_zone_and_of_others(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With hundreds of zones, reading all for each of them takes minutes."""
    provider = place.provider()
    for number in range(3):
        origin = f"zone-{number}.example"
        spec = {"origin": origin, "nameServers": ["ns1.example.net"]}
        place.create("zones", f"zone-{number}", spec)
        zone = Zone(f"{origin}.", [])
        zone.add_record(Record.new(zone, "www", {"ttl": 300, "type": "A", "value": "192.0.2.1"}))
        provider.apply(provider.plan(zone))
    theirs = [{"name": "theirs", "type": "A", "data": ["192.0.2.9"]}]
    place.create("recordsets", "theirs", {"zoneRef": {"name": "example-com"}, "records": theirs})
    read, listed = set(), Cluster.record_sets

    def noted(*arguments: Any) -> list[Object]:
        found = listed(*arguments)
        read.update(each["metadata"]["name"] for each in found)
        return found

    monkeypatch.setattr(Cluster, "record_sets", noted)
    assert provider.plan(desired(numbered(1))) is not None
    assert read == {"theirs"}


def test_without_an_operator_the_records_are_stored_and_it_is_told(
    place: Place, tmp_path: Path
) -> None:
    run = OctodnsRun(tmp_path / "run", place.kubeconfig, namespace=place.namespace, wait=1)
    run.write("example.com.", {"www": {"type": "A", "value": "192.0.2.1"}})
    said = run.sync("--doit")
    assert "stored, but after 1 s the operator said nothing to RecordSet octodns-main-" in said
    assert NOTHING in run.sync()


def test_what_happens_is_what_was_planned(place: Place) -> None:
    """A walk through random states: each apply changes what its plan says, and others nothing."""
    chance = random.Random(SEED)
    spec = {"zoneRef": {"name": "example-com"}}
    theirs = [{"name": "theirs", "type": "A", "data": ["192.0.2.9"]}]
    place.create("recordsets", "theirs", {**spec, "records": theirs})
    other = place.provider("other")
    synced(other, {("other", "A"): a("192.0.2.8")})
    provider = place.provider()
    untouched = place.all() | place.all("zones")
    for _ in range(STEPS):
        size = chance.choice([0, 1, 5, 30, 150])
        records = {
            (f"h{chance.randrange(120)}", chance.choice(["A", "AAAA", "TXT"])): {}
            for _ in range(size)
        }
        for _, rtype in records:
            values = {"A": "192.0.2.", "AAAA": "2001:db8::", "TXT": "text "}
            data = [values[rtype] + str(chance.randrange(3)) for _ in range(2)]
            records |= {key: {"values": sorted({*data})} for key in records if key[1] == rtype}
        before = place.rows()
        plan = synced(provider, records)
        expected = dict(before)
        for change in plan.changes if plan else ():
            key = (change.record.name, change.record._type)
            expected.pop(key, None)
            if change.new is not None:
                data = change.new.to_rrset().rdatas
                expected[key] = {"name": key[0], "type": key[1], "ttl": 300, "data": data}
        assert place.rows() == expected
        assert place.rows().keys() == records.keys()
        assert provider.plan(desired(records)) is None
        now = place.all() | place.all("zones")
        assert {name: now[name] for name in untouched} == untouched


def test_a_large_zone_is_in_several_and_one_change_writes_one(place: Place) -> None:
    provider, records = place.provider(), numbered(1000)
    synced(provider, records)
    before = place.own()
    assert len(before) == -(-1000 // layout.NEW_RRSETS)
    synced(provider, records | {("h500", "A"): a("192.0.2.2")})
    after = place.own()
    assert before.keys() == after.keys()
    assert sum(before[name] != after[name] for name in before) == 1


def test_labels_and_annotations_of_people_stay(place: Place) -> None:
    provider = place.provider()
    synced(provider, numbered(2))
    (name,) = place.own()
    mine = {"labels": {"team": "web"}, "annotations": {"dnsfleet.io/approve": "5e3f0c9a1b7d2846"}}
    place.patch("recordsets", name, {"metadata": mine})
    synced(provider, numbered(3))
    metadata = place.own()[name]["metadata"]
    assert metadata["labels"]["team"] == "web"
    assert metadata["annotations"] == mine["annotations"]


def test_what_somebody_puts_into_its_record_set_is_planned_away(place: Place) -> None:
    provider, records = place.provider(), numbered(2)
    synced(provider, records)
    (name,) = place.own()
    edited = place.own()[name]["spec"]["records"]
    edited[0]["data"] = ["198.51.100.1"]
    edited.append({"name": "extra", "type": "A", "data": ["198.51.100.2"]})
    place.patch("recordsets", name, {"spec": {"records": edited}}, field_manager="people")
    plan = synced(provider, records)
    assert plan is not None
    assert (plan.change_counts["Update"], plan.change_counts["Delete"]) == (1, 1)
    assert place.rows().keys() == {("h0", "A"), ("h1", "A")}
    assert provider.plan(desired(records)) is None


def test_a_restored_copy_is_taken_over(place: Place) -> None:
    """A backup makes the objects anew, and every field is its own then."""
    provider, records = place.provider(), numbered(3)
    synced(provider, records)
    (found,) = place.own().values()
    delete = place.objects.delete_namespaced_custom_object
    delete(*GROUP, place.namespace, "recordsets", found["metadata"]["name"])
    metadata = {key: found["metadata"][key] for key in ("name", "labels")}
    copy = {key: found[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": metadata}
    place.objects.create_namespaced_custom_object(
        *GROUP, place.namespace, "recordsets", copy, field_manager="backup"
    )
    assert provider.plan(desired(records)) is None
    synced(provider, numbered(1))
    assert place.rows().keys() == {("h0", "A")}


def test_an_object_of_the_same_name_is_not_taken(place: Place) -> None:
    name = layout.new_name("octodns-main-example-com", "h0.example.com.", ())
    theirs = [{"name": "theirs", "type": "A", "data": ["192.0.2.9"]}]
    spec = {"zoneRef": {"name": "example-com"}, "records": theirs}
    made = place.create("recordsets", name, spec)
    synced(place.provider(), numbered(1))
    assert place.all()[name] == made
    assert place.rows().keys() == {("h0", "A")}


def test_what_changed_since_the_plan_is_not_overwritten(place: Place) -> None:
    provider = place.provider()
    synced(provider, numbered(3))
    plan = provider.plan(desired(numbered(2)))
    changed = numbered(3) | {("h2", "A"): a("192.0.2.7")}
    synced(place.provider(), changed)
    with pytest.raises(ChangedSincePlanError, match=r"A of h2\.example\.com\. was changed since"):
        provider.apply(plan)
    assert place.rows()[("h2", "A")]["data"] == ["192.0.2.7"]
    plan = provider.plan(desired(changed | {("new", "A"): a("192.0.2.5")}))
    synced(place.provider(), changed | {("new", "A"): a("192.0.2.6")})
    with pytest.raises(ChangedSincePlanError, match=r"A of new\.example\.com\. was changed since"):
        provider.apply(plan)
    assert place.rows()[("new", "A")]["data"] == ["192.0.2.6"]


def test_a_status_that_is_written_meanwhile_is_no_change(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = place.provider()
    synced(provider, numbered(2))
    replace, delete = Cluster.replace, Cluster.delete

    def status_first(method: Any, race: Object) -> Any:
        def write(cluster: Cluster, wanted: Object) -> Any:
            name = wanted["metadata"]["name"]
            race["left"] -= 1
            if race["left"] >= 0:
                place.objects.patch_namespaced_custom_object_status(
                    *GROUP, place.namespace, "recordsets", name,
                    {"status": {"records": race["left"]}},
                    _content_type="application/merge-patch+json",
                )  # fmt: skip
            return method(cluster, wanted)

        return write

    monkeypatch.setattr(Cluster, "replace", status_first(replace, {"left": 2}))
    monkeypatch.setattr(Cluster, "delete", status_first(delete, {"left": 2}))
    synced(provider, numbered(1))
    assert place.rows().keys() == {("h0", "A")}
    synced(provider, {})
    assert place.own() == {}


def test_a_spec_that_is_written_meanwhile_is_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = place.provider()
    synced(provider, numbered(2))
    (name,) = place.own()
    edited = [{"name": "edited", "type": "A", "data": ["198.51.100.2"]}]
    replace = Cluster.replace

    def edited_first(cluster: Cluster, wanted: Object) -> Any:
        place.patch("recordsets", name, {"spec": {"records": edited}})
        return replace(cluster, wanted)

    monkeypatch.setattr(Cluster, "replace", edited_first)
    with pytest.raises(ChangedSincePlanError, match="was changed by somebody else since the plan"):
        synced(provider, numbered(3))
    assert place.rows().keys() == {("edited", "A")}


def test_of_two_that_make_the_same_one_the_second_fails(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name comes from the first owner name, so two runs choose the same."""
    one, two = place.provider(), place.provider()
    first = {("h0", "A"): a("192.0.2.1"), ("h1", "A"): a("192.0.2.1")}
    second = {("h0", "A"): a("192.0.2.1"), ("h2", "A"): a("192.0.2.1")}
    plan, other = one.plan(desired(first)), two.plan(desired(second))
    looked, turns = Cluster.record_set, iter([True])

    def other_comes_between(cluster: Cluster, namespace: str, name: str) -> Any:
        found = looked(cluster, namespace, name)
        if next(turns, False):
            two.apply(other)
        return found

    monkeypatch.setattr(Cluster, "record_set", other_comes_between)
    with pytest.raises(ChangedSincePlanError, match="was changed by somebody else since the plan"):
        one.apply(plan)
    assert place.rows().keys() == second.keys()


REFUSED: list[tuple[str, str, Object, str]] = [
    ("zone", "A", a("192.0.2.5"), r"it belongs to Zone .*/example-com"),
    ("theirs", "A", a("192.0.2.5"), r"it belongs to RecordSet .*/theirs"),
    ("x", "DNAME", {"value": "y.example.com."}, r"does not list DNAME in its spec\.recordSets"),
    ("x", "CNAME", {"value": "y.example"}, "no dot at its end"),
    ("x", "A", {"ttl": 2**31, "value": "192.0.2.1"}, "TTL 2147483648, at most"),
    ("x", "ALIAS", {"value": "y.example.com."}, "ALIAS records not supported"),
    ("", "NS", {"values": ["ns1.example.net."]}, "root NS record not supported"),
    ("x", "A", {"value": "192.0.2.1", "geo": {"NA-US": ["192.0.2.2"]}}, "geo records not"),
    (
        "x",
        "A",
        {
            "value": "192.0.2.1",
            "dynamic": {
                "pools": {"one": {"values": [{"value": "192.0.2.2"}]}},
                "rules": [{"pool": "one"}],
            },
        },
        "dynamic records not supported",
    ),
]


@pytest.mark.filterwarnings("ignore:`geo` records are DEPRECATED:DeprecationWarning")
@pytest.mark.parametrize(("name", "rtype", "data", "why"), REFUSED)
def test_what_a_fleet_does_not_take_is_told_in_the_plan(
    place: Place, name: str, rtype: str, data: Object, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    theirs = [{"name": "theirs", "type": "A", "data": ["192.0.2.9"]}]
    place.create("recordsets", "theirs", {"zoneRef": {"name": "example-com"}, "records": theirs})
    records = {("good", "A"): a("192.0.2.1"), (name, rtype): data}
    with pytest.raises(SupportsException, match=why):
        place.provider().plan(desired(records))
    lenient = place.provider(strict_supports=False)
    synced(lenient, records)
    assert "not supported" in caplog.text
    kept = {("good", "A")} | ({("x", "A")} if "geo" in data or "dynamic" in data else set())
    assert place.rows().keys() == kept
    assert lenient.plan(desired(records)) is None


def test_what_is_there_is_kept_where_its_change_is_not_taken(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    provider = place.provider(strict_supports=False)
    synced(provider, {("x", "CNAME"): {"value": "y.example.com."}})
    assert provider.plan(desired({("x", "CNAME"): {"value": "y.example"}})) is None
    assert "no dot at its end; keeping what is there" in caplog.text
    place.patch("zones", "example-com", {"spec": {"recordSets": {"types": ["A"]}}})
    assert provider.plan(desired({("x", "CNAME"): {"value": "z.example.com."}})) is None


def test_a_pod_has_the_credentials_of_its_service_account(
    api: KubeAPIServer, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text(TOKEN)
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "none"))
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(api.authority))
    provider = DnsfleetProvider("main", namespace=place.namespace, wait=0)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(DnsfleetError, match="no cluster to talk to"):
        provider.list_zones()
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(api.port))
    assert provider.list_zones() == ["example.com."]


def test_without_a_zone_nothing_is_planned(place: Place) -> None:
    none, told = Zone("none.test.", []), r"no Zone in namespace .* has the origin none\.test;"
    for provider in (place.provider(), place.provider(strict_supports=False)):
        with pytest.raises(DnsfleetError, match=told):
            provider.plan(none)
        with pytest.raises(DnsfleetError, match=told):
            provider.populate(none)


def test_a_zone_of_another_namespace_is_added_to_with_its_consent(place: Place) -> None:
    provider = place.provider(namespace="default", zone_namespace=place.namespace)
    with pytest.raises(SupportsException, match="takes no RecordSets from namespace default"):
        provider.plan(desired(numbered(1)))
    consent = {"recordSets": {"namespaces": {"from": "All"}}}
    place.patch("zones", "example-com", {"spec": consent})
    synced(provider, numbered(1))
    assert place.own() == {}
    (made,) = place.all(namespace="default").values()
    assert made["spec"]["zoneRef"] == {"name": "example-com", "namespace": place.namespace}
    assert provider.plan(desired(numbered(1))) is None
    synced(provider, {})
    assert place.all(namespace="default") == {}
    nowhere = place.provider(namespace="nowhere", zone_namespace=place.namespace)
    with pytest.raises(DnsfleetError, match=r'namespaces "nowhere" not found \(404\)'):
        synced(nowhere, numbered(1))


def test_what_octodns_cannot_read_stops_it(place: Place) -> None:
    provider = place.provider()
    synced(provider, numbered(1))
    (name,) = place.own()
    records = [{"name": "odd", "type": "TYPE65280", "data": ["\\# 0"]}]
    place.patch("recordsets", name, {"spec": {"records": records}})
    with pytest.raises(DnsfleetError, match=rf"{name}, odd\.example\.com\. TYPE65280: octoDNS has"):
        provider.plan(desired(numbered(1)))


def test_neighbours_that_are_no_names_are_passed_over(place: Place) -> None:
    place.create("zones", "snow", {"origin": "☃.example", "nameServers": ["ns1.example.net"]})
    provider = place.provider()
    synced(provider, numbered(1))
    assert provider.list_zones() == ["example.com."]
    (name,) = place.own()
    records = [{"name": "bücher_", "type": "A", "data": ["192.0.2.1"]}]
    place.patch("recordsets", name, {"spec": {"records": records}})
    with pytest.raises(DnsfleetError, match=rf"RecordSet .*/{name}: bücher_ is no name: "):
        provider.plan(desired(numbered(1)))


def test_who_may_not_is_told_by_the_api_server(place: Place, tmp_path: Path) -> None:
    content = json.loads(place.kubeconfig.read_text())
    content["users"][0]["user"] = {"token": "nobody"}
    (tmp_path / "nobody").write_text(json.dumps(content))
    place.kubeconfig = tmp_path / "nobody"
    with pytest.raises(DnsfleetError, match=r"list zones in namespace .*: Unauthorized \(401\)"):
        place.provider().list_zones()
    place.kubeconfig = tmp_path / "missing"
    with pytest.raises(DnsfleetError, match="no cluster to talk to"):
        place.provider().list_zones()
    with pytest.raises(DnsfleetError, match="is a label of its RecordSets"):
        place.provider("a provider")
