"""`kubectl dnsfleet top` at an API server that shows two clusters' Pops, and `dnsfleet top`."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.pods import PAGE_OCTETS, Pod
from dnsfleet_cli.top import samples
from dnsfleet_cli.troubles import Trouble

API = "/apis/dnsfleet.io/v1alpha1"
EDGE_PAGE = """\
dnsfleet_edge_ready 1.0
dnsfleet_edge_replica_connected 1.0
dnsfleet_edge_zones 4.0
dnsfleet_edge_queries_total{shard="0"} %d
dnsfleet_edge_replication_lag_seconds 0.5
"""
OPERATOR_PAGE = """\
dnsfleet_pop_queries_per_second{pop="nrt"} 250.0
dnsfleet_pop_servfail_ratio{pop="nrt"} 0.0
dnsfleet_pop_edge_memory_bytes{pop="nrt"} 4096.0
"""


def pop(name: str, cluster: str, ready: int) -> dict[str, Any]:
    edges = {"ready": ready, "desired": 2}
    state = "True" if ready else "False"
    condition = {"type": "Ready", "status": state, "observedGeneration": 1, "message": "no edges"}
    return {
        "metadata": {"name": name, "generation": 1},
        "spec": {"cluster": cluster},
        "status": {
            "edges": edges,
            "lagSeconds": 1.5,
            "zones": {"assigned": 4, "current": 4},
            "conditions": [condition],
        },
    }


def pod(name: str, component: str, pop: str, ready: bool = True) -> dict[str, Any]:
    labels = {"app.kubernetes.io/component": component} | ({"dnsfleet.io/pop": pop} if pop else {})
    ports = [{"name": "http", "containerPort": 8090}]
    return {
        "metadata": {"name": name, "namespace": "dns", "labels": labels},
        "spec": {"containers": [{"name": "it", "ports": ports}]},
        "status": {"conditions": [{"type": "Ready", "status": str(ready)}]},
    }


PODS = [
    pod("fra-a", "edge", "fra"),
    pod("fra-b", "edge", "fra"),
    pod("iad-a", "edge", "iad", ready=False),
    pod("operator-a", "operator", ""),
]


class Handler(BaseHTTPRequestHandler):
    """As much of an API server as `top` asks."""

    asked = 0

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        match path.removeprefix("/api/v1").removeprefix(API):
            case "/pops":
                pops = [pop("fra", "local", 2), pop("iad", "local", 0), pop("nrt", "agent", 2)]
                self._send(json.dumps({"items": pops}))
            case "/fleets":
                self._send(json.dumps({"items": []}))
            case "/pods" | "/namespaces/dns/pods":
                component = "edge" if "edge" in query else "operator"
                found = [
                    each
                    for each in PODS
                    if each["metadata"]["labels"]["app.kubernetes.io/component"] == component
                ]
                self._send(json.dumps({"kind": "PodList", "apiVersion": "v1", "items": found}))
            case "/namespaces/dns/pods/fra-a%3A8090/proxy/metrics":
                type(self).asked += 1000
                self._send(EDGE_PAGE % self.asked)
            case "/namespaces/dns/pods/operator-a%3A8090/proxy/metrics":
                self._send(OPERATOR_PAGE)
            case "/namespaces/dns/pods/hidden%3A8090/proxy/metrics":
                self._send(json.dumps({"message": "you may not get pods/proxy"}), 403)
            case "/namespaces/dns/pods/large%3A8090/proxy/metrics":
                self._send("x" * (PAGE_OCTETS + 1))
            case _:  # the other edge of fra too
                self._send(json.dumps({"message": "\x1b[2Jowned"}), 500)

    def _send(self, text: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if text[0] == "{" else "text/plain")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture(name="kubeconfig")
def _kubeconfig(tmp_path: Path) -> Iterator[Path]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        cluster = {"server": f"http://127.0.0.1:{server.server_address[1]}"}
        path = tmp_path / "config"
        path.write_text(
            yaml.safe_dump(
                {
                    "current-context": "it",
                    "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
                    "clusters": [{"name": "it", "cluster": cluster}],
                    "users": [{"name": "it", "user": {}}],
                }
            )
        )
        yield path
        server.shutdown()
        thread.join()


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, timeout=60, check=False
    )


def test_a_cluster_is_shown_by_its_objects_the_pages_of_edges_and_what_others_report(
    kubeconfig: Path,
) -> None:
    shown = run("dnsfleet_cli.kubectl", "--kubeconfig", str(kubeconfig), "top")
    assert (shown.returncode, shown.stderr) == (0, "")
    summary, _, _, *rows = shown.stdout.splitlines()
    assert "3 Pops, 2 need attention  4/6 edges" in summary
    iad, fra, nrt = (row.split(maxsplit=9) for row in rows)
    assert iad[:3] == ["iad", "0/2", "4"]
    assert rows[0].endswith("no edges; 2 of 2 edges not ready")
    assert fra[:3] == ["fra", "2/2", "4"]
    assert 0 < float(fra[3]) <= 500  # a thousand between two looks, two seconds apart or more
    assert rows[1].endswith("0.5 s  no page of fra-b")
    assert nrt[:4] == ["nrt", "2/2", "4", "250"]
    assert rows[2].endswith("0.00%  1.5 s")


@pytest.mark.parametrize(
    ("pod", "told"),
    [("evil", r"dns/evil: \\x1b\[2Jowned$"), ("large", r"dns/large: it has more than \d+ octets$")],
)
def test_what_a_pod_says_neither_moves_the_cursor_nor_fills_the_memory(
    kubeconfig: Path, pod: str, told: str
) -> None:
    with pytest.raises(Trouble, match=told):
        Cluster(kubeconfig, None).page(Pod("dns", pod, 8090), "metrics", 20)


def test_who_may_read_no_page_is_told_that_and_nothing_of_edges(kubeconfig: Path) -> None:
    cluster = Cluster(kubeconfig, None)
    with pytest.raises(Trouble, match="dns/hidden: you may not get pods/proxy"):
        samples.read_all(
            ["hidden"], lambda name: cluster.page(Pod("dns", name, 8090), "metrics", 20)
        )


def test_a_folder_without_a_fleet_is_told(tmp_path: Path) -> None:
    shown = run("dnsfleet_cli", "top", "--state-dir", str(tmp_path))
    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr == (
        f"dnsfleet: {tmp_path}: no fleet runs from this folder; start `dnsfleet up`, or name its "
        "folder with --state-dir\n"
    )
