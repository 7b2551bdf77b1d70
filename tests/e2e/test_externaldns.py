"""ExternalDNS on a real cluster, by the webhook and by updates, with the lines of its pages.

ExternalDNS and its webhook run beside the cluster, with the rights that both charts give to the
ServiceAccount of their pod, and no others. Three Pops answer.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import dns.message
import dns.name
import dns.query
import dns.tsig
import pytest
import yaml
from cluster.access import Access
from cluster.namespaces import Node
from support import clients_beside, external_dns_runs, pages, probe_fleets
from support.exposed_services import Exposed
from support.external_dns_runs import UPDATES, WEBHOOK, ExternalDNSRun, is_quiet
from support.releases import CHART, NAME, NAMESPACE, READY_SECONDS, waiting
from support.waiting import wait_for

pytestmark = pytest.mark.skipif(
    "EXTERNALDNS" not in os.environ, reason="it builds ExternalDNS: make e2e-externaldns"
)

Object = dict[str, Any]
Way = Callable[["Fleet", Path], AbstractContextManager[ExternalDNSRun]]

ZONES, CLIENT = "dns", "external-dns"
"""The namespaces of the Zones and of ExternalDNS, whose ServiceAccount has its name: as on the
pages."""
RIGHTS = ("serviceaccount", "clusterrole", "clusterrolebinding")
"""Templates of the chart of ExternalDNS."""
ORIGINS = ("example.com", "example.org")
GATE = "dnsfleet-gate-updates"
GIVEN_SECONDS = 30.0
"""Until a gate has what a TsigKey says: the operator and the kubelet take seconds each."""
ANSWER_SECONDS = 5.0
SECONDS = 60.0


class Kubectl:
    """See `support.exposed_services.Objects`."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def apply(self, plural: str, namespace: str, body: Object) -> None:
        """Make an object, or change it, with the status that it has."""
        place = ("--namespace", namespace)
        without = {key: value for key, value in body.items() if key != "status"}
        options = ("--server-side", "--force-conflicts", "--filename=-")
        self._access.kubectl("apply", *place, *options, stdin=json.dumps(without))
        if "status" in body:
            patch = ("--type=merge", f"--patch={json.dumps({'status': body['status']})}")
            name = body["metadata"]["name"]
            self._access.kubectl("patch", plural, name, *place, "--subresource=status", *patch)

    def delete(self, plural: str, namespace: str, name: str) -> None:
        """Delete an object."""
        self._access.kubectl("delete", plural, name, "--namespace", namespace)


class Fleet(NamedTuple):
    """A release with the zones, the key and the rights of both pages, for those beside it."""

    access: Access
    kubeconfig: Path
    """Of the ServiceAccount of ExternalDNS."""
    gate: str
    """The address of the gate that takes updates."""

    def answers(self, name: str) -> set[frozenset[str]]:
        """What the Pops answer for the addresses of a name; one element where all say the same."""
        query = dns.message.make_query(name, "A")
        found = set()
        for address, port in probe_fleets.services(self.access):
            reply = dns.query.udp(query, address, ANSWER_SECONDS, port)
            found.add(frozenset(each.to_text() for rrset in reply.answer for each in rrset))
        return found

    def wait_for_answers(self, name: str, *addresses: str) -> None:
        """Wait until every Pop answers with these."""
        wanted = {frozenset(addresses)}
        wait_for(f"{name} is at {addresses}", lambda: self.answers(name) == wanted, SECONDS)

    def versions(self) -> dict[str, str]:
        """Each RecordSet with its generation, for its status changes later; the zones' serials."""
        place = ("--namespace", ZONES)
        sets = self.access.items("recordsets", *place)
        zones = self.access.items("zones", *place)
        found = {each["metadata"]["uid"]: str(each["metadata"]["generation"]) for each in sets}
        return found | {each["spec"]["origin"]: str(each["status"]["serial"]) for each in zones}


@pytest.fixture(scope="module")
def fleet(release: Access, node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A fleet of three Pops, with what both pages have people apply."""
    folder = tmp_path_factory.mktemp("page")
    for each in (ZONES, CLIENT):
        release.kubectl("create", "namespace", each)
    for origin in ORIGINS:
        release.apply(json.dumps(zone(origin)))
    probe_fleets.scale(release, 1)
    pages.write_files(WEBHOOK, folder)
    gates = ("--set", "gate.enabled=true", "--set", "gate.updates.enabled=true")
    values = ("--values", str(folder / "dnsfleet.yaml"))
    release.helm("upgrade", *NAME, str(CHART), *values, *gates, *waiting())
    rights = external_dns_runs.rendered(folder, RIGHTS)
    release.apply(rights)
    token = release.kubectl("create", "token", CLIENT, "--namespace", CLIENT, "--duration=2h")
    kubeconfig = clients_beside.kubeconfig(release, node, folder / "kubeconfig", token.strip())
    pages.write_files(UPDATES, folder)
    key = folder / "key.yaml"
    release.apply(key.read_text())
    release.wait("condition=Propagated", READY_SECONDS, "zones", "--all", "--namespace", ZONES)
    service = release.get("service", GATE, "--namespace", NAMESPACE)
    gate = service["spec"]["clusterIP"]
    wait_for_key(release, node, gate, key)
    administrator = clients_beside.kubeconfig(release, node, folder / "administrator")
    beside = Access(administrator, release.kubectl_path, release.helm_path)
    yield Fleet(beside, kubeconfig, gate)
    release.kubectl("delete", "--filename=-", stdin=rights)
    release.kubectl("delete", "namespace", ZONES, CLIENT)


def zone(origin: str) -> Object:
    """A Zone with a name of its own."""
    own = {"name": "own", "type": "A", "data": ["203.0.113.1"]}
    spec = {"origin": origin, "nameServers": ["ns1.example.net"], "records": [own]}
    metadata = {"name": origin.replace(".", "-"), "namespace": ZONES}
    made = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": "Zone"}
    return {**made, "metadata": metadata, "spec": spec}


def wait_for_key(release: Access, node: Node, gate: str, file: Path) -> None:
    """Wait until the gate has the key of a page."""
    key, secret = yaml.safe_load_all(file.read_text())
    name = key["metadata"]["name"]
    release.wait("condition=Ready", GIVEN_SECONDS, "tsigkey", name, "--namespace", NAMESPACE)
    signing = dns.tsig.Key(
        dns.name.from_text(name), secret["stringData"]["secret"], dns.tsig.HMAC_SHA256
    )

    def has_key() -> bool:
        return clients_beside.gate_has_key(node, gate, signing, ORIGINS[1])

    wait_for("the gate has the key", has_key, GIVEN_SECONDS)


def by_webhook(fleet: Fleet, folder: Path) -> AbstractContextManager[ExternalDNSRun]:
    """With `dnsfleet-externaldns` beside it."""
    return external_dns_runs.by_webhook(folder, fleet.kubeconfig)


def by_updates(fleet: Fleet, folder: Path) -> AbstractContextManager[ExternalDNSRun]:
    """With the provider rfc2136."""
    gate = f"extraArgs.rfc2136-host={fleet.gate}"
    return external_dns_runs.by_updates(folder, fleet.kubeconfig, gate)


@pytest.mark.parametrize(
    ("way", "origin"),
    [
        pytest.param(by_webhook, ORIGINS[0], id="webhook"),
        pytest.param(by_updates, ORIGINS[1], id="updates"),
    ],
)
def test_services_and_ingresses_come_change_and_go(
    fleet: Fleet, node: Node, way: Way, origin: str, tmp_path: Path
) -> None:
    exposed = Exposed(Kubectl(fleet.access))
    own, web, shop = (f"{name}.{origin}" for name in ("own", "www", "shop"))
    with node.on_client(), way(fleet, tmp_path) as running:
        exposed.balanced("own", own, "192.0.2.7")
        exposed.balanced("web", web, "192.0.2.1", ttl=120)
        exposed.ingress("shop", shop, "192.0.2.2")
        fleet.wait_for_answers(web, "192.0.2.1")
        fleet.wait_for_answers(shop, "192.0.2.2")
        is_quiet(fleet.versions, running)
        exposed.balanced("web", web, "192.0.2.8", "192.0.2.9")
        exposed.delete("ingresses", "shop")
        fleet.wait_for_answers(web, "192.0.2.8", "192.0.2.9")
        fleet.wait_for_answers(shop)
        is_quiet(fleet.versions, running)
        exposed.clear()
        fleet.wait_for_answers(web)
        is_quiet(fleet.versions, running)
        fleet.wait_for_answers(own, "203.0.113.1")
