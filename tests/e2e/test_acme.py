"""cert-manager and certbot get certificates by DNS-01 of a fleet, from Pebble, which asks an edge.

They run beside the cluster, with the lines of docs/integrations/acme.md: the gate takes their
updates from outside, and an update is answered when the edges of three Pops answer with its record.
"""

import json
import os
from pathlib import Path

import dns.name
import dns.tsig
import pytest
import yaml
from cluster.access import Access
from cluster.namespaces import Node
from support import certbot, clients_beside, pages, probe_fleets
from support.acme_servers import challenge, pebble
from support.cert_managers import PAGE, cert_manager
from support.releases import CHART, NAME, NAMESPACE, READY_SECONDS, waiting
from support.updated_servers import ORIGIN, UpdatedServer
from support.waiting import wait_for

pytestmark = pytest.mark.skipif("ACME" not in os.environ, reason="it takes long: make e2e-acme")

ZONE = "example-org"
MANIFEST = {
    "apiVersion": "dnsfleet.io/v1alpha1",
    "kind": "Zone",
    "metadata": {"name": ZONE, "namespace": "default"},
    "spec": {
        "origin": ORIGIN,
        "nameServers": ["ns1.example.net"],
        "records": [{"name": "@", "type": "TXT", "data": ["of others"]}],
    },
}
COUNT = 10
CERTIFICATE_SECONDS = 60.0
ENDED_SECONDS = 120.0
GIVEN_SECONDS = 30.0
"""Until a gate has what a TsigKey says: the operator and the kubelet take seconds each."""


@pytest.fixture(scope="module")
def server(release: Access, node: Node, tmp_path_factory: pytest.TempPathFactory) -> UpdatedServer:
    """A gate that takes updates with the key of the page, and the edges of a Pop."""
    release.apply(json.dumps(MANIFEST))
    probe_fleets.scale(release, 1)
    gates = ("--set", "gate.enabled=true", "--set", "gate.updates.enabled=true")
    release.helm("upgrade", *NAME, str(CHART), *gates, *waiting())
    folder = tmp_path_factory.mktemp("page")
    pages.write_files(PAGE, folder)
    manifests = (folder / "key.yaml").read_text()
    release.apply(manifests)
    key, secret = yaml.safe_load_all(manifests)
    name = key["metadata"]["name"]
    release.wait("condition=Ready", GIVEN_SECONDS, "tsigkey", name, "--namespace", NAMESPACE)
    release.wait("condition=Propagated", READY_SECONDS, "zone", ZONE)
    service = release.get("service", "dnsfleet-gate-updates", "--namespace", NAMESPACE)
    gate = service["spec"]["clusterIP"]
    signing = dns.tsig.Key(
        dns.name.from_text(name), secret["stringData"]["secret"], dns.tsig.HMAC_SHA256
    )
    wait_for(
        "the gate has the key",
        lambda: clients_beside.gate_has_key(node, gate, signing, ORIGIN),
        GIVEN_SECONDS,
    )
    edge, port = probe_fleets.services(release)[0]
    return UpdatedServer(f"{gate}:53", name, secret["stringData"]["secret"], f"{edge}:{port}")


def test_ten_certificates_at_once_and_a_wildcard_with_its_base(
    release: Access, server: UpdatedServer, node: Node, tmp_path: Path
) -> None:
    kubeconfig = clients_beside.kubeconfig(release, node, tmp_path / "kubeconfig")
    access = Access(kubeconfig, release.kubectl_path, release.helm_path)
    with (
        node.on_client(),
        pebble(tmp_path, server.resolver) as acme,
        cert_manager(access, acme, server, tmp_path) as client,
    ):
        wanted = {f"app{n}": [f"app{n}.{ORIGIN}"] for n in range(COUNT)}
        took = client.issue(wanted, CERTIFICATE_SECONDS)
        print(f"Ready after {' '.join(f'{seconds:.1f}' for seconds in sorted(took.values()))} s")
        took = client.issue({"all": [ORIGIN, f"*.{ORIGIN}"]}, CERTIFICATE_SECONDS)
        print(f"Ready after {took['all']:.1f} s")
        assert server.txt(ORIGIN) == {'"of others"'}


def test_two_records_at_one_name(server: UpdatedServer, node: Node, tmp_path: Path) -> None:
    (owner,) = {challenge(name) for name in certbot.NAMES}
    with (
        node.on_client(),
        pebble(tmp_path, server.resolver) as acme,
        certbot.run(acme, server, tmp_path) as client,
    ):
        wait_for("two records", lambda: len(server.txt(owner)) == 2, CERTIFICATE_SECONDS)
        acme.check(client.ended(ENDED_SECONDS), certbot.NAMES)
        wait_for("no record is left", lambda: not server.txt(owner), CERTIFICATE_SECONDS)
