"""`kubectl dnsfleet verify` and `plan` on a real cluster.

Equal, different, and healed by the operator; and what is planned is what then happens.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster.access import Access, CommandError
from support import scraped, status_claims
from support.releases import CHART, NAME, NAMESPACE, READY_SECONDS, REPOSITORY, metrics_of, waiting
from support.waiting import wait_for

OPERATOR = ("deployment/dnsfleet-operator", "--namespace", NAMESPACE)
OPERATOR_PODS = ("--namespace", NAMESPACE, "-l", "app.kubernetes.io/component=operator")
POPS = ("fra", "iad", "sin")
EDGES = 6
VERIFY_SECONDS = 240.0
"""A minute at most until the operator that has just started does what was asked, and four looks."""
MASTER = """\
$TTL 300
@ SOA ns1.example.net. hostmaster 1 7200 900 1209600 300
@ NS ns1.example.net.
www A 192.0.2.1
*.wild A 192.0.2.2
sub NS ns.sub
ns.sub A 192.0.2.3
"""
FILED = {
    "apiVersion": "dnsfleet.io/v1alpha1",
    "kind": "Zone",
    "metadata": {"name": "filed", "namespace": "default"},
    "spec": {
        "origin": "filed.example",
        "zoneFile": {"configMaps": [{"name": "filed", "key": "zone"}]},
        "recordSets": {"namespaces": {"from": "Same"}},
    },
}
MADE = (
    {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "filed", "namespace": "default"},
        "data": {"zone": MASTER},
    },
    FILED,
)


def team(address: str) -> str:
    """A RecordSet of that zone."""
    return with_records([{"name": "team", "type": "A", "data": [address]}])


def with_records(records: list[dict[str, Any]]) -> str:
    """The same, with these records."""
    return json.dumps(
        {
            "apiVersion": "dnsfleet.io/v1alpha1",
            "kind": "RecordSet",
            "metadata": {"name": "team", "namespace": "default"},
            "spec": {"zoneRef": {"name": "filed"}, "records": records},
        }
    )


def verify(cluster: Access, *options: str) -> tuple[int, str]:
    """Exit status and what is printed."""
    return dnsfleet(cluster, "verify", *options)


def dnsfleet(cluster: Access, *arguments: str) -> tuple[int, str]:
    """Exit status of a command, and what is printed."""
    command = [sys.executable, "-m", "dnsfleet_cli.kubectl"]
    ended = subprocess.run(
        [*command, "--kubeconfig", str(cluster.kubeconfig), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=VERIFY_SECONDS,
    )
    return ended.returncode, ended.stdout


@pytest.fixture(scope="module", name="fleet")
def _fleet(release: Access) -> Iterator[Access]:
    """The quickstart, and a zone of a ConfigMap and a RecordSet, live at all edges."""
    release.kubectl("apply", "-f", str(REPOSITORY / "examples" / "quickstart"))
    for each in MADE:
        release.apply(json.dumps(each))
    release.apply(team("192.0.2.4"))
    release.wait("condition=Ready", READY_SECONDS, "pops", "--all")
    release.wait("condition=Propagated", READY_SECONDS, "recordsets", "--all")
    release.wait("condition=Propagated", READY_SECONDS, "zones", "--all")
    yield release
    release.kubectl("delete", "zones,pops,recordsets", "--all")
    release.kubectl("delete", "configmap", "filed")


def test_verify_finds_equality_then_what_differs_and_heals_it(fleet: Access) -> None:
    equal = rf"all equal: 3 zones, 3 Pops, {EDGES} edges, at most 8 queries for a zone, seed \d+\n"
    status, said = verify(fleet)
    assert (status, re.fullmatch(equal, said) is not None) == (0, True), said

    fleet.kubectl("scale", *OPERATOR, "--replicas=0")
    fleet.wait_until_gone(READY_SECONDS, "pods", *OPERATOR_PODS)
    fleet.apply(team("192.0.2.5"))
    status, said = verify(fleet)
    assert status == 1, said
    assert said.startswith(
        "core: filed.example.: not what its objects say: 0 RRsets are missing, 0 too many, "
        "1 different (- team.filed.example. 300 A 192.0.2.4; + team.filed.example. 300 A 192.0.2.5)"
    )

    fleet.kubectl("scale", *OPERATOR, "--replicas=1")
    fleet.wait("condition=Available", READY_SECONDS, *OPERATOR)
    status, said = verify(fleet, "--heal")
    assert status == 0, said
    assert re.fullmatch(rf"everything is published again under fence \d+\n{equal}", said), said


def test_what_is_planned_is_what_an_apply_then_does(fleet: Access, tmp_path: Path) -> None:
    many = [{"name": f"m{number}", "type": "A", "data": ["192.0.2.1"]} for number in range(30)]
    file = tmp_path / "team.json.yaml"
    file.write_text(team("192.0.2.5"))
    applied(fleet, file)
    file.write_text(team("192.0.2.6"))
    status, told = dnsfleet(fleet, "plan", "-f", str(file))
    assert status == 2, told
    assert told.splitlines() == [
        "filed.example. (Zone default/filed): 0 RRsets added, 1 changed, 0 removed",
        "  - team.filed.example. 300 A 192.0.2.5",
        "  + team.filed.example. 300 A 192.0.2.6",
        "1 zone to change, 0 holds, 0 errors, 0 warnings; 0 zones as before",
    ]
    applied(fleet, file)
    assert dnsfleet(fleet, "plan", "-f", str(file)) == (0, "no changes; 1 zone as before\n")

    file.write_text(with_records(many))
    assert dnsfleet(fleet, "plan", "-f", str(file))[0] == 2
    applied(fleet, file)
    file.write_text(with_records(many[:1]))
    status, told = dnsfleet(fleet, "plan", "-f", str(file), "-o", "json")
    [zone] = json.loads(told)["zones"]
    [hold] = zone["holds"]
    assert (status, zone["rrsets"], hold["owner"]) == (2, [], "RecordSet default/team")
    fleet.kubectl("apply", "-f", str(file))
    wait_for("it is held", lambda: hold["hash"] in dnsfleet(fleet, "held")[1], READY_SECONDS)
    file.write_text(team("192.0.2.5"))
    fleet.kubectl("apply", "-f", str(file))
    approve = f"dnsfleet.io/approve={_hash(fleet, file)}"
    fleet.kubectl("annotate", "--overwrite", "zone", "filed", approve)
    applied(fleet, file)
    fleet.kubectl("annotate", "zone", "filed", "dnsfleet.io/approve-")


def _hash(fleet: Access, file: Path) -> str:
    _, told = dnsfleet(fleet, "plan", "-f", str(file), "-o", "json")
    [zone] = json.loads(told)["zones"]
    found: str = zone["holds"][0]["hash"]
    return found


def applied(fleet: Access, file: Path) -> None:
    """Apply a RecordSet, and wait until it is live."""
    fleet.kubectl("apply", "-f", str(file))
    generation = fleet.get("recordset", "team")["metadata"]["generation"]
    wait_for(
        "the RecordSet is live",
        lambda: status_claims.propagated(fleet.get("recordset", "team")) == generation,
        READY_SECONDS,
    )


def test_probers_see_from_outside_what_edges_prove(fleet: Access) -> None:
    """They come and go with a value, and restart no edge. Two Pops and the core ask each Pop."""
    edges = pods(fleet, "edge")
    upgrade(fleet, probes=True)
    names = [f"deployment/pop-{pop}-probe" for pop in POPS]
    wait_for("probers", lambda: len(pods(fleet, "probe")) == len(POPS) + 1, READY_SECONDS)
    fleet.wait("condition=Available", READY_SECONDS, *names, "--namespace", NAMESPACE)
    asked = {name: sees_all(fleet, name) for name in pods(fleet, "probe")}
    assert [sum(pop in each for each in asked.values()) for pop in POPS] == [3, 3, 3]
    upgrade(fleet, probes=False)
    wait_for("no prober", lambda: not pods(fleet, "probe"), READY_SECONDS)
    assert pods(fleet, "edge") == edges


def sees_all(fleet: Access, pod: str) -> set[str]:
    """The Pops that a prober asks, as soon as it sees of all of them what their edges prove."""
    return wait_for(f"a good round of {pod}", lambda: seen(fleet, pod), READY_SECONDS)


def seen(fleet: Access, pod: str) -> set[str]:
    """The same; empty where it does not, or has not asked yet."""
    try:
        page = metrics_of(fleet, pod)
    except CommandError:
        return set()  # it has just started
    found: dict[str, dict[str, set[float]]] = {}
    for sample in scraped.samples(page):
        if "pop" in sample.labels:
            values = found.setdefault(sample.labels["pop"], {})
            values.setdefault(sample.name, set()).add(sample.value)
    good = {
        "dnsfleet_probe_up": {1.0},
        "dnsfleet_probe_zones_wrong": {0.0},
        "dnsfleet_probe_disagreement": {0.0},
    }
    right = all(good.items() <= values.items() for values in found.values())
    return set(found) if right else set()


def pods(fleet: Access, component: str) -> dict[str, str]:
    """UID of each pod of a component that is not ending, by name."""
    label = f"app.kubernetes.io/component={component}"
    found = fleet.items("pods", "--namespace", NAMESPACE, "-l", label)
    return {
        each["metadata"]["name"]: each["metadata"]["uid"]
        for each in found
        if "deletionTimestamp" not in each["metadata"]
    }


def upgrade(fleet: Access, probes: bool) -> None:
    value = f"probes.enabled={str(probes).lower()}"
    fleet.helm("upgrade", *NAME, str(CHART), "--reuse-values", "--set", value, *waiting())
