"""The fleet that the operator is measured with: objects as people apply them, and their changes.

Zones are spread over namespaces, as over teams: a hundred in each. Each Zone has five RRsets of its
own. Where there are RecordSets, each Zone has five, of one RRset; one of them comes from another
team's namespace, by the consent of the Zone to namespaces with a label.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]

TEAM = 100
"""Zones of one namespace."""
RECORD_SETS = 5
API_VERSION = "dnsfleet.io/v1alpha1"
POP, EDGE = "fra", "pop-fra-edge-0"
SYSTEM = "dnsfleet-system"
"""The namespace of the operator."""
UNUSED = 100
"""ConfigMaps that no Zone names."""


@dataclass(frozen=True)
class Size:
    """The size of a fleet."""

    zones: int
    record_sets: int = RECORD_SETS
    """Of each Zone."""

    def __str__(self) -> str:
        sets = f" + {self.zones * self.record_sets:,} RecordSets" if self.record_sets else ""
        return f"{self.zones:,} Zones{sets}"

    def objects(self) -> Iterator[Object]:
        """All objects, in the order in which they can be made."""
        for name in (SYSTEM, "default", "others"):
            yield item("Namespace", name, labels={"dns": "yes"})
        teams = range((self.zones - 1) // TEAM + 1)
        yield from (item("Namespace", f"team-{team}", labels={"dns": "yes"}) for team in teams)
        yield item("Pop", POP, spec={"edge": {"replicas": 1}})
        yield edge_pod()
        for number in range(UNUSED):
            yield item("ConfigMap", f"unused-{number}", "others", data={"text": "nobody reads it"})
        yield from (zone(number) for number in range(self.zones))
        for number in range(self.zones):
            yield from (record_set(number, which) for which in range(self.record_sets))


def origin(number: int) -> str:
    """Of a zone, as the core names it."""
    return f"zone-{number}.example."


def team(number: int) -> str:
    """The namespace of a Zone."""
    return f"team-{number // TEAM}"


def zone(number: int) -> Object:
    """A Zone as it is at the beginning."""
    spec = {
        "origin": origin(number)[:-1],
        "nameServers": ["ns1.example.net", "ns2.example.net"],
        "records": zone_records("192.0.2.1"),
        "recordSets": {
            "namespaces": {"from": "Selector", "selector": {"matchLabels": {"dns": "yes"}}}
        },
    }
    return item("Zone", f"zone-{number}", team(number), spec=spec)


def zone_records(address: str) -> list[Object]:
    """The RRsets of a Zone, whose www has an address."""
    return [
        {"name": "@", "type": "A", "data": ["192.0.2.10"]},
        {"name": "@", "type": "MX", "data": ["10 mail"]},
        {"name": "@", "type": "TXT", "data": ["v=spf1 mx -all"]},
        {"name": "mail", "type": "A", "data": ["192.0.2.25"]},
        {"name": "www", "type": "A", "ttl": 60, "data": [address]},
    ]


def record_set(number: int, which: int) -> Object:
    """A RecordSet of a Zone as it is at the beginning."""
    spec = {
        "zoneRef": {"name": f"zone-{number}", "namespace": team(number)},
        "records": set_records(which, "192.0.2.1"),
    }
    name, namespace = set_name(number, which)
    return item("RecordSet", name, namespace, spec=spec)


def set_records(which: int, address: str) -> list[Object]:
    """The one RRset of a RecordSet."""
    return [{"name": f"app-{which}", "type": "A", "ttl": 60, "data": [address]}]


def set_name(number: int, which: int) -> tuple[str, str]:
    """Name and namespace of a RecordSet."""
    return f"zone-{number}-{which}", team(number) if which else "others"


def edge_pod() -> Object:
    """The one edge, which is Ready."""
    labels = {
        "app.kubernetes.io/managed-by": "dnsfleet",
        "app.kubernetes.io/component": "edge",
        "dnsfleet.io/pop": POP,
    }
    spec = {"containers": [{"name": "edge", "image": "edge"}]}
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    return item("Pod", EDGE, SYSTEM, labels, spec=spec) | {"status": status}


def item(
    kind: str, name: str, namespace: str = "", labels: dict[str, str] | None = None, **content: Any
) -> Object:
    """Any object."""
    metadata: Object = {"name": name}
    metadata |= {"namespace": namespace} if namespace else {}
    metadata |= {"labels": labels} if labels else {}
    ours = kind in ("Zone", "RecordSet", "Pop")
    api_version = API_VERSION if ours else "v1"
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}
