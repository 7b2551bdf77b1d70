"""`dnsfleet-externaldns` in tests: a client that asks as ExternalDNS does, and its process.

with webhook(folder, kubeconfig) as found:
    ExternalDNS(found.ask).round([…])
"""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from dnsfleet_externaldns.endpoints import MEDIA_TYPE

from support import scraped
from support.ports import free_port
from support.waiting import wait_for

COMMAND = str(Path(sys.executable).parent / "dnsfleet-externaldns")
SECONDS = 60.0
ACCEPT = {"Accept": MEDIA_TYPE}
SENT = {"Content-Type": MEDIA_TYPE}


class Reply(NamedTuple):
    status: int
    content_type: str
    body: bytes


class Client:
    """Asks a webhook."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._url = f"http://localhost:{port}"

    def request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        """What is answered, whatever it is."""
        request = urllib.request.Request(self._url + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as reply:
                return Reply(reply.status, reply.headers["content-type"] or "", reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.headers["content-type"] or "", error.read())

    def ask(self, method: str, path: str, body: Any) -> Any:
        """An answer, which is to have the status that ExternalDNS takes for success."""
        if method == "GET":
            reply, wanted = self.request(method, path, None, ACCEPT), 200
        else:
            headers, wanted = (SENT, 204) if path == "/records" else (SENT | ACCEPT, 200)
            reply = self.request(method, path, json.dumps(body).encode(), headers)
        assert reply.status == wanted, reply.body
        return json.loads(reply.body) if reply.body else None


class Webhook(Client):
    """A process that serves."""

    def __init__(self, port: int, health: int) -> None:
        super().__init__(port)
        self._health = health

    def is_up(self) -> bool:
        """Whether /healthz says so."""
        try:
            return self._page("/healthz") == "ok\n"
        except OSError:
            return False

    def samples(self) -> dict[str, float]:
        """What /metrics tells, by name and labels."""
        found = scraped.samples(self._page("/metrics"))
        return {
            " ".join([each.name, *(each.labels[key] for key in sorted(each.labels))]): each.value
            for each in found
        }

    def _page(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._health}{path}", timeout=5) as page:
            return str(page.read().decode())


@contextmanager
def webhook(
    folder: Path, kubeconfig: Path, *options: str, instance: str = "test"
) -> Iterator[Webhook]:
    """A webhook as a process of its own; `folder` gets its log."""
    port, health = free_port(), free_port()
    command = [COMMAND, f"--instance={instance}", f"--port={port}", *options]
    command.append(f"--health=127.0.0.1:{health}")
    with (folder / f"{instance}.log").open("wb") as log:
        process = subprocess.Popen(
            command, env={"KUBECONFIG": str(kubeconfig)}, stdout=log, stderr=log
        )
    found = Webhook(port, health)
    try:
        wait_for("the webhook", found.is_up, SECONDS)
        yield found
    finally:
        process.terminate()
        assert process.wait(SECONDS) == 0
