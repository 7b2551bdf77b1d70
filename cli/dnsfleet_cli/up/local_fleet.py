"""A fleet that `dnsfleet up` runs, as another process finds it: by its state folder and its files.

It only reads the folder, which belongs to the process that runs. What the edges of a Pop are told
is in the Pop's `edge.json`, and where they answer is in it too.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dns.message
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from dnsfleet.replication import public_keys
from dnsfleet.resources import Zone
from dnsfleet_io import dns_clients
from dnsfleet_io.dns_clients import NoAnswerError
from dnsfleet_publisher.core_redis import CoreRedis, connect

from dnsfleet_cli import document_files
from dnsfleet_cli.troubles import Trouble, reason
from dnsfleet_cli.up import redis_servers
from dnsfleet_cli.up.pops import EDGE_NAME
from dnsfleet_cli.verifying import wanted
from dnsfleet_cli.verifying.gathering import Ask
from dnsfleet_cli.verifying.wanted import Resources
from dnsfleet_cli.whole_files import PatientFiles
from dnsfleet_cli.zone_paths import ZonePaths


class LocalFleet:
    """See `verifying.gathering.Fleet`."""

    def __init__(self, paths: Sequence[Path], state_dir: Path, redis_url: str | None) -> None:
        """Trouble where the folder is not one that `up` has used."""
        # What the store logs is said by a writer, and this is none.
        logging.getLogger("dnsfleet_publisher").setLevel(logging.CRITICAL)
        self._paths = paths
        self._root = state_dir
        if redis_url is None:
            password = self._table("passwords.json").__getitem__
            core = redis_servers.embedded_core(self._port("core"), password)
        else:
            core = redis_servers.external_core(redis_url)
        self.core_url = core.publisher_url
        """Of the core, as its writer reaches it."""
        self.core = CoreRedis(connect(self.core_url))
        self._replicas: dict[str, CoreRedis] = {}

    @property
    def public(self) -> Sequence[Ed25519PublicKey]:
        """The keys by which edges verify."""
        path = self._root / "publisher.pub"
        try:
            return public_keys.parse(read(self._root, "publisher.pub"))
        except ValueError as error:
            raise Trouble(f"{path}: {error}") from None

    def resources(self) -> Resources:
        """What the files ask for now."""
        files = PatientFiles()
        found, refused = document_files.read_all(self._paths, files)
        unknown = {
            each.reference
            for each in found
            if isinstance(each.resource, Zone) and each.resource.spec.transfer is not None
        }
        return wanted.read(found, refused, ZonePaths(files), unknown)

    def replica(self, pop: str) -> CoreRedis:
        """The replica of a Pop."""
        url = self._settings(pop)["replica_url"]
        if url not in self._replicas:
            self._replicas[url] = CoreRedis(connect(url))
        return self._replicas[url]

    def edges(self, pop: str) -> Mapping[str, Ask]:
        """The one edge of a Pop, at the first of its addresses."""
        host, port = self._settings(pop)["listen"][0]
        return {EDGE_NAME: asking(host, port)}

    def _settings(self, pop: str) -> dict[str, Any]:
        """What the edge of a Pop is told."""
        return self._table(f"pops/{pop}/edge.json")

    def _port(self, server: str) -> int:
        try:
            return int(self._table("ports.json")[server])
        except KeyError:
            raise Trouble(
                f"{self._root}: no {server} was run from this folder; give --redis-url as `up` "
                "was given it"
            ) from None

    def _table(self, name: str) -> dict[str, Any]:
        return table(self._root, name)


def table(root: Path, name: str) -> dict[str, Any]:
    """What a JSON file of a state folder says; Trouble where it cannot be read."""
    try:
        found = json.loads(read(root, name))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Trouble(f"{root / name} is damaged; `dnsfleet up` writes it at its start")
    return found


def read(root: Path, name: str) -> bytes:
    """A file of a state folder; Trouble where it cannot be read."""
    path = root / name
    try:
        return path.read_bytes()
    except OSError as error:
        raise Trouble(
            f"{path} cannot be read: {reason(error)}; see that `dnsfleet up` runs from this "
            "folder, or name another with --state-dir"
        ) from None


def asking(host: str, port: int) -> Ask:
    """What asks the edge at an address, over one TCP connection."""

    def ask(queries: Sequence[dns.message.Message]) -> list[dns.message.Message]:
        try:
            return [each.message for each in dns_clients.ask_tcp(host, port, queries)]
        except NoAnswerError as error:
            raise Trouble(f"no answer at {host} port {port}: {error}") from None

    return ask
