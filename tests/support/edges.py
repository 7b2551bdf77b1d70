"""A real edge process, and what can be asked of it."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from support import scraped
from support.ports import free_port
from support.waiting import wait_for

HOST = "127.0.0.1"
START_SECONDS = 20.0
STOP_SECONDS = 15.0
REPLY_SECONDS = 1.0


class EdgeProcess:
    """`dnsfleet-edge` with a config of its own under `folder`; ports stay the same in a restart."""

    def __init__(self, folder: Path, public_key: Ed25519PublicKey, **config: Any) -> None:
        self.before = ""
        """Python code that the process runs first, to change what this edge does."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port, self.http = free_port(), free_port()
        key = folder / "publisher.pub"
        key.write_bytes(public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        self._config = folder / "edge.json"
        settings = {
            "pop": "fra",
            "edge": "fra-0",
            "listen": [[HOST, self.port]],
            "http": [HOST, self.http],
            "public_key": str(key),
            "state_dir": str(folder / "state"),
            "shards": 2,
            "unready_seconds": 0.2,
        }
        self._config.write_text(json.dumps(settings | config))
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start the process and wait for nothing."""
        program = f"{self.before}\nfrom dnsfleet_edge.main import main\nmain()"
        with (self.folder / "edge.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", program, str(self._config)], stderr=log
            )

    def start(self) -> None:
        """Start the process; returns when it serves HTTP, which comes before it is ready."""
        self.launch()
        wait_for("the edge serves HTTP", lambda: self.page("/healthz")[0] == 200, START_SECONDS)

    def start_ready(self) -> None:
        self.start()
        try:
            wait_for("the edge is ready", self.is_ready, START_SECONDS)
        except AssertionError as error:
            error.add_note(f"/readyz: {self.page('/readyz')}\n{self.log}")
            raise

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    def wait(self) -> int:
        """The exit status of a process that was told to stop."""
        assert self._process is not None
        status = self._process.wait(STOP_SECONDS)
        self._process = None
        return status

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        self.send(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def log(self) -> str:
        return (self.folder / "edge.log").read_text()

    def page(self, path: str) -> tuple[int, str]:
        """Status and body of a page; status 0 where nobody listens."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.http}{path}", timeout=5) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def is_ready(self) -> bool:
        return self.page("/readyz")[0] == 200

    def metrics(self) -> dict[str, float]:
        """Samples by name, summed over their labels."""
        sums: dict[str, float] = {}
        for sample in scraped.samples(self.page("/metrics")[1]):
            sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
        return sums

    def ask(self, name: str, rtype: str = "A", tcp: bool = False) -> dns.message.Message | None:
        """The reply to one query; None where none comes."""
        query = dns.message.make_query(name, rtype, flags=0)
        send = dns.query.tcp if tcp else dns.query.udp
        try:
            return send(query, HOST, timeout=REPLY_SECONDS, port=self.port)
        except (dns.exception.Timeout, OSError, EOFError):
            return None

    def address(self, name: str, tcp: bool = False) -> str | None:
        """The one A rdata at a name; otherwise the rcode, or None for no reply."""
        reply = self.ask(name, tcp=tcp)
        if reply is None:
            return None
        for rrset in reply.answer:
            if rrset.rdtype == dns.rdatatype.A:
                return str(rrset[0].to_text())
        return str(dns.rcode.to_text(reply.rcode()))
