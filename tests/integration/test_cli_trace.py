"""`kubectl dnsfleet trace` with the real client: what it asks an API server for, and tells."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

WHICH = "zone=example.com. revision=3.57 lsn=57"
OPERATOR = f"""\
1 event=change_seen kind=Zone object=dns/example generation=4 deleted=false waited=0.000
2 event=zone_planned {WHICH}
3 event=zone_published {WHICH} serial=7 records=3
9 event=zone_propagated zone=example.com. revision=3.57 serial=7 object=dns/example generation=4
"""
TOLD = "4 event=told lsn=57 source=log entries=1\n"
LOADED = (
    f"5 event=zone_loaded {WHICH} serial=7 source=delta\n6 event=acked lsn=57 failing=0 ahead=0\n"
)
LOGS = {
    ("operator-1", "operator", False): OPERATOR,
    ("edge-1", "edge", False): LOADED,
    ("edge-1", "edge", True): TOLD,
}
ZONE = {
    "apiVersion": "dnsfleet.io/v1alpha1",
    "kind": "Zone",
    "metadata": {"name": "example", "namespace": "dns"},
    "spec": {"origin": "example.com", "nameServers": ["ns1.example.net"]},
}


def pod(name: str, component: str, restarts: int) -> dict[str, Any]:
    labels = {"app.kubernetes.io/component": component, "dnsfleet.io/pop": "fra"}
    status = {"containerStatuses": [_container(component, restarts)]}
    return {"metadata": {"name": name, "namespace": "dns", "labels": labels}, "status": status}


def _container(name: str, restarts: int) -> dict[str, Any]:
    told = {"name": name, "restartCount": restarts, "ready": True, "image": "", "imageID": ""}
    return told | {"state": {}, "lastState": {}}


class Answers(BaseHTTPRequestHandler):
    """The API server, as far as a trace asks it."""

    asked: ClassVar[list[dict[str, list[str]]]] = []

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path.endswith("/log"):
            self.asked.append(query)
            name = path.split("/")[-2]
            previous = query["previous"] == ["true"]
            self._send("text/plain", _text(LOGS[name, query["container"][0], previous]))
            return
        items: list[dict[str, Any]] = []
        if path.endswith("/zones"):
            items = [ZONE]
        if path in ("/api/v1/pods", "/api/v1/namespaces/dns/pods"):
            items = [pod("operator-1", "operator", 0), pod("edge-1", "edge", 1)]
        self._send("application/json", json.dumps({"metadata": {}, "items": items}))

    def _send(self, kind: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


def _text(lines: str) -> str:
    head = "time=2026-01-31T12:00:0{}.000Z level=info logger=dnsfleet {}\n"
    return "".join(head.format(*each.split(" ", 1)) for each in lines.splitlines())


@pytest.fixture(name="kubeconfig")
def _kubeconfig(tmp_path: Path) -> Iterator[Path]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    place = {"server": f"http://127.0.0.1:{server.server_port}"}
    content = {
        "clusters": [{"name": "c", "cluster": place}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(content))
    yield file
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("name", ["dns/example", "example.com"])
def test_a_change_is_followed_through_the_logs_of_pods(kubeconfig: Path, name: str) -> None:
    Answers.asked.clear()
    program = [sys.executable, "-m", "dnsfleet_cli.kubectl", "--kubeconfig", str(kubeconfig)]
    ended = subprocess.run(
        [*program, "trace", name, "--since", "600"], capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    rows = [each.split()[:2] for each in ended.stdout.splitlines()]
    operator, edge = "operator-1", "fra/edge-1"
    assert rows[4:13] == [
        ["STATION", "PROCESS"],
        *(["seen", operator], ["planned", operator], ["published", operator]),
        *(["told", edge], ["loaded", edge], ["acked", edge]),
        *(["propagated", operator], []),
    ]
    assert len(Answers.asked) == 3
    for query in Answers.asked:
        assert (query["sinceSeconds"], query["tailLines"]) == (["600"], ["20000"])


def test_what_has_no_line_is_told(kubeconfig: Path) -> None:
    program = [sys.executable, "-m", "dnsfleet_cli.kubectl", "--kubeconfig", str(kubeconfig)]
    ended = subprocess.run(
        [*program, "trace", "other.example"], capture_output=True, text=True, timeout=60
    )
    expected = "no line of 2 logs tells of a change of other.example.\n"
    assert (ended.returncode, ended.stdout) == (1, expected)
