"""Every refusal of the API server and of the operator, with its reason and its words."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cluster.access import Access, CommandError
from support import pages
from support.waiting import wait_for

DECISION_SECONDS = 30.0
EVENT_SECONDS = 10.0
TEAM, OTHER = "rejections-team", "rejections-other"
NS = {"nameServers": ["ns1.example.net"]}

Object = dict[str, Any]


def item(kind: str, name: str, spec: Object, namespace: str | None = TEAM) -> Object:
    metadata: Object = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": kind,
        "metadata": metadata,
        "spec": spec,
    }


def zone(name: str, spec: Object, namespace: str = TEAM) -> Object:
    return item("Zone", name, NS | spec, namespace)


def record(name: str, rtype: str = "A", data: str = "192.0.2.1") -> Object:
    return {"name": name, "type": rtype, "data": [data]}


@pytest.fixture(scope="module")
def fleet(release: Access) -> Access:
    """Two namespaces, and the Zones that others conflict with."""
    for namespace in (TEAM, OTHER):
        metadata = {"name": namespace}
        release.apply(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}))
    consent = {"namespaces": {"from": "All"}, "names": ["*.open"], "types": ["A", "TXT"]}
    owner = zone(
        "owner",
        {"origin": "owned.test", "records": [record("www")], "recordSets": consent},
        OTHER,
    )
    release.apply(json.dumps(owner))
    release.wait("jsonpath={.status.serial}", DECISION_SECONDS, "-n", OTHER, "zone/owner")
    return release


def accepted(cluster: Access, made: Object) -> Object | None:
    """The condition Accepted of the current generation; None while there is none."""
    kind, metadata = made["kind"].lower(), made["metadata"]
    shown = cluster.get("-n", metadata.get("namespace", "default"), kind, metadata["name"])
    for condition in shown.get("status", {}).get("conditions", []):
        if condition["type"] == "Accepted":
            current = condition.get("observedGeneration") == shown["metadata"]["generation"]
            return condition if current else None
    return None


def decided(cluster: Access, made: Object, reason: str) -> Object:
    """The condition Accepted once it has this reason."""

    def find() -> Object | None:
        condition = accepted(cluster, made)
        return condition if condition is not None and condition["reason"] == reason else None

    found = wait_for(f"{made['metadata']['name']} is {reason}", find, DECISION_SECONDS)
    assert found is not None
    assert found["status"] == ("True" if reason == "Accepted" else "False")
    return found


SELECTOR = {"namespaces": {"from": "Selector"}}
API_SERVER = [
    # what is applied, the words of the refusal
    (zone("z", {"origin": "a.test", "records": [record("@", "SOA", "x")]}), "write it in spec.soa"),
    (zone("z", {"origin": "a.test", "records": [record("@", "NS", "x.")]}), "spec.nameServers"),
    (zone("z", {"origin": "a.test", "ttl": -1}), "greater than or equal to 0"),
    (zone("z", {"origin": "a.test", "zoneFile": {"url": "http://a.test/z"}}), "spec.zoneFile.url"),
    (zone("z", {"origin": "a.test", "zoneFile": {"url": "https://a.test/z"}}), "url and sha256"),
    (zone("z", {"origin": "a.test", "records": [], "zoneFile": {"inline": "x"}}), "give one of"),
    (zone("z", {"origin": "a.test", "source": {"catalog": {}}}), "a catalog zone has no ttl"),
    (
        item("Zone", "z", {"origin": "a.test", "source": {"catalog": {}}, "records": []}),
        "give one of records, zoneFile and source",
    ),
    (zone("z", {"origin": "a.test", "nestedZones": SELECTOR}), "give selector with from"),
    (item("Pop", "p", {"state": "Gone"}, None), "Unsupported value"),
    (item("Pop", "p.q", {}, None), "one label"),
    (item("Pop", "p", {"edge": {"exposure": "HostNetwork"}}, None), "give nodeSelector"),
    (item("Pop", "p", {"edge": {"hostPrefixes": ["::/0"]}}, None), "HostNetwork only"),
    (item("Pop", "p", {"service": {"ipFamilies": ["IPv4", "IPv4"]}}, None), "twice"),
    (
        item(
            "Pop",
            "p",
            {"service": {"ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "SingleStack"}},
            None,
        ),
        "one family",
    ),
    (
        item("Pop", "p", {"service": {"type": "NodePort", "loadBalancerIP": "::1"}}, None),
        "type: LoadBalancer only",
    ),
    (
        item("RecordSet", "r", {"zoneRef": {"name": "z"}, "records": [record("@", "SOA", "x")]}),
        "the SOA comes from the Zone only",
    ),
]


@pytest.mark.parametrize(("made", "words"), API_SERVER)
def test_the_api_server_refuses(fleet: Access, made: Object, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        fleet.apply(json.dumps(made))


def test_an_origin_never_changes(fleet: Access) -> None:
    with pytest.raises(CommandError, match="origin is immutable; make another Zone instead"):
        fleet.apply(json.dumps(zone("owner", {"origin": "other.test", "records": []}, OTHER)))


def record_set(name: str, *records: Object) -> Object:
    reference = {"name": "owner", "namespace": OTHER}
    return item("RecordSet", name, {"zoneRef": reference, "records": list(records)})


def test_kubectl_prints_the_warnings_of_an_apply(fleet: Access) -> None:
    doubtful = json.dumps(record_set("warned", record("mx", "MX", "10 192.0.2.1")))
    trial = ("apply", "--dry-run=server", "-f", "-")
    with pytest.raises(CommandError, match=r"TargetIsAddress: mx MX leads to an address"):
        fleet.kubectl(*trial, "--warnings-as-errors", stdin=doubtful)
    assert "warned created" in fleet.kubectl(*trial, stdin=doubtful)


INSIDE = {"url": "https://10.0.0.1/zone", "sha256": "0" * 64}
OPERATOR = [
    # what is applied, reason, words of the message
    (zone("same", {"origin": "Owned.TEST."}), "ZoneInUse", "is the origin of Zone"),
    (zone("child", {"origin": "a.owned.test"}), "NotAllowedByZone", "is below owned.test."),
    (zone("parent", {"origin": "test"}), "NotAllowedByZone", "is above owned.test."),
    (
        zone("both", {"origin": "b.test", "records": [record("w"), record("w", "CNAME", "x")]}),
        "CNAMEAndOtherData",
        "spec.records[",
    ),
    (
        zone("rdata", {"origin": "c.test", "records": [record("w", "A", "192.0.2.999")]}),
        "BadRdata",
        "spec.records[0].data[0]",
    ),
    (
        zone("servers", {"origin": "g.test", "nameServers": None}),
        "NoNameServers",
        "spec.nameServers: name the servers of the zone",
    ),
    (
        zone("path", {"origin": "d.test", "nameServers": None, "zoneFile": {"path": "z"}}),
        "Unsupported",
        "path is for dnsfleet up",
    ),
    (
        zone(
            "missing",
            {"origin": "e.test", "zoneFile": {"configMaps": [{"name": "no", "key": "z"}]}},
        ),
        "ZoneFileUnavailable",
        f"there is no ConfigMap {TEAM}/no",
    ),
    (
        item("Zone", "all", {"origin": "catalog.test", "source": {"catalog": {"from": "All"}}}),
        "NotAllowedByClass",
        "catalogs: {from: All}",
    ),
    (zone("inside", {"origin": "f.test", "zoneFile": INSIDE}), "ZoneFileUnavailable", "10.0.0.1"),
    (record_set("names", record("elsewhere")), "NotAllowedByZone", "recordSets.names"),
    (
        record_set("types", record("a.open", "MX", "1 x")),
        "NotAllowedByZone",
        "recordSets.types",
    ),
    (
        item("RecordSet", "lost", {"zoneRef": {"name": "no"}, "records": [record("w")]}),
        "ZoneNotFound",
        f"there is no Zone {TEAM}/no",
    ),
]


@pytest.mark.parametrize(("made", "reason", "words"), OPERATOR)
def test_the_operator_refuses(fleet: Access, made: Object, reason: str, words: str) -> None:
    fleet.apply(json.dumps(made))
    try:
        assert words in decided(fleet, made, reason)["message"]
    finally:
        fleet.kubectl("delete", made["kind"], made["metadata"]["name"], "-n", TEAM)


def test_the_second_claim_on_a_name_is_refused_and_the_first_stays(fleet: Access) -> None:
    # For objects of the same second, the name decides which is older.
    first, second = record_set("a-first", record("w.open")), record_set("b", record("w.open"))
    fleet.apply(json.dumps(first))
    decided(fleet, first, "Accepted")
    fleet.apply(json.dumps(second))
    decided(fleet, second, "NotOwner")
    decided(fleet, first, "Accepted")


def test_an_unsafe_change_waits_until_it_is_approved(fleet: Access) -> None:
    records = [record(f"h{number}") for number in range(40)]
    full = zone("unsafe", {"origin": "unsafe.test", "records": records})
    fleet.apply(json.dumps(full))
    decided(fleet, full, "Accepted")
    empty = zone("unsafe", {"origin": "unsafe.test", "records": []})
    fleet.apply(json.dumps(empty))
    held = decided(fleet, empty, "UnsafePlan")
    assert fleet.get("-n", TEAM, "zone", "unsafe")["status"]["records"] == 42
    approval = held["message"].rsplit("annotate the Zone with ", 1)[1].replace(": ", "=")
    fleet.kubectl("annotate", "-n", TEAM, "zone", "unsafe", approval)
    decided(fleet, empty, "Accepted")
    assert fleet.get("-n", TEAM, "zone", "unsafe")["status"]["records"] == 2


def test_two_teams_as_the_page_on_tenancy_sets_them_up(fleet: Access, tmp_path: Path) -> None:
    """A class, a zone of it, a refusal, and a zone that moves; each command prints what it says."""
    pages.write_files("tenancy.md", tmp_path)
    (tmp_path / "kubectl").symlink_to(fleet.kubectl_path)
    path = f"{tmp_path}:{os.environ['PATH']}"
    environment = {**os.environ, "KUBECONFIG": str(fleet.kubeconfig), "PATH": path}
    try:
        for command, output in pages.commands("tenancy.md"):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert (done.stdout.strip(), done.returncode) == (output, 0), command + done.stderr
    finally:
        fleet.kubectl("delete", "zoneclass", "teams", "--ignore-not-found")
        fleet.kubectl("delete", "clusterrole", "dns-tenant", "--ignore-not-found")
        fleet.kubectl("delete", "namespace", "team-shop", "team-web", "--ignore-not-found")


def test_a_refusal_is_told_by_an_event(fleet: Access) -> None:
    double = zone("double", {"origin": "owned.test"})
    fleet.apply(json.dumps(double))
    decided(fleet, double, "ZoneInUse")
    uid = fleet.get("-n", TEAM, "zone", "double")["metadata"]["uid"]
    chosen = ("events", "-n", TEAM, f"--field-selector=involvedObject.uid={uid}")

    def is_told() -> bool:
        return [event["reason"] for event in fleet.items(*chosen)] == ["ZoneInUse"]

    wait_for("an Event", is_told, EVENT_SECONDS)


@pytest.mark.parametrize(
    "made",
    [
        zone("new", {"origin": "new.test"}),
        item("RecordSet", "new", {"zoneRef": {"name": "new"}, "records": [record("a")]}),
        item("Pop", "new", {}, None),
    ],
    ids=lambda made: made["kind"],
)
def test_a_new_object_waits_for_the_operator(fleet: Access, made: Object) -> None:
    """A dry run gives the object as the API server would store it, which nobody else sees."""
    arguments = ("create", "--dry-run=server", "--output", "json", "--filename", "-")
    given = json.loads(fleet.kubectl(*arguments, stdin=json.dumps(made)))
    told = {
        each["type"]: (each["status"], each["reason"]) for each in given["status"]["conditions"]
    }
    assert told["Ready"] == ("Unknown", "Pending")
    assert set(told.values()) == {("Unknown", "Pending")}
