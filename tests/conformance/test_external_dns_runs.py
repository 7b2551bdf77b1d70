"""ExternalDNS as it is, by the webhook and by dynamic updates, with the lines of the documentation.

Services and Ingresses of a real API server come, change and go; an edge answers with what a real
operator published. What others have in the zone stays as it is, and where nothing changes nothing
is written.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import dns.rdatatype
import pytest
import yaml
from cluster import builds
from support import external_dns_runs, pages
from support.api_operators import NAMESPACE
from support.exposed_services import Exposed
from support.external_dns_runs import OWNER, UPDATES, ExternalDNSRun
from support.served_clusters import ServedCluster, served_cluster
from support.waiting import wait_for

Object = dict[str, Any]
Answers = dict[tuple[str, str], set[str] | None]
"""Rdata by name in the zone and type; None where there is no such RRset."""
Way = Callable[..., AbstractContextManager[ExternalDNSRun]]
"""How ExternalDNS reaches the fleet: the place, an owner id, and changes to the values."""

SECONDS = 60.0
KEYS = {OWNER: "external-dns", "inside": "external-dns-inside"}
"""TsigKeys by the owner id that uses them; the first one is that of the page."""
ZONES = "dns"
"""The namespace of the Zones: as on the pages."""
FILLING = 40
"""Further names of each zone: what a test takes away is less than a third of it, so nothing waits
for an approval."""
MANY = 12
"""With their TXT more than the gate takes away unasked."""

pytestmark = [
    pytest.mark.skipif(
        "EXTERNALDNS" not in os.environ, reason="it builds ExternalDNS: make e2e-externaldns"
    ),
    pytest.mark.timeout(1800),
]


class Place:
    """A fleet with one zone, in which others have something, and a folder of a test."""

    def __init__(self, cluster: ServedCluster, origin: str, folder: Path) -> None:
        self.cluster = cluster
        self.origin = origin
        self.folder = folder
        self.kubeconfig = cluster.api.kubeconfig(folder / "kubeconfig")
        self.exposed = Exposed(cluster)

    def answers(self, name: str, rtype: str) -> tuple[int, set[str]] | None:
        """TTL and rdata at a name of the zone, as the edge answers; None for none."""
        reply = self.cluster.edge.ask(f"{name}.{self.origin}".removeprefix("."), rtype)
        for rrset in reply.answer if reply else ():
            if rrset.rdtype == dns.rdatatype.from_text(rtype):
                return rrset.ttl, {each.to_text() for each in rrset}
        return None

    def wait_for_answers(self, wanted: Answers) -> None:
        """Wait until the edge answers so."""

        def found() -> Answers:
            told = {key: self.answers(*key) for key in wanted}
            return {key: None if each is None else each[1] for key, each in told.items()}

        wait_for(f"{wanted} (now {found()})", lambda: found() == wanted, SECONDS)

    def versions(self) -> dict[str, str]:
        """Each RecordSet with its version, and the zone with the serial that is answered."""
        sets = self.cluster.items("recordsets", ZONES)
        found = {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in sets}
        reply = self.cluster.edge.ask(self.origin, "SOA")
        assert reply is not None
        return found | {self.origin: str(reply.answer[0][0].serial)}

    def is_quiet(self, *running: ExternalDNSRun) -> None:
        """Nothing is written in rounds in which nothing changed, and nothing goes wrong."""
        external_dns_runs.is_quiet(self.versions, *running)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedCluster]:
    """A fleet with the zones of both pages, and the keys of one of them."""
    folder = tmp_path_factory.mktemp("page")
    pages.write_files(UPDATES, folder)
    key, secret = yaml.safe_load_all((folder / "key.yaml").read_text())
    with served_cluster(tmp_path_factory.mktemp("cluster")) as found:
        found.apply("namespaces", "", {"apiVersion": "v1", "kind": "Namespace", **named(ZONES)})
        account = {"apiVersion": "v1", "kind": "ServiceAccount", **named("default")}
        found.apply("serviceaccounts", "default", account)
        for origin in ("example.com", "example.org"):
            make_zone(found, origin)
        found.apply("secrets", NAMESPACE, secret)
        for name in KEYS.values():
            found.apply("tsigkeys", NAMESPACE, {**key, **named(name)})
            found.wait_for_condition("tsigkeys", NAMESPACE, name, "Ready")
        found.give_keys()
        yield found


def named(name: str) -> Object:
    return {"metadata": {"name": name}}


def make_zone(cluster: ServedCluster, origin: str) -> None:
    """A Zone with names of its own, and one that a RecordSet has."""
    name = origin.replace(".", "-")
    spec = {"origin": origin, "nameServers": ["ns1.example.net"], "ttl": 300}
    names = ["own", *(f"host{number}" for number in range(FILLING))]
    own = [{"name": name, "type": "A", "data": ["203.0.113.1"]} for name in names]
    theirs = {"name": "theirs", "type": "A", "data": ["203.0.113.2"]}
    for kind, plural, made in (
        ("Zone", "zones", {**spec, "records": own}),
        ("RecordSet", "recordsets", {"zoneRef": {"name": name}, "records": [theirs]}),
    ):
        body = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": kind, **named(name)}
        cluster.apply(plural, ZONES, {**body, "spec": made})
        cluster.wait_for_condition(plural, ZONES, name, "Programmed")


@contextmanager
def by_webhook(place: Place, owner: str, *changes: str) -> Iterator[ExternalDNSRun]:
    """With `dnsfleet-externaldns` beside it, and a registry."""
    folder, kubeconfig = place.folder, place.kubeconfig
    with external_dns_runs.by_webhook(folder, kubeconfig, *changes, owner=owner) as running:
        yield running


@contextmanager
def by_webhook_alone(place: Place, owner: str, *changes: str) -> Iterator[ExternalDNSRun]:
    """Without a registry."""
    with by_webhook(place, owner, "registry=noop", "txtPrefix=", *changes) as running:
        yield running


@contextmanager
def by_updates(place: Place, owner: str, *changes: str) -> Iterator[ExternalDNSRun]:
    """With the provider rfc2136; each owner has a key of its own."""
    here = [
        f"txtOwnerId={owner}",
        "extraArgs.rfc2136-host=127.0.0.1",
        f"extraArgs.rfc2136-port={place.cluster.gate}",
        f"extraArgs.rfc2136-tsig-keyname={KEYS[owner]}",
    ]
    with external_dns_runs.by_updates(place.folder, place.kubeconfig, *here, *changes) as running:
        yield running


WAYS = [
    pytest.param(by_webhook, "example.com", id="webhook, TXT registry"),
    pytest.param(by_webhook_alone, "example.com", id="webhook, no registry"),
    pytest.param(by_updates, "example.org", id="updates"),
]


@pytest.fixture
def place(cluster: ServedCluster, origin: str, tmp_path: Path) -> Iterator[Place]:
    """A zone of the fleet; Services and Ingresses go afterwards."""
    found = Place(cluster, origin, tmp_path)
    yield found
    found.exposed.clear()


OTHERS: Answers = {
    ("own", "A"): {"203.0.113.1"},
    ("theirs", "A"): {"203.0.113.2"},
}


@pytest.mark.parametrize(("way", "origin"), WAYS)
def test_services_and_ingresses_come_change_and_go(way: Way, place: Place) -> None:
    exposed, origin = place.exposed, place.origin
    before = place.versions().keys()
    with way(place, OWNER) as running:
        exposed.balanced("web", f"www.{origin}", "192.0.2.1", "2001:db8::1", ttl=120)
        exposed.named("cdn", f"cdn.{origin}", "cdn.example.net")
        exposed.headless("db", f"db.{origin}", one="192.0.2.11", two="192.0.2.12")
        exposed.ingress("shop", f"shop.{origin}", "lb.example.net")
        exposed.ingress("any", f"*.any.{origin}", "192.0.2.3")
        exposed.balanced("top", origin, "192.0.2.5")
        exposed.balanced("elsewhere", f"www.not{origin}", "192.0.2.6")
        place.wait_for_answers(
            {
                ("www", "A"): {"192.0.2.1"},
                ("www", "AAAA"): {"2001:db8::1"},
                ("cdn", "CNAME"): {"cdn.example.net."},
                ("db", "A"): {"192.0.2.11", "192.0.2.12"},
                ("one.db", "A"): {"192.0.2.11"},
                ("shop", "CNAME"): {"lb.example.net."},
                ("x.any", "A"): {"192.0.2.3"},
                ("", "A"): {"192.0.2.5"},
                **OTHERS,
            }
        )
        assert place.answers("www", "A") == (120, {"192.0.2.1"})
        place.is_quiet(running)

        exposed.balanced("web", f"www.{origin}", "192.0.2.9", ttl=240)
        exposed.ingress("shop", f"shop.{origin}", "192.0.2.4")
        exposed.headless("db", f"db.{origin}", one="192.0.2.11")
        place.wait_for_answers(
            {
                ("www", "A"): {"192.0.2.9"},
                ("www", "AAAA"): None,
                ("shop", "CNAME"): None,
                ("shop", "A"): {"192.0.2.4"},
                ("db", "A"): {"192.0.2.11"},
                ("two.db", "A"): None,
                **OTHERS,
            }
        )
        assert place.answers("www", "A") == (240, {"192.0.2.9"})
        place.is_quiet(running)

        exposed.clear()
        gone = [("www", "A"), ("cdn", "CNAME"), ("db", "A"), ("shop", "A"), ("x.any", "A")]
        place.wait_for_answers({**dict.fromkeys([*gone, ("", "A")]), **OTHERS})
        place.is_quiet(running)
        assert left(place) - before <= {f"update-external-dns-{origin}"}


def left(place: Place) -> set[str]:
    """RecordSets that have records."""
    sets = place.cluster.items("recordsets", ZONES)
    return {each["metadata"]["name"] for each in sets if each["spec"]["records"]}


@pytest.mark.parametrize(("way", "origin"), WAYS)
def test_names_of_others_are_left_alone_until_they_are_free(way: Way, place: Place) -> None:
    exposed, origin = place.exposed, place.origin
    for name in ("own", "theirs", "free"):
        exposed.balanced(name, f"{name}.{origin}", "192.0.2.1")
    with way(place, OWNER) as running:
        place.wait_for_answers({("free", "A"): {"192.0.2.1"}, **OTHERS})
        place.is_quiet(running)
        place.wait_for_answers(OTHERS)

        name = origin.replace(".", "-")
        place.cluster.delete("recordsets", ZONES, name)
        freed: Answers = {("theirs", "A"): {"192.0.2.1"}}
        place.wait_for_answers({**OTHERS, **freed})
        place.is_quiet(running)
        exposed.clear()
        gone = dict.fromkeys([("free", "A"), ("theirs", "A")])
        place.wait_for_answers({**OTHERS, **gone})
        place.is_quiet(running)
    make_zone(place.cluster, origin)
    place.wait_for_answers(OTHERS)


@pytest.mark.parametrize(("way", "origin"), WAYS)
def test_two_instances_share_a_zone(way: Way, place: Place) -> None:
    exposed, origin = place.exposed, place.origin
    both = {"public": "192.0.2.1", "inside": "192.0.2.2"}
    for owner, address in both.items():
        exposed.balanced(owner, f"{owner}.{origin}", address, label=owner)
    exposed.balanced("first", f"both.{origin}", both["public"], label="public")
    with (
        way(place, "public", "labelFilter=dns=public") as public,
        way(place, "inside", "labelFilter=dns=inside") as inside,
    ):
        answers = {(owner, "A"): {address} for owner, address in both.items()}
        place.wait_for_answers({**answers, ("both", "A"): {both["public"]}, **OTHERS})
        exposed.balanced("second", f"both.{origin}", both["inside"], label="inside")
        place.is_quiet(public, inside)
        place.wait_for_answers({**answers, ("both", "A"): {both["public"]}, **OTHERS})

        exposed.delete("services", "first")
        exposed.delete("services", "public")
        place.wait_for_answers(
            {
                ("public", "A"): None,
                ("inside", "A"): {both["inside"]},
                ("both", "A"): {both["inside"]},
                **OTHERS,
            }
        )
        place.is_quiet(public, inside)
        exposed.clear()
        place.wait_for_answers({**dict.fromkeys([("inside", "A"), ("both", "A")]), **OTHERS})
        place.is_quiet(public, inside)


@pytest.mark.parametrize("origin", ["example.org"])
def test_many_names_go_at_once_in_messages_of_the_size_of_the_page(place: Place) -> None:
    """By default ExternalDNS has so many in one message that it is held."""
    names = [f"n{number}" for number in range(MANY)]
    for name in names:
        place.exposed.balanced(name, f"{name}.{place.origin}", "192.0.2.1")
    there: Answers = {(name, "A"): {"192.0.2.1"} for name in names}
    with by_updates(place, OWNER, "extraArgs.rfc2136-batch-change-size=50") as running:
        place.wait_for_answers(there)
        place.exposed.clear()
        wait_for("it is refused", lambda: "bad return code: REFUSED" in running.log, SECONDS)
        assert "event=update_refused key=external-dns. zone=example.org. " in place.cluster.gate_log
        place.wait_for_answers(there)
    with by_updates(place, OWNER) as running:
        place.wait_for_answers({**dict.fromkeys(there), **OTHERS})
        place.is_quiet(running)


@pytest.mark.parametrize("origin", ["example.org"])
def test_what_is_sent_again_and_again_is_written_once(place: Place) -> None:
    """ExternalDNS does so where a TTL is below its own minimum."""
    place.exposed.balanced("low", f"low.{place.origin}", "192.0.2.1", ttl=30)
    adding = f"Adding RR: low.{place.origin} 60 A 192.0.2.1"
    with by_updates(place, OWNER) as running:
        place.wait_for_answers({("low", "A"): {"192.0.2.1"}})
        wait_for("its TXT", lambda: place.answers("a-owner.low", "TXT") is not None, SECONDS)
        before, sent = place.versions(), running.log.count(adding)
        wait_for("it is sent again", lambda: running.log.count(adding) > sent + 3, SECONDS)
        assert place.versions() == before
        place.exposed.clear()
        place.wait_for_answers({("low", "A"): None})
        place.is_quiet(running)


TYPES: dict[tuple[str, str], list[str]] = {
    ("mail", "MX"): ["10 mx1.example.net", "20 mx2.example.net"],
    ("_sip._udp", "SRV"): ["10 5 5060 sip.example.net."],
    ("text", "TXT"): ["ONE", "more than one", '"quoted text"'],
    ("key", "TXT"): ["p=" + "A" * 400],
    ("number", "NAPTR"): ['100 10 "u" "E2U+sip" "!^.*$!sip:a@example.net!" .'],
    ("_443._tcp", "TLSA"): [f"3 1 1 {'ab' * 32}"],
    ("issue", "CAA"): ['0 issue "ca.example.net"'],
    ("UPPER", "A"): ["192.0.2.1", "192.0.2.1"],
    ("münchen", "AAAA"): ["2001:DB8:0::1"],
}
"""As people write them into a DNSEndpoint."""
ANSWERED: Answers = {
    ("mail", "MX"): {"10 mx1.example.net.", "20 mx2.example.net."},
    ("_sip._udp", "SRV"): {"10 5 5060 sip.example.net."},
    ("text", "TXT"): {'"ONE"', '"more than one"', '"quoted text"'},
    ("key", "TXT"): {f'"p={"A" * 253}" "{"A" * 147}"'},
    ("number", "NAPTR"): {'100 10 "u" "E2U+sip" "!^.*$!sip:a@example.net!" .'},
    ("_443._tcp", "TLSA"): {f"3 1 1 {'ab' * 32}"},
    ("issue", "CAA"): {'0 issue "ca.example.net"'},
    ("upper", "A"): {"192.0.2.1"},
    ("xn--mnchen-3ya", "AAAA"): {"2001:db8::1"},
    ("both", "A"): {"192.0.2.1", "192.0.2.2"},
}


@pytest.mark.parametrize("origin", ["example.com"])
def test_other_types_and_set_identifiers_by_the_webhook(place: Place) -> None:
    """They come from the CRD of ExternalDNS, DNSEndpoint."""
    for path in (builds.external_dns_chart() / "crds").glob("dnsendpoints.*.yaml"):
        place.cluster.api.create(yaml.safe_load(path.read_text()))
    endpoints = [
        {"dnsName": f"{name}.{place.origin}", "recordType": rtype, "targets": targets}
        for (name, rtype), targets in TYPES.items()
    ]
    for number in ("1", "2"):
        one = {"targets": [f"192.0.2.{number}"], "setIdentifier": number}
        endpoints.append({"dnsName": f"both.{place.origin}", "recordType": "A", **one})
    kind = {"apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSEndpoint"}
    made = {**kind, **named("types"), "spec": {"endpoints": endpoints}}

    def is_made() -> bool:
        path = place.cluster.path("dnsendpoints", "default")
        return place.cluster.api.ask("POST", path, made)[0] == 201

    wait_for("the API server knows its kind", is_made, SECONDS)
    types = ",".join(sorted({rtype for _, rtype in ANSWERED}))
    changes = ["sources={crd}", f"managedRecordTypes={{{types}}}"]
    with by_webhook_alone(place, OWNER, *changes) as running:
        place.wait_for_answers({**ANSWERED, **OTHERS})
        place.is_quiet(running)
        place.cluster.delete("dnsendpoints", "default", "types")
        place.wait_for_answers({**dict.fromkeys(ANSWERED), **OTHERS})
        place.is_quiet(running)
