"""octoDNS with a real API server and an operator: an apply ends with the operator's word.

The page of the documentation is run here, with the rights that it gives and no others.
"""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster import builds
from support import pages
from support.api_operators import api_operator
from support.kube_api_servers import KubeAPIServer, kube_api_server
from support.octodns_runs import DISTRIBUTION, NOTHING, OctodnsRun
from support.waiting import wait_for

Object = dict[str, Any]

START_SECONDS = 1800
"""The first run compiles Kubernetes (about 10 minutes)."""
SECONDS = 90.0
PAGE = "integrations/octodns.md"
ZONES = "/apis/dnsfleet.io/v1alpha1/namespaces/default/zones"
SETS = "/apis/dnsfleet.io/v1alpha1/namespaces/default/recordsets"

pytestmark = pytest.mark.timeout(START_SECONDS)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubeAPIServer]:
    """An API server, and an operator."""
    with (
        kube_api_server(tmp_path_factory.mktemp("api")) as server,
        api_operator(server, tmp_path_factory.mktemp("operator")),
    ):
        yield server


def make_zone(api: KubeAPIServer, name: str, verdict: str = "True", **spec: Any) -> None:
    """A Zone NAME.example, once the operator has judged it."""
    metadata = {"name": name, "namespace": "default"}
    whole = {"origin": f"{name}.example", "nameServers": ["ns1.example.net"], **spec}
    api.create(
        {"apiVersion": "dnsfleet.io/v1alpha1", "kind": "Zone", "metadata": metadata, "spec": whole}
    )
    path = f"{ZONES}/{name}"
    wait_for("the Zone is judged", lambda: accepted(api, path) == verdict, SECONDS)


def accepted(api: KubeAPIServer, path: str) -> str:
    found = api.ask("GET", path)[1]["status"]["conditions"]
    return next(str(each["status"]) for each in found if each["type"] == "Accepted")


def own(api: KubeAPIServer, zone: str) -> list[Object]:
    """The RecordSets of a Zone."""
    found = api.ask("GET", SETS)[1]["items"]
    return [each for each in found if each["spec"]["zoneRef"]["name"] == zone]


@pytest.fixture
def run(api: KubeAPIServer, tmp_path: Path) -> OctodnsRun:
    kubeconfig = api.kubeconfig(tmp_path / "kubeconfig")
    return OctodnsRun(tmp_path / "run", kubeconfig, namespace="default", wait=SECONDS)


def a(address: str) -> Object:
    return {"type": "A", "value": address}


def test_an_apply_ends_when_all_is_accepted(api: KubeAPIServer, run: OctodnsRun) -> None:
    make_zone(api, "good")
    run.write("good.example.", {f"h{number}": a("192.0.2.1") for number in range(120)})
    run.sync("--doit")
    first, second = own(api, "good")
    for each in (first, second):
        assert accepted(api, f"{SETS}/{each['metadata']['name']}") == "True"
    assert NOTHING in run.sync()


def test_what_the_operator_warns_of_is_told(api: KubeAPIServer, run: OctodnsRun) -> None:
    make_zone(api, "spf")
    lookups = " ".join(f"include:{number}.example.net" for number in range(11))
    run.write("spf.example.", {"": {"type": "TXT", "value": f"v=spf1 {lookups} -all"}})
    said = run.sync("--doit")
    assert "WARNING DnsfleetProvider[main] _apply: RecordSet default/octodns-main-spf-" in said
    assert "include less" in said


def test_a_name_changes_from_one_type_to_another(api: KubeAPIServer, run: OctodnsRun) -> None:
    make_zone(api, "types")
    names = {f"h{number}": a("192.0.2.1") for number in range(120)}
    cname = {"type": "CNAME", "value": "www.example.net."}
    run.write("types.example.", names | {"www": cname})
    run.sync("--doit")
    run.write("types.example.", names | {"www": a("192.0.2.2")})
    run.sync("--doit")
    run.write("types.example.", names | {"www": cname})
    run.sync("--doit")
    for each in own(api, "types"):
        assert accepted(api, f"{SETS}/{each['metadata']['name']}") == "True"


def test_what_only_the_operator_sees_fails_the_apply(api: KubeAPIServer, run: OctodnsRun) -> None:
    """A record of a zone file is in no object that octoDNS reads."""
    make_zone(api, "file", soa={}, zoneFile={"inline": "www 300 A 192.0.2.1\n"})
    run.write("file.example.", {"www": a("192.0.2.2"), "other": a("192.0.2.3")})
    assert "Creates=2" in run.sync()
    said = run.refused("--doit")
    assert "NotOwner: spec.records[1]: www.file.example. A belongs to Zone default/file" in said
    said = run.sync()
    assert NOTHING in said
    assert "is refused, NotOwner" in said
    run.write("file.example.", {"other": a("192.0.2.3")})
    run.sync("--doit")
    said = run.sync()
    assert NOTHING in said
    assert "is refused" not in said


def test_a_hold_fails_the_apply_and_says_how_to_approve(
    api: KubeAPIServer, run: OctodnsRun
) -> None:
    make_zone(api, "held")
    names = {f"h{number}": a("192.0.2.1") for number in range(40)}
    run.write("held.example.", names)
    run.sync("--doit")
    run.write("held.example.", {"h0": a("192.0.2.1")})
    assert "Too many deletes" in run.refused("--doit")
    said = run.refused("--doit", "--force")
    assert "UnsafePlan" in said
    assert "dnsfleet.io/approve" in said


def test_a_hold_of_a_record_set_that_is_deleted_fails_the_apply(
    api: KubeAPIServer, run: OctodnsRun
) -> None:
    """No RecordSet is there any more that could tell of it."""
    make_zone(api, "emptied")
    run.write("emptied.example.", {f"h{number}": a("192.0.2.1") for number in range(40)})
    run.sync("--doit")
    run.write("emptied.example.", {})
    said = run.refused("--doit", "--force")
    assert "the change removes 40 of 42 RRsets" in said
    said = run.sync()
    assert NOTHING in said
    assert "WARNING DnsfleetProvider[main] populate: Zone default/emptied: " in said
    assert "dnsfleet.io/approve" in said


def test_a_record_set_that_is_deleted_is_waited_for(api: KubeAPIServer, run: OctodnsRun) -> None:
    records = [{"name": f"h{each}", "type": "A", "data": ["192.0.2.1"]} for each in range(40)]
    make_zone(api, "one", records=records)
    run.write("one.example.", {"www": a("192.0.2.1")})
    run.sync("--doit")
    run.write("one.example.", {})
    assert "stored, but" not in run.sync("--doit", "--force")
    assert own(api, "one") == []
    published = api.ask("GET", f"{ZONES}/one")[1]["status"]
    assert (published["revision"]["seq"], published["records"]) == (3, 42)


def test_a_zone_that_was_never_good_publishes_nothing(api: KubeAPIServer, tmp_path: Path) -> None:
    """Its RecordSets are accepted all the same."""
    two = {"name": "x", "type": "CNAME", "data": ["a.example.net.", "b.example.net."]}
    make_zone(api, "bad", "False", records=[two])
    kubeconfig = api.kubeconfig(tmp_path / "kubeconfig")
    run = OctodnsRun(tmp_path / "run", kubeconfig, namespace="default", wait=5)
    run.write("bad.example.", {"www": a("192.0.2.1")})
    refused = "populate: Zone default/bad is refused, MultipleCNAME: spec.records[0]"
    assert refused in run.sync()
    said = run.sync("--doit")
    assert "stored, but after 5 s RecordSet default/octodns-main-bad-" in said
    assert "is not yet published" in said


def test_the_page_does_what_it_says(api: KubeAPIServer, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    pages.write_files(PAGE, tmp_path)
    admin = api.kubeconfig(tmp_path / "admin.kubeconfig")
    narrow = tmp_path / "octodns.kubeconfig"
    programs = Path(sys.executable).parent
    for command, output in pages.commands(PAGE):
        program, *arguments = shlex.split(command)
        if program == "kubectl":
            path, kubeconfig = builds.programs()["kubectl"], admin
        else:
            path, kubeconfig = programs / program, narrow
            limit_to_the_page(api, admin, narrow)
        done = subprocess.run(
            [path, *arguments],
            cwd=tmp_path,
            env={**os.environ, "KUBECONFIG": str(kubeconfig), "PYTHONPATH": str(DISTRIBUTION)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stdout
        said = " ".join(done.stdout.split())
        for line in output.splitlines():
            assert " ".join(line.split()) in said, done.stdout


def limit_to_the_page(api: KubeAPIServer, admin: Path, narrow: Path) -> None:
    """A kubeconfig of the service account that the page makes, with its rights."""
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    status, said, _ = api.ask("POST", "/api/v1/namespaces/dns/serviceaccounts/octodns/token", asked)
    assert status == 201, said
    content = json.loads(admin.read_text())
    content["users"][0]["user"] = {"token": said["status"]["token"]}
    narrow.write_text(json.dumps(content))
