"""`helm test`: the release runs, and each propagated zone has one SOA over UDP and TCP at its Pops.

Runs in a pod of the release's namespace. It reads what the chart runs, the zones and the Pops from
the API server, and asks each Pop through its Service, whose address Kubernetes gives in the
environment, so that it works without a cluster DNS. A fleet that has no Zone yet is well where all
that the chart runs is ready. The cluster of a Pop has no Zones; its tunnel waits until the Pop has
joined. Exit status: 0 all is well, 1 not.
"""

import json
import os
import ssl
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.query
from dnsfleet.resources import Pop, Zone

API = "https://{KUBERNETES_SERVICE_HOST}:{KUBERNETES_SERVICE_PORT}/apis"
FLEET = "dnsfleet.io/v1alpha1"
WORKLOADS = "apps/v1/namespaces/{DNSFLEET_NAMESPACE}"
OF_RELEASE = "labelSelector=app.kubernetes.io/instance={DNSFLEET_RELEASE}"
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
ANSWER_SECONDS = 2.0
PATIENCE_SECONDS = 30.0
"""How long UDP and TCP may differ, or something may not be ready: for a moment they do, while a
change arrives, or a pod starts."""
RETRY_SECONDS = 0.5
MAX_ZONES = 100
"""Zones that are compared: enough to tell a broken path, and done within the pod's deadline."""


def listed(path: str) -> list[dict[str, Any]]:
    """All objects at a path of the API, in which variables of the environment are filled in."""
    token = (ACCOUNT / "token").read_text()
    context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    request = urllib.request.Request(  # noqa: S310 - an https address
        f"{API}/{path}".format(**os.environ), headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, context=context, timeout=10) as response:  # noqa: S310
        items: list[dict[str, Any]] = json.load(response)["items"]
    return items


def unready() -> list[str]:
    """The Deployments and StatefulSets of the release with too few ready pods, and how many."""
    found = []
    for plural in ("deployments", "statefulsets"):
        for item in listed(f"{WORKLOADS}/{plural}?{OF_RELEASE}"):
            ready, wanted = item["status"].get("readyReplicas", 0), item["spec"]["replicas"]
            if ready < wanted:
                found.append(f"{item['metadata']['name']}: {ready} of {wanted} pods are ready")
    return found


def joined() -> bool:
    """Whether the Pop of this cluster has come from its core."""
    pops = listed(f"{FLEET}/pops")
    found = (each for pop in pops for each in pop.get("status", {}).get("conditions", []))
    return any(each["type"] == "Mirrored" for each in found)


def runs() -> bool:
    """Whether all that the chart runs is ready, told on a line for each that is not."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while problems := unready():
        if os.environ["DNSFLEET_ROLE"] == "pop" and not joined():
            print("the Pop has not joined: its tunnel waits for the Secret dnsfleet-join")
            problems = [each for each in problems if "-tunnel: " not in each]
        if not problems or time.monotonic() > deadline:
            break
        time.sleep(RETRY_SECONDS)
    for problem in problems or ["all that the chart runs is ready"]:
        print(problem, flush=True)
    return not problems


def propagated(item: dict[str, Any]) -> bool:
    conditions = item.get("status", {}).get("conditions", [])
    return any(c["type"] == "Propagated" and c["status"] == "True" for c in conditions)


def pairs(zones: list[Zone], pops: list[Pop]) -> Iterator[tuple[Zone, Pop]]:
    """Each zone with each Active Pop that serves it."""
    for zone in zones:
        for pop in pops:
            selected = zone.spec.placement.pop_selector.matches(pop.metadata.labels)
            if selected and pop.spec.state == "Active":
                yield zone, pop


def soa(origin: str, address: str, transport: str) -> str:
    """The SOA that a Pop answers; ValueError where the reply is not an authoritative SOA."""
    query = dns.message.make_query(origin, "SOA")
    ask = dns.query.udp if transport == "udp" else dns.query.tcp
    reply = ask(query, address, timeout=ANSWER_SECONDS)
    if not reply.answer or not reply.flags & dns.flags.AA:
        raise ValueError(f"no authoritative SOA over {transport}: {reply.to_text()}")
    return str(reply.answer[0][0])


def difference(origin: str, address: str) -> str | None:
    """What is wrong with the SOA of a zone at an address; None when UDP and TCP agree."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            udp, tcp = (soa(origin, address, transport) for transport in ("udp", "tcp"))
            problem = None if udp == tcp else f"UDP has {udp}, TCP has {tcp}"
        except (OSError, ValueError, dns.exception.DNSException) as error:
            problem = f"{type(error).__name__}: {error}"
        if problem is None or time.monotonic() > deadline:
            return problem
        time.sleep(RETRY_SECONDS)


def service_address(pop: str) -> str | None:
    """The cluster address of a Pop's Service; None where it has none, or is newer than this pod."""
    return os.environ.get(f"POP_{pop.upper().replace('-', '_')}_DNS_SERVICE_HOST")


def answers() -> bool:
    """Whether each Pop answers for each zone that is propagated, told on a line for each."""
    items = listed(f"{FLEET}/zones")
    zones = [Zone.model_validate(item) for item in items if propagated(item)][:MAX_ZONES]
    pops = [Pop.model_validate(item) for item in listed(f"{FLEET}/pops")]
    work = list(pairs(zones, pops))
    if not work:
        print(f"{len(items)} Zones and {len(pops)} Pops, and no Zone propagated to an Active Pop")
        return not (items and pops)
    failures = 0
    for zone, pop in work:
        name = pop.metadata.name
        address = service_address(name)
        problem = difference(zone.origin, address) if address else f"no Service pop-{name}-dns"
        failures += problem is not None
        print(f"{zone.origin} at {name}: {problem or 'UDP and TCP agree'}", flush=True)
    return not failures


def main() -> int:
    well = runs()
    if os.environ["DNSFLEET_ROLE"] != "pop":
        well = answers() and well
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
