"""`helm test`: every propagated zone has the same SOA over UDP and TCP at each of its Pops.

Runs in a pod of the release's namespace. It reads the zones and Pops from the API server and asks
each Pop through its Service, whose address Kubernetes gives in the environment, so that it works
without a cluster DNS. Exit status: 0 all is well, 1 not.
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

API = "https://{KUBERNETES_SERVICE_HOST}:{KUBERNETES_SERVICE_PORT}/apis/dnsfleet.io/v1alpha1"
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
ANSWER_SECONDS = 2.0
PATIENCE_SECONDS = 30.0
"""How long UDP and TCP may differ: for a moment they do, while a change arrives."""
RETRY_SECONDS = 0.5
MAX_ZONES = 100
"""Zones that are compared: enough to tell a broken path, and done within the pod's deadline."""


def listed(plural: str) -> list[dict[str, Any]]:
    """All objects of a kind."""
    token = (ACCOUNT / "token").read_text()
    context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    request = urllib.request.Request(  # noqa: S310 - an https address
        f"{API.format(**os.environ)}/{plural}", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, context=context, timeout=10) as response:  # noqa: S310
        items: list[dict[str, Any]] = json.load(response)["items"]
    return items


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


def main() -> int:
    ready = [item for item in listed("zones") if propagated(item)][:MAX_ZONES]
    zones = [Zone.model_validate(item) for item in ready]
    pops = [Pop.model_validate(item) for item in listed("pops")]
    work = list(pairs(zones, pops))
    if not work:
        print("no propagated Zone at an Active Pop; apply one, wait for it, and test again")
        return 1
    failures = 0
    for zone, pop in work:
        name = pop.metadata.name
        address = service_address(name)
        problem = difference(zone.origin, address) if address else f"no Service pop-{name}-dns"
        failures += problem is not None
        print(f"{zone.origin} at {name}: {problem or 'UDP and TCP agree'}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
