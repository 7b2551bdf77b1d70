"""Gates on a real cluster: transfers, NOTIFY, updates, keys that change, Secrets that are lost."""

import base64
import json
import os
import re
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update
import dns.zone
import pytest
from cluster.access import Access
from cluster.namespaces import Node
from dnsfleet_gate.updating.record_sets import slug
from support import scripted_primaries, update_loads
from support.kubectl_plugin import dnsfleet
from support.releases import CHART, NAME, NAMESPACE, READY_SECONDS, waiting
from support.scripted_primaries import Primary, serving
from support.update_loads import Load
from support.waiting import wait_for

ORIGIN = "gate.example"
GIVEN_SECONDS = 30.0
"""Until a gate has what a TsigKey says now: the operator and the kubelet take seconds each."""
REPLACED_SECONDS = 120.0
NOTIFY_SECONDS = 20.0
TOLD_SECONDS = 90.0
"""A question that a secondary could not answer in time comes again after a minute."""
ANSWER_SECONDS = 5.0
UPDATES = "dnsfleet-gate-updates"
UPDATE_SECONDS = 3.0
"""A gate answers after 1.5 s, whatever it has to say."""
FOLLOWED_SECONDS = 60.0
"""Until another gate holds the Lease, and the Service leads to it."""
UPDATE_KEY = """\
apiVersion: v1
kind: Secret
metadata: {{name: {name}, namespace: dnsfleet-system}}
stringData: {{secret: "{secret}"}}
---
apiVersion: dnsfleet.io/v1alpha1
kind: TsigKey
metadata: {{name: {name}, namespace: dnsfleet-system}}
spec:
  secretRef: {{name: {name}}}
  zones: [{origin}]
  for: [update]
  names: [{names}]
  types: [TXT, A]
"""
PRIMARY = """\
apiVersion: v1
kind: Secret
metadata: {{name: k, namespace: dnsfleet-system}}
stringData: {{secret: "{secret}"}}
---
apiVersion: dnsfleet.io/v1alpha1
kind: TsigKey
metadata: {{name: k, namespace: dnsfleet-system}}
spec:
  secretRef: {{name: k}}
  zones: [one.example]
  for: [primary]
  primaries: [{{address: {address}, port: {port}}}]
---
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {{name: transferred, namespace: default}}
spec:
  origin: one.example
  source:
    transfer:
      primaries: [{{address: {address}, port: {port}}}]
      tsigKey: {{name: k}}
"""
LOAD = (200.0, 60.0) if os.environ.get("UPDATES") == "full" else (50.0, 4.0)
"""Updates a second, and for how many seconds."""
HOSTS = [f"host{number}" for number in range(500)]
"""They get an address, and then another one."""


def zone(address: str) -> dict[str, Any]:
    """The Zone with one host at this address."""
    records = [
        {"name": "www", "type": "A", "ttl": 60, "data": [address]},
        {"name": "@", "type": "TXT", "ttl": 60, "data": ["transferred"]},
    ]
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": {"name": "gate", "namespace": "default"},
        "spec": {"origin": ORIGIN, "nameServers": ["ns1.example.net"], "records": records},
    }


class Secondary:
    """A place beside the cluster that transfers the zone."""

    def __init__(self, cluster: Access, node: Node) -> None:
        self.cluster = cluster
        self.node = node
        service = cluster.get("service", "dnsfleet-gate", "--namespace", NAMESPACE)
        self.gate: str = service["spec"]["clusterIP"]
        with node.on_client():
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((node.network.client, 0))
        self.socket.settimeout(NOTIFY_SECONDS)
        self._keyring: dict[dns.name.Name, dns.tsig.Key] = {}
        self._serial = 0
        """It says that it has this one; a transfer sets it."""

    @property
    def address(self) -> str:
        host, port = self.socket.getsockname()
        return f"{host}:{port}"

    def create(self, name: str) -> dns.tsig.Key:
        """A key that the plugin makes; it is what the printed lines say."""
        done = dnsfleet(
            self.cluster,
            *("tsig", "create", name, "--zone", ORIGIN, "--secondary", self.address),
        )
        assert done.returncode == 0, done.stderr
        assert self.gate in done.stdout
        secret = re.search(r"secret: (\S+)", done.stdout)
        assert secret is not None, done.stdout
        key = dns.tsig.Key(dns.name.from_text(name), secret[1], dns.tsig.HMAC_SHA256)
        self._keyring[key.name] = key
        self.cluster.wait(
            "condition=Ready", GIVEN_SECONDS, "tsigkey", name, "--namespace", NAMESPACE
        )
        wait_for(f"the gate has {name}", lambda: self.knows(key), GIVEN_SECONDS)
        return key

    def knows(self, key: dns.tsig.Key) -> bool:
        """Whether the gate believes what a key signs."""
        query = dns.message.make_query(ORIGIN, "SOA")
        query.use_tsig(key)
        with self.node.on_client():
            try:
                reply = dns.query.udp(query, self.gate, ANSWER_SECONDS)
            except (dns.tsig.PeerBadKey, dns.exception.Timeout):
                return False
        return reply.rcode() == dns.rcode.NOERROR

    def transferred(self, key: dns.tsig.Key) -> dns.zone.Zone:
        """The whole zone, all of it signed."""
        found = dns.zone.Zone(ORIGIN)
        query = dns.message.make_query(ORIGIN, "AXFR")
        query.use_tsig(key)
        with self.node.on_client():
            dns.query.inbound_xfr(self.gate, found, query, lifetime=ANSWER_SECONDS)
        self._serial = found.get_soa().serial
        return found

    def notified(self) -> int:
        """The serial that the next NOTIFY tells."""
        while (message := self._answered()).opcode() != dns.opcode.NOTIFY:
            pass
        assert message.had_tsig
        return int(message.answer[0][0].serial)

    def answers(self) -> None:
        """Answer all that has come."""
        while select.select([self.socket], [], [], 0)[0]:
            self._answered()

    def _answered(self) -> dns.message.Message:
        """The next message, after its answer."""
        wire, sender = self.socket.recvfrom(65535)
        message = dns.message.from_wire(wire, keyring=self._keyring)
        reply = dns.message.make_response(message)
        if message.opcode() == dns.opcode.QUERY:
            soa = f"ns1.example.net. h.{ORIGIN}. {self._serial} 7200 1 1209600 300"
            reply.flags |= dns.flags.AA
            reply.answer = [dns.rrset.from_text(message.question[0].name, 60, "IN", "SOA", soa)]
        self.socket.sendto(reply.to_wire(), sender)
        return message


@pytest.fixture(scope="module")
def secondary(release: Access, node: Node) -> Iterator[Secondary]:
    """Beside a release whose upgrade brought a gate."""
    release.apply(json.dumps(zone("192.0.2.1")))
    release.wait("condition=Programmed", READY_SECONDS, "zone", "gate")
    wanted = "gate.enabled=true,gate.updates.enabled=true"
    release.helm("upgrade", *NAME, str(CHART), "--set", wanted, *waiting())
    made = Secondary(release, node)
    yield made
    made.socket.close()


def test_a_secondary_gets_the_zone_and_is_told_of_a_change(secondary: Secondary) -> None:
    key = secondary.create("first")
    before = secondary.transferred(key)
    serial = secondary.cluster.get("zone", "gate")["status"]["serial"]
    assert before.get_soa().serial == serial
    assert {
        (str(name), dns.rdatatype.to_text(each.rdtype), ttl, each.to_text())
        for name, ttl, each in before.iterate_rdatas()
        if each.rdtype != dns.rdatatype.SOA
    } == {
        ("@", "NS", before.find_rdataset("@", "NS").ttl, "ns1.example.net."),
        ("@", "TXT", 60, '"transferred"'),
        ("www", "A", 60, "192.0.2.1"),
    }
    secondary.cluster.apply(json.dumps(zone("192.0.2.2")))
    told = secondary.notified()
    assert told > serial
    after = secondary.transferred(key)
    assert after.get_soa().serial == told
    assert after.find_rdataset("www", "A")[0].to_text() == "192.0.2.2"

    def stands() -> bool:
        secondary.answers()
        shown = secondary.cluster.get("zone", "gate")["status"].get("secondaries", {})
        return [(each["state"], each.get("serial")) for each in shown.get("servers", [])] == [
            ("Current", told)
        ]

    wait_for("the Zone says that it has the change", stands, TOLD_SECONDS)


def test_keys_follow_each_other_without_a_gap_and_lost_secrets_end_none(
    secondary: Secondary,
) -> None:
    cluster, namespace = secondary.cluster, ("--namespace", NAMESPACE)
    old, new = secondary.create("old"), secondary.create("new")
    assert secondary.knows(old)
    cluster.kubectl("delete", "tsigkey", "old", *namespace)
    wait_for("the old key ends", lambda: not secondary.knows(old), GIVEN_SECONDS)
    assert secondary.knows(new)

    cluster.kubectl("delete", "secret", "new", *namespace)
    cluster.wait("condition=Ready=False", GIVEN_SECONDS, "tsigkey", "new", *namespace)
    gates = ("pods", "--selector", "app.kubernetes.io/component=gate", *namespace)
    (before,) = (each["metadata"]["name"] for each in cluster.items(*gates))
    cluster.kubectl("rollout", "restart", "deployment", "dnsfleet-gate", *namespace)

    def replaced() -> bool:
        assert secondary.transferred(new).get_soa() is not None
        return before not in [each["metadata"]["name"] for each in cluster.items(*gates)]

    wait_for("there is another gate, and the zone all the time", replaced, REPLACED_SECONDS)
    assert secondary.knows(new)


def test_a_zone_is_asked_for_as_soon_as_its_primary_tells_of_a_change(
    secondary: Secondary,
) -> None:
    cluster, node = secondary.cluster, secondary.node
    primary = Primary(node.network.client)

    def serial() -> int | None:
        return cluster.get("zone", "transferred").get("status", {}).get("serial")

    with ExitStack() as stack:
        with node.on_client():
            stack.enter_context(serving(primary))
        secret = base64.b64encode(scripted_primaries.SECRET).decode()
        cluster.apply(PRIMARY.format(address=primary.address, port=primary.port, secret=secret))
        wait_for("the zone is there", lambda: serial() == 1, GIVEN_SECONDS)
        primary.set(2, 1, 2)
        with node.on_client():
            reply = dns.query.udp(scripted_primaries.notify(), secondary.gate, ANSWER_SECONDS)
        assert reply.rcode() == dns.rcode.NOERROR
        wait_for("the change is there", lambda: serial() == 2, NOTIFY_SECONDS)
    cluster.kubectl("delete", "zone", "transferred")


class Updater:
    """A client of updates beside the cluster."""

    def __init__(self, secondary: Secondary, name: str, names: str) -> None:
        cluster, self._node = secondary.cluster, secondary.node
        service = cluster.get("service", UPDATES, "--namespace", NAMESPACE)
        self._server: str = service["spec"]["clusterIP"]
        secret = base64.b64encode(os.urandom(32)).decode()
        cluster.apply(UPDATE_KEY.format(name=name, names=names, origin=ORIGIN, secret=secret))
        self._key = dns.tsig.Key(dns.name.from_text(name), secret, dns.tsig.HMAC_SHA256)

    def change(self, owner: str, text: str | None) -> str:
        """Have this TXT at a name, or none; the code of the reply, or that there is none."""
        message = dns.update.UpdateMessage(
            ORIGIN,
            keyring={self._key.name: self._key},
            keyname=self._key.name,
            keyalgorithm=self._key.algorithm,
        )
        message.delete(owner, "TXT")
        if text is not None:
            message.add(owner, 60, "TXT", text)
        with self._node.on_client():
            try:
                reply = dns.query.udp(message, self._server, UPDATE_SECONDS)
            except (dns.exception.Timeout, OSError, dns.tsig.PeerBadKey) as error:
                return type(error).__name__
        return dns.rcode.to_text(reply.rcode())

    def load(self, rate: float, seconds: float) -> Load:
        """Give hosts addresses at this rate."""
        with self._node.on_client():
            client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with client:
            client.connect((self._server, 53))
            return update_loads.run(client, self._key, ORIGIN, HOSTS, rate, seconds)


def test_updates_are_published_and_survive_the_gate_that_leads(secondary: Secondary) -> None:
    cluster, namespace = secondary.cluster, ("--namespace", NAMESPACE)
    key, client = secondary.create("reader"), Updater(secondary, "acme", "_acme-challenge.*")

    challenge = "_acme-challenge.www"

    def texts(owner: str) -> list[str]:
        found = secondary.transferred(key).get_rdataset(owner, "TXT")
        return [] if found is None else [each.to_text() for each in found]

    def done(text: str | None) -> Callable[[], bool]:
        return lambda: client.change(challenge, text) == "NOERROR"

    wait_for("an update is taken", done("one"), GIVEN_SECONDS)
    wait_for("it is transferred", lambda: texts(challenge) == ['"one"'], GIVEN_SECONDS)
    assert client.change("www", "not of this key") == "REFUSED"

    label = f"dnsfleet.io/tsig-key={slug('acme.')}"
    (made,) = cluster.get("recordsets", "--selector", label)["items"]
    assert [each["data"] for each in made["spec"]["dynamicRecords"]] == [['"one"']]
    cluster.wait("condition=Programmed", GIVEN_SECONDS, "recordset", made["metadata"]["name"])

    (leads,) = cluster.get("endpointslice", UPDATES, *namespace)["endpoints"]
    cluster.kubectl("delete", "pod", leads["targetRef"]["name"], "--wait=false", *namespace)
    wait_for("another gate takes updates", done("two"), FOLLOWED_SECONDS)
    wait_for("it is transferred", lambda: texts(challenge) == ['"two"'], GIVEN_SECONDS)
    wait_for("the last one goes", done(None), GIVEN_SECONDS)
    wait_for("it is gone", lambda: not texts(challenge), GIVEN_SECONDS)
    (left,) = cluster.get("recordsets", "--selector", label)["items"]
    assert left["spec"]["dynamicRecords"] == []


def test_steady_updates_are_all_published(secondary: Secondary) -> None:
    client = Updater(secondary, "dhcp", "'*'")
    wait_for(
        "the gate has the key", lambda: client.change("first", "x") == "NOERROR", GIVEN_SECONDS
    )
    load = client.load(*LOAD)
    print(load)
    assert load.done
    wait_for("the last one is done", lambda: client.change("last", "x") == "NOERROR", GIVEN_SECONDS)
    held = secondary.transferred(secondary.create("other-reader"))
    assert load.done <= {str(name) for name in held}
