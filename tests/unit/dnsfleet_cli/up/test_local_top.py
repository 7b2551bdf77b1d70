"""`dnsfleet top`: what it takes from the files of a state folder and from its Prometheus."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from dnsfleet_cli.up.local_top import LocalTop

PORT_OF_NOBODY = 1


@contextmanager
def prometheus(*found: dict[str, Any]) -> Iterator[int]:
    """The port of a server that has these alerts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/api/v1/alerts"
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"data": {"alerts": found}}).encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_port
        server.shutdown()


def alert(name: str, state: str, **labels: str) -> dict[str, Any]:
    return {
        "labels": {"alertname": name, **labels},
        "annotations": {"summary": f"{name} is so"},
        "activeAt": "2026-11-29T11:00:00Z",
        "state": state,
    }


def state_folder(folder: Path, **ports: int) -> LocalTop:
    pop = folder / "pops/fra"
    pop.mkdir(parents=True)
    (pop / "edge.json").write_text(json.dumps({"http": ["127.0.0.1", PORT_OF_NOBODY]}))
    (folder / "ports.json").write_text(json.dumps(ports))
    return LocalTop(folder)


def test_alerts_are_those_of_its_prometheus_that_fire_the_worst_first(tmp_path: Path) -> None:
    said = [
        alert("DnsfleetA", "firing"),
        alert("DnsfleetB", "pending", severity="critical"),
        alert("DnsfleetC", "firing", severity="critical", pop="fra"),
    ]
    with prometheus(*said) as port:
        found = state_folder(tmp_path, prometheus=port).look()
    assert found.alerts == (
        "DnsfleetC [critical] DnsfleetC is so",
        "DnsfleetA [none] DnsfleetA is so",
    )


@pytest.mark.parametrize("ports", [{}, {"prometheus": PORT_OF_NOBODY}])
def test_without_a_prometheus_nobody_knows_of_alerts(tmp_path: Path, ports: dict[str, int]) -> None:
    assert state_folder(tmp_path, **ports).look().alerts is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"http": 7}', '{"http": ["a"]}'])
def test_an_edge_whose_file_names_no_page_is_shown_as_not_answering(
    tmp_path: Path, text: str
) -> None:
    top = state_folder(tmp_path)
    (tmp_path / "pops/fra/edge.json").write_text(text)
    (pop,) = top.look().pops
    assert dict(pop.edges) == {"edge/fra": None}
