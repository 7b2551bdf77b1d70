"""Prometheus and Alertmanager of Debian, beside the cluster: they scrape its pods and alert.

Pods are reached through the API server's proxy, so that it does not matter where the cluster is.
"""

import base64
import json
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from cluster.access import Access
from dnsfleet_cli.up import observing

from support.ports import free_port
from support.waiting import wait_for

START_SECONDS = 30.0


class Notice(NamedTuple):
    """One alert of a notification."""

    name: str
    status: str
    """`firing` or `resolved`."""
    labels: dict[str, str]


class Monitoring:
    """A running pair, and the notifications that Alertmanager sent."""

    def __init__(self, url: str, look_for_pods: Callable[[], None]) -> None:
        self._url = url
        self.notices: list[Notice] = []
        self.look_for_pods = look_for_pods
        """Have the pods scraped that there are now, and no other."""

    def firing(self) -> set[str]:
        """The alerts that were told and not resolved."""
        last = {tuple(sorted(each.labels.items())): each for each in list(self.notices)}
        return {each.name for each in last.values() if each.status == "firing"}

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The samples of an instant query."""
        text = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"{self._url}/api/v1/query?{text}", timeout=10) as response:
            found: list[dict[str, Any]] = json.load(response)["data"]["result"]
        return found

    def gives_a_number(self, expression: str) -> bool:
        """Whether some sample of it is one; 0/0 is none."""
        return any(sample["value"][1] != "NaN" for sample in self.query(expression))

    def has(self, expression: str) -> bool:
        """Whether an expression gives any sample; False while Prometheus does not answer."""
        try:
            return bool(self.query(expression))
        except OSError:
            return False


@contextmanager
def monitoring(
    cluster: Access, namespace: str, rules: dict[str, Any], folder: Path
) -> Iterator[Monitoring]:
    """Scrape the release in `namespace` every two seconds, and evaluate `rules` each second."""
    prometheus, alertmanager = free_port(), free_port()

    def look_for_pods() -> None:
        # Renamed into its place, as Prometheus reads it whenever it changes.
        new = folder / "targets.new"
        new.write_text(json.dumps(_targets(cluster, namespace)))
        new.replace(folder / _TARGETS)

    watched = Monitoring(f"http://127.0.0.1:{prometheus}", look_for_pods)
    look_for_pods()
    (folder / "rules.yaml").write_text(yaml.safe_dump(rules))
    scrape = _scrape_config(cluster, folder)
    alerting = observing.alerting(alertmanager)
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(scrape | alerting))
    with ExitStack() as running:
        receiver = running.enter_context(_receiver(watched.notices))
        (folder / "alertmanager.yaml").write_text(yaml.safe_dump(_routing(receiver)))
        for name, command in (
            (
                "alertmanager",
                observing.alertmanager_command(observing.ALERTMANAGER[0], folder, alertmanager),
            ),
            (
                "prometheus",
                observing.prometheus_command(observing.PROMETHEUS[0], folder, prometheus),
            ),
        ):
            running.enter_context(_process(command, folder / f"{name}.log"))
        wait_for("Prometheus scrapes the operator", lambda: watched.has(_LEADER), START_SECONDS)
        yield watched


_LEADER = "dnsfleet_operator_leader == 1"
_TARGETS = "targets.json"


def _scrape_config(cluster: Access, folder: Path) -> dict[str, Any]:
    """A scrape configuration for the pods in `_TARGETS`, like that of the chart's PodMonitor."""
    job = {
        "job_name": "dnsfleet",
        "honor_labels": True,
        "scheme": "https",
        "tls_config": _credentials(cluster.kubeconfig, folder),
        "file_sd_configs": [{"files": [_TARGETS], "refresh_interval": "5s"}],
    }
    # A page may take as long; on a busy machine some take more than a second.
    interval = {"scrape_interval": "2s", "evaluation_interval": "1s"}
    return {"global": interval, "scrape_configs": [job]}


def _targets(cluster: Access, namespace: str) -> list[dict[str, Any]]:
    """A target for each pod; Debian's Prometheus cannot ask a cluster for its pods."""
    (about,) = [each["cluster"] for each in _kubeconfig(cluster.kubeconfig)["clusters"]]
    server = urllib.parse.urlsplit(about["server"]).netloc
    components = "app.kubernetes.io/component in (edge,operator,tunnel,probe)"
    pods = cluster.items("pods", "--namespace", namespace, "--selector", components)
    return [
        {"targets": [server], "labels": _target_labels(namespace, pod["metadata"])} for pod in pods
    ]


def _target_labels(namespace: str, pod: dict[str, Any]) -> dict[str, str]:
    name = pod["name"]
    return {
        "__metrics_path__": f"/api/v1/namespaces/{namespace}/pods/{name}:8080/proxy/metrics",
        "instance": name,
        "pod": name,
        "pop": pod["labels"].get("dnsfleet.io/pop", ""),
    }


def _kubeconfig(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def _credentials(kubeconfig: Path, folder: Path) -> dict[str, str]:
    """Files with the credentials that a kubeconfig embeds, as Prometheus takes them."""
    document = _kubeconfig(kubeconfig)
    (cluster,) = [each["cluster"] for each in document["clusters"]]
    (user,) = [each["user"] for each in document["users"]]
    files = {}
    for key, text in (
        ("ca_file", cluster["certificate-authority-data"]),
        ("cert_file", user["client-certificate-data"]),
        ("key_file", user["client-key-data"]),
    ):
        path = folder / key
        path.write_bytes(base64.b64decode(text))
        files[key] = str(path)
    return files


def _routing(receiver: int) -> dict[str, Any]:
    hook = {"url": f"http://127.0.0.1:{receiver}/", "send_resolved": True}
    return {
        "route": {
            "receiver": "test",
            "group_by": ["..."],
            "group_wait": "0s",
            "group_interval": "1s",
            "repeat_interval": "1h",
        },
        "receivers": [{"name": "test", "webhook_configs": [hook]}],
    }


@contextmanager
def _receiver(notices: list[Notice]) -> Iterator[int]:
    """The port of a webhook that keeps what it gets."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            notices.extend(
                Notice(alert["labels"]["alertname"], alert["status"], alert["labels"])
                for alert in body["alerts"]
            )
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent: a test shows what the webhook got."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _process(command: list[str], log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        process.wait()
