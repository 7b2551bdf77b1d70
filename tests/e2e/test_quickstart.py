"""The steps of a person who tries dnsfleet: install, apply the quickstart, ask, upgrade, uninstall.

One story in the order of its steps: each test needs the ones before it.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from cluster import images
from cluster.access import Access
from support import releases
from support.waiting import wait_for

QUICKSTART = releases.REPOSITORY / "examples" / "quickstart"
_ASK = """
import socket, sys
import dns.message, dns.query
server, name, rtype = sys.argv[1:]
address = socket.gethostbyname(server)
for ask in (dns.query.udp, dns.query.tcp):
    reply = ask(dns.message.make_query(name, rtype), address, timeout=5)
    print(ask.__name__, *sorted(str(data) for rrset in reply.answer for data in rrset))
"""
_COOKIE_SECONDS = 30
"""The Secret exists before the edges; this is for edges that are still starting."""
_SHARE_COOKIES = f"""
import socket, sys, time
import dns.edns, dns.message, dns.query

def cookie(server, known):
    option = dns.edns.CookieOption(b"01234567", known)
    query = dns.message.make_query("www.example.com", "A", use_edns=0, options=[option])
    reply = dns.query.udp(query, socket.gethostbyname(server), timeout=5)
    given = [each.server for each in reply.options if isinstance(each, dns.edns.CookieOption)]
    return given[0] if given else b""

servers = sys.argv[1:]
deadline = time.monotonic() + {_COOKIE_SECONDS}
shared = False
while not shared and time.monotonic() < deadline:
    known = cookie(servers[0], b"")
    shared = bool(known) and all(cookie(server, known) == known for server in servers * 4)
    time.sleep(1)
print("shared" if shared else "not shared")
"""


@pytest.fixture(scope="module", autouse=True)
def _left_clean(cluster: Access) -> Iterator[None]:
    yield
    releases.remove(cluster)


def test_installs_from_the_chart(cluster: Access) -> None:
    releases.install(cluster)
    cluster.wait("condition=Established", 10, "crd", "zones.dnsfleet.io", "pops.dnsfleet.io")


def test_zones_and_pops_become_ready(cluster: Access) -> None:
    cluster.kubectl("apply", "-f", str(QUICKSTART))
    cluster.wait("condition=Ready", releases.READY_SECONDS, "pops", "--all")
    cluster.wait("condition=Propagated", releases.READY_SECONDS, "zones", "--all")
    cluster.wait("condition=Ready", releases.READY_SECONDS, "zones", "--all")
    columns = cluster.kubectl("get", "zones", "example-com").splitlines()
    assert "3/3" in columns[1], columns
    columns = cluster.kubectl("get", "pops", "fra").splitlines()
    assert columns[0].split()[3:5] == ["EDGES", "ZONES"]
    assert columns[1].split()[2:5] == ["Active", "2/2", "2/2"]


def test_a_pod_gets_answers_through_the_service_over_udp_and_tcp(cluster: Access) -> None:
    for pop in ("fra", "iad", "sin"):
        server = f"pop-{pop}-dns.{releases.NAMESPACE}.svc.cluster.local"
        printed = cluster.run_in_pod(
            *(f"ask-{pop}", images.EDGE.name, "python3", "-c", _ASK),
            *(server, "www.example.com", "A"),
        )
        assert printed.splitlines() == ["udp 192.0.2.10 192.0.2.11", "tcp 192.0.2.10 192.0.2.11"]


def test_a_cookie_of_one_pop_is_good_at_every_pop(cluster: Access) -> None:
    servers = [f"pop-{pop}-dns.{releases.NAMESPACE}" for pop in ("fra", "iad", "sin")]
    command = ("ask-cookies", images.EDGE.name, "python3", "-c", _SHARE_COOKIES, *servers)
    assert cluster.run_in_pod(*command).strip() == "shared"


def test_helm_test_passes(cluster: Access) -> None:
    cluster.helm("test", *releases.NAME)


def test_an_upgrade_brings_a_new_field(cluster: Access, tmp_path: Path) -> None:
    chart = tmp_path / "dnsfleet"
    shutil.copytree(releases.CHART, chart)
    definition = chart / "files" / "crds" / "zones.yaml"
    document = yaml.safe_load(definition.read_text())
    schema = document["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"]["comment"] = {"type": "string"}
    definition.write_text(yaml.safe_dump(document))

    cluster.helm("upgrade", *releases.NAME, str(chart), *releases.waiting())

    wait_for(
        "the API server tells of the field",
        lambda: "comment" in cluster.kubectl("explain", "zone.spec", "--recursive"),
        releases.READY_SECONDS,
    )
    cluster.wait("condition=Ready", releases.READY_SECONDS, "zones", "--all")


def test_an_uninstall_keeps_zones_and_pops(cluster: Access) -> None:
    cluster.helm("uninstall", *releases.NAME, *releases.waiting())
    zones = {zone["metadata"]["name"] for zone in cluster.items("zones")}
    assert zones == {"example-com", "example-org"}
    assert len(cluster.items("pops")) == 3
