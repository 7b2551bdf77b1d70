"""`kubectl dnsfleet` against a fleet that runs: what it shows, waits for and changes."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from cluster.access import Access
from support.kubectl_plugin import dnsfleet
from support.probe_fleets import BRIEF
from support.releases import CHART, NAME, NAMESPACE, READY_SECONDS, REPOSITORY, waiting
from support.status_pages import get
from support.waiting import wait_for

POPS = ("fra", "iad", "sin")
SHOWN_IN_GITOPS = 6
CHANGE_SERVICE = ("patch", "pop", "fra", "--type=merge", "-p")
TOUCH_ZONE = ("patch", "zone", "example-com", "--type=merge", "-p")
DRAINED_IN_GIT = '{"spec": {"state": "Drained"}}'
ACTIVE_IN_GIT = '{"spec": {"state": "Active"}}'
QUICKSTART = REPOSITORY / "examples" / "quickstart"
SYNCS = (
    (),
    ("--server-side", "--force-conflicts", "--field-manager=argocd-controller"),
    ("--server-side", "--force-conflicts", "--field-manager=kustomize-controller"),
)
"""How Argo CD applies what is in Git, by default and with ServerSideApply=true, and Flux does."""
REFUSED_ZONE = {
    "apiVersion": "dnsfleet.io/v1alpha1",
    "kind": "Zone",
    "metadata": {"name": "second"},
    "spec": {"origin": "example.com", "nameServers": ["ns1.example.net"]},
}
ZONE_OF_ONE_POP = {
    "apiVersion": "dnsfleet.io/v1alpha1",
    "kind": "Zone",
    "metadata": {"name": "american"},
    "spec": {
        "origin": "american.example",
        "nameServers": ["ns1.example.net"],
        "placement": {"popSelector": {"matchLabels": {"region": "us"}}},
    },
}


@pytest.fixture(scope="module", name="fleet")
def _fleet(release: Access) -> Iterator[Access]:
    """The quickstart, live at all edges."""
    release.kubectl("apply", "-f", str(QUICKSTART))
    brief = json.dumps({"spec": {"edge": BRIEF}})
    for pop in POPS:
        release.kubectl("patch", "pop", pop, "--type=merge", "-p", brief)
    release.wait("condition=Ready", READY_SECONDS, "pops", "--all")
    yield release
    release.kubectl("delete", "zones,pops", "--all")


def shell(fleet: Access, command: str, exit_status: int) -> str:
    """What a command of the documentation prints, run as people do; kubectl finds its plugin."""
    programs = [Path(sys.executable).parent, Path(fleet.kubectl_path).parent]
    ended = subprocess.run(
        ["bash", "-c", command],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "PATH": ":".join([*map(str, programs), os.environ["PATH"]]),
            "KUBECONFIG": str(fleet.kubeconfig),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == exit_status, f"{command}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


def test_wait_ends_when_a_zone_is_live(fleet: Access) -> None:
    ended = dnsfleet(fleet, "wait", "example.com", "--timeout", f"{READY_SECONDS:g}")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    serial = fleet.get("zone", "example-com")["status"]["serial"]
    assert ended.stdout == f"zone/default/example-com is live with serial {serial} at 3/3 Pops\n"


def test_wait_ends_at_once_when_a_zone_is_refused(fleet: Access) -> None:
    fleet.apply(json.dumps(REFUSED_ZONE))
    ended = dnsfleet(fleet, "wait", "default/second", "--timeout", f"{READY_SECONDS:g}")
    fleet.kubectl("delete", "zone", "second")
    assert ended.returncode == 1
    assert ended.stdout.startswith("zone/default/second is not accepted: ")
    assert ended.stdout.endswith("[ZoneInUse]\n")


def test_status_shows_the_fleet_and_one_object(fleet: Access) -> None:
    lines = dnsfleet(fleet, "status").stdout.splitlines()
    ready = {line.split()[0] for line in lines if " True" in line}
    assert ready == {*POPS, "default/example-com", "default/example-org"}
    shown = dnsfleet(fleet, "status", "fra").stdout
    assert "2/2 ready" in shown
    assert "Connected     True" in shown


def test_explain_asks_every_edge(fleet: Access) -> None:
    ended = dnsfleet(fleet, "explain", "WWW.example.com", "--type", "A")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    pods = fleet.items("pods", "-A", "-l", "app.kubernetes.io/component=edge")
    for pod in pods:
        (line,) = [each for each in ended.stdout.splitlines() if pod["metadata"]["name"] in each]
        assert "NOERROR" in line
        assert "192.0.2.1" in line
    assert len(pods) == 2 * len(POPS)
    assert ended.stdout.count("www.example.com. 60 A 192.0.2.11") == len(pods)


def test_trace_follows_a_change_to_each_edge(fleet: Access) -> None:
    """From the lines that the operator and the edges of each Pop have logged."""

    def told() -> list[list[str]]:
        lines = dnsfleet(fleet, "trace", "example.com").stdout.splitlines()
        return [row[:2] for each in lines if len(row := each.split()) > 2]

    def names_of_all() -> list[str]:
        """The stations in order; none while one of the writer or of a Pop is missing."""
        found = told()
        at_edges = {(name, process.partition("/")[0]) for name, process in found}
        names = [name for name, _ in found]
        return names if wanted <= at_edges and of_writer <= set(names) else []

    of_writer = {"planned", "published", "propagated"}
    wanted = {(name, pop) for pop in POPS for name in ("told", "loaded", "acked")}
    names = wait_for("every station", names_of_all, READY_SECONDS)
    assert names.index("published") < names.index("told") < names.index("propagated")


def test_a_pop_that_waits_for_a_load_balancer_is_not_ready(fleet: Access) -> None:
    address = '{"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.53"}]}}}'
    service = ("service", "pop-fra-dns", "-n", NAMESPACE)
    fleet.kubectl(*CHANGE_SERVICE, '{"spec": {"service": {"type": "LoadBalancer"}}}')
    fleet.wait("condition=Ready=False", READY_SECONDS, "pop", "fra")
    shown = dnsfleet(fleet, "status", "fra").stdout
    assert "AddressPending" in shown
    assert re.search(r"^Addresses +-$", shown, re.M), shown
    fleet.kubectl("patch", *service, "--subresource=status", "--type=merge", "-p", address)
    fleet.wait("condition=Ready", READY_SECONDS, "pop", "fra")
    fleet.wait("jsonpath={.status.addresses[0]}=192.0.2.53", READY_SECONDS, "pop", "fra")
    fleet.kubectl(*CHANGE_SERVICE, '{"spec": {"service": {"type": "NodePort"}}}')
    fleet.wait("condition=Ready", READY_SECONDS, "pop", "fra")


def test_status_shows_what_each_pop_answers_of_a_zone(fleet: Access) -> None:
    found = json.loads(dnsfleet(fleet, "-o", "json", "status", "example.com").stdout)
    assert [
        (each["pop"], each["state"], each["current"], each["edges"], each["behind"])
        for each in found["atPops"]
    ] == [(pop, "current", 2, 2, 0) for pop in POPS]
    assert {each["revision"] for each in found["atPops"]} == {found["revision"]}
    lines = dnsfleet(fleet, "status", "zone/example-com").stdout.splitlines()
    rows = [line.split()[:2] for line in lines if line.partition(" ")[0] in POPS]
    assert rows == [[pop, "current"] for pop in POPS]


def test_what_rbac_denies_is_in_a_metric_while_it_is_denied(fleet: Access) -> None:
    role = f"{NAME[0]}-zones"
    before = fleet.get("clusterrole", role)
    rules = [
        {**each, "verbs": ["get"]} if "zones/status" in each.get("resources", ()) else each
        for each in before["rules"]
    ]
    assert rules != before["rules"]
    denied = 'dnsfleet_operator_api_denied{resource="zones/status",verb="patch"} 1.0'
    change = ("patch", "clusterrole", role, "--type=merge", "-p")
    fleet.kubectl(*change, json.dumps({"rules": rules}))
    try:
        fleet.kubectl(*TOUCH_ZONE, '{"spec": {"ttl": 301}}')
        wait_for("it is denied", lambda: denied in operator_page(fleet), READY_SECONDS)
    finally:
        fleet.kubectl(*change, json.dumps({"rules": before["rules"]}))
    wait_for("it is allowed", lambda: "api_denied{" not in operator_page(fleet), READY_SECONDS)
    fleet.kubectl(*TOUCH_ZONE, '{"spec": {"ttl": null}}')


def operator_page(fleet: Access) -> str:
    """The metrics of the operator, through the API server."""
    (pod,) = fleet.items("pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/component=operator")
    name = pod["metadata"]["name"]
    return fleet.kubectl(
        "get", "--raw", f"/api/v1/namespaces/{NAMESPACE}/pods/{name}:8080/proxy/metrics"
    )


def test_drain_takes_a_pop_out_and_undrain_brings_it_back(fleet: Access) -> None:
    ended = dnsfleet(fleet, "drain", "fra", "--wait")
    assert ended.stdout == "pop/fra is to be Drained\npop/fra is drained\n", ended.stderr
    assert ended.returncode == 0
    of_fra = ("pods", "-A", "-l", "dnsfleet.io/pop=fra,app.kubernetes.io/component=edge")
    # A pod that has ended is listed until the kubelet has removed it.
    assert fleet.items(*of_fra, "--field-selector=status.phase=Running") == []

    for sync in SYNCS:
        fleet.kubectl("apply", *sync, "-f", str(QUICKSTART))
        found = fleet.get("pop", "fra")
        assert found["metadata"]["annotations"]["dnsfleet.io/drain"] == "true", sync
        assert found["spec"].get("state") is None
    fleet.wait("condition=Drained", READY_SECONDS, "pop", "fra")
    shown = [line.split() for line in fleet.kubectl("get", "pops").splitlines()]
    assert {line[0]: line[2] for line in shown[1:]} == {
        "fra": "Drained",
        "iad": "Active",
        "sin": "Active",
    }

    assert dnsfleet(fleet, "undrain", "fra").stdout == "pop/fra is to be Active\n"
    fleet.wait("condition=Ready", READY_SECONDS, "pop", "fra")
    assert len(fleet.items(*of_fra)) == 2


def test_what_docs_gitops_shows_is_so(fleet: Access) -> None:
    page = (REPOSITORY / "docs" / "gitops.md").read_text()
    (yaml_block,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    keys = fleet.get("secret", "dnsfleet-keys", "-n", NAMESPACE)["metadata"]["annotations"]
    assert yaml.safe_load(yaml_block).items() <= keys.items()

    fleet.kubectl("create", "namespace", "argocd")
    fleet.kubectl("create", "configmap", "argocd-cm", "-n", "argocd")
    shown = re.findall(r"^\$ (.*)\n((?:(?!\$ |```).*\n)*)", page, re.MULTILINE)
    for command, printed in shown:
        by_git = "as spec.state asks" in printed
        if by_git:
            fleet.kubectl("patch", "pop", "fra", "--type=merge", "-p", DRAINED_IN_GIT)
        told = shell(fleet, command, exit_status=1 if by_git else 0)
        if "kubectl dnsfleet" in command:
            assert told.split() == printed.split(), command
        if "get pops" in command:
            assert [line.split()[:3] for line in told.splitlines()] == [
                line.split()[:3] for line in printed.splitlines() if line
            ]
    assert len(shown) == SHOWN_IN_GITOPS
    fleet.kubectl("delete", "namespace", "argocd", "--wait=false")
    assert fleet.get("pop", "fra")["metadata"]["annotations"]["dnsfleet.io/drain"] == "true"
    fleet.kubectl("apply", "-f", str(QUICKSTART))
    fleet.kubectl("patch", "pop", "fra", "--type=merge", "-p", ACTIVE_IN_GIT)
    assert dnsfleet(fleet, "undrain", "fra").stdout == "pop/fra is to be Active\n"
    fleet.wait("condition=Ready", READY_SECONDS, "pop", "fra")


def test_drain_of_the_last_pop_of_a_zone_is_refused(fleet: Access) -> None:
    fleet.apply(json.dumps(ZONE_OF_ONE_POP))
    fleet.wait("condition=Propagated", READY_SECONDS, "zone", "american")
    ended = dnsfleet(fleet, "drain", "iad", "--wait")
    dnsfleet(fleet, "undrain", "iad")
    fleet.kubectl("delete", "zone", "american")
    assert ended.returncode == 1
    assert (
        "pop/iad is not drained: no other Active Pop with a Ready edge serves american.example."
        in ended.stdout
    )
    wait_for("iad answers on", lambda: "2/2 ready" in dnsfleet(fleet, "status", "iad").stdout, 30)


def test_the_dashboard_is_reached_by_port_forward_alone(fleet: Access) -> None:
    fleet.helm(
        *("upgrade", *NAME, str(CHART), "--reuse-values", "--set", "statusPage.enabled=true"),
        *waiting(),
    )
    command = [sys.executable, "-m", "dnsfleet_cli.kubectl", "--kubeconfig", str(fleet.kubeconfig)]
    with subprocess.Popen(
        [*command, "dashboard", "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as shown:
        assert shown.stdout is not None
        url = shown.stdout.readline().split()[0]

        def states() -> set[str]:
            matrix = json.loads(get(f"{url}zones.json?zone=example", {}).text)["matrix"]
            assert matrix["pops"] == list(POPS)
            return {cell["state"] for row in matrix["rows"] for cell in row["cells"]}

        wait_for("every zone is current", lambda: states() == {"current"}, READY_SECONDS)
        pops = json.loads(get(f"{url}pops.json", {}).text)["pops"]
        assert [(pop["name"], pop["edges_ready"]) for pop in pops] == [(pop, 2) for pop in POPS]
        assert "No alert fires" not in get(url, {}).text  # nobody was named who would know
        shown.terminate()
    (pod,) = fleet.items("pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/component=status")
    address, image = pod["status"]["podIP"], pod["spec"]["containers"][0]["image"]
    tried = fleet.run_in_pod("stranger", image, "python3", "-c", _TRY, address)
    assert tried.split() == ["8080", "open", "8081", "closed"]


_TRY = """\
import socket, sys
for port in (8080, 8081):
    with socket.socket() as tried:
        tried.settimeout(5)
        print(port, "closed" if tried.connect_ex((sys.argv[1], port)) else "open")
"""
