"""Signed zones in a cluster, one by ConfigMap and one by URL, are signed anew under queries.

No reply of any edge may be bogus at any moment, and what a Zone's status says is live is answered
by every edge. `support.signed_replies` has the clients, which ask from outside of the cluster.
"""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import pytest
from cluster.access import Access
from cluster.namespaces import Node
from support import probe_fleets, tls_servers
from support.releases import NAMESPACE, READY_SECONDS
from support.resigned_zones import ResignedZone
from support.signed_replies import AskingEdges, AskingValidator
from support.validators import UNCACHED, validating

RESIGNINGS = 6
SEED = 4035
CHANGE_SECONDS = 30
ANSWER_SECONDS = 5
ASKED = 20
ADDRESS = "192.31.196.1"
"""A public address for the operator, which reads from no other: the shared one of AS112 (RFC 7535).
Here it is in the client's network."""
NAMES = ("mapped", "linked")
CERTIFICATE = "zones-certificate"
OPERATOR = ("deployment/dnsfleet-operator", "--namespace", NAMESPACE)

Object = dict[str, Any]
Server = tuple[str, int]


class Bringing:
    """Both zones, and how each version of them is brought to the cluster."""

    def __init__(self, cluster: Access, folder: Path, url: str, files: dict[str, bytes]) -> None:
        self.zones = {name: ResignedZone(folder / name, f"{name}.example.") for name in NAMES}
        self._cluster = cluster
        self._url = url
        self._files = files
        self._by = {"mapped": self._by_config_map, "linked": self._by_url}

    def bring(self, name: str) -> None:
        """Sign a zone, and give it to the cluster."""
        items = [*self._by[name](self.zones[name].sign())]
        self._cluster.apply(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))

    def _by_config_map(self, text: str) -> Iterator[Object]:
        yield {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "mapped", "namespace": "default"},
            "data": {"zone": text},
        }
        yield _zone("mapped", {"configMaps": [{"name": "mapped", "key": "zone"}]})

    def _by_url(self, text: str) -> Iterator[Object]:
        octets = text.encode()
        path = f"/linked.example-{self.zones['linked'].serial}.zone"
        self._files[path] = octets
        digest = hashlib.sha256(octets).hexdigest()
        yield _zone("linked", {"url": self._url + path, "sha256": digest})

    def wait(self, name: str, seconds: float) -> None:
        """Until the status says that the newest version is live, as docs/dnssec.md waits for it."""
        where = (f"zone/{name}", "-n", "default")
        serial = self.zones[name].serial
        self._cluster.wait(f"jsonpath={{.status.serial}}={serial}", seconds, *where)
        self._cluster.wait("condition=Propagated", seconds, *where)


@pytest.fixture(scope="module")
def bringing(
    release: Access, node: Node, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bringing]:
    """An operator that trusts the server of the files, and both zones at three Pops."""
    folder = tmp_path_factory.mktemp("signed")
    files: dict[str, bytes] = {}
    certificate = folder / "server.pem"
    certificate.write_bytes(tls_servers.credentials(ADDRESS))
    with ExitStack() as stack:
        stack.enter_context(_client_address(node))
        with node.on_client():  # sockets are made there, and stay there
            url = stack.enter_context(tls_servers.serving(ADDRESS, certificate, files))
        _trust(release, certificate)
        bringing = Bringing(release, folder, url, files)
        for name in NAMES:
            bringing.bring(name)
        probe_fleets.scale(release, 1)
        for name in NAMES:
            bringing.wait(name, READY_SECONDS)
        yield bringing
        release.kubectl("delete", "configmap", "mapped", "-n", "default")


@pytest.mark.timeout(600)
def test_no_reply_is_bogus_while_zones_are_resigned(
    bringing: Bringing, release: Access, node: Node, tmp_path: Path
) -> None:
    servers = probe_fleets.edge_servers(release)
    assert len(servers) == len(probe_fleets.POPS)
    zones = bringing.zones
    with ExitStack() as stack:
        edges, validators = {}, {}
        with node.on_client():
            for name, zone in zones.items():
                edges[name] = stack.enter_context(AskingEdges(servers, zone, SEED))
                validator = stack.enter_context(
                    validating(servers[0], [zone.origin], zone.anchors, tmp_path / name, UNCACHED)
                )
                validators[name] = stack.enter_context(AskingValidator(validator, zone, SEED))
        for _ in range(RESIGNINGS):
            for name, zone in zones.items():
                bringing.bring(name)
                bringing.wait(name, CHANGE_SECONDS)
                with node.on_client():
                    assert {_serial(server, zone.origin) for server in servers} == {zone.serial}
                for client in (edges[name], validators[name]):
                    client.go_on(ASKED)
        clients = [*edges.values(), *validators.values()]
    print(f"{RESIGNINGS} versions; replies: {[client.asked for client in clients]}")
    assert [fault for client in clients for fault in client.faults] == []


def _zone(name: str, file: Object) -> Object:
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"origin": f"{name}.example", "zoneFile": file},
    }


def _serial(server: Server, origin: str) -> int:
    query = dns.message.make_query(origin, "SOA")
    reply = dns.query.udp(query, server[0], ANSWER_SECONDS, server[1])
    return int(reply.answer[0][0].serial)


@contextmanager
def _client_address(node: Node) -> Iterator[None]:
    """ADDRESS in the client's network, where the node sends all that is not in the cluster."""
    command = ("ip", "-n", node.client, "address")
    end = (f"{ADDRESS}/32", "dev", "lo")
    subprocess.run([*command, "add", *end], check=True)
    try:
        yield
    finally:
        subprocess.run([*command, "del", *end], check=True)


def _trust(cluster: Access, certificate: Path) -> None:
    """Have the operator replaced by one that trusts a certificate."""
    metadata = {"name": CERTIFICATE, "namespace": NAMESPACE}
    data = {"server.pem": certificate.read_text()}
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    cluster.apply(json.dumps(made))
    container = {
        "name": "operator",
        "env": [{"name": "SSL_CERT_FILE", "value": "/certificate/server.pem"}],
        "volumeMounts": [{"name": "certificate", "mountPath": "/certificate"}],
    }
    volume = {"name": "certificate", "configMap": {"name": CERTIFICATE}}
    pod = {"spec": {"containers": [container], "volumes": [volume]}}
    patch = json.dumps({"spec": {"template": pod}})
    cluster.kubectl("patch", *OPERATOR, "--patch", patch)
    cluster.kubectl("rollout", "status", *OPERATOR, f"--timeout={READY_SECONDS:g}s")
