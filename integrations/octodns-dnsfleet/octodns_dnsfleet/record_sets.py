"""The RecordSets of one provider: which they are, what is in them, what others have.

They are found by labels: one has the id of the provider in octoDNS's configuration, another one the
name of the Zone. What is in such a RecordSet is the provider's, whoever wrote it there.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from octodns_dnsfleet import layout, values, zones
from octodns_dnsfleet.cluster import Cluster
from octodns_dnsfleet.errors import DnsfleetError
from octodns_dnsfleet.layout import Content
from octodns_dnsfleet.values import Key, UnfitError
from octodns_dnsfleet.zones import Object

PROVIDER_LABEL = "dnsfleet.io/octodns-provider"
ZONE_LABEL = "dnsfleet.io/octodns-zone"
MAX_LABEL = 63
"""Characters in the value of a label (Kubernetes)."""
DIGEST = 8
"""Hexadecimal digits that tell long names of Zones apart where they are cut."""


class RecordSets:
    """The RecordSets of a provider in a namespace."""

    def __init__(self, cluster: Cluster, namespace: str, provider: str) -> None:
        self.namespace = namespace
        self._cluster = cluster
        self._provider = provider

    def own(self, zone: Object) -> list[Object]:
        """Those of this provider that add to a Zone."""
        selector = ",".join(f"{name}={value}" for name, value in self.labels(zone).items())
        found = self._cluster.record_sets(self.namespace, selector)
        return [each for each in found if zones.refers_to(each, zone)]

    def taken(self, zone: Object) -> dict[Key, str]:
        """The RRsets that others have in a zone, as far as this namespace tells.

        Those of this provider in other zones are most of what a namespace has, and not asked for.
        """
        selector = f"{PROVIDER_LABEL}!={self._provider}"
        return zones.taken(zone, self._cluster.record_sets(self.namespace, selector))

    def labels(self, zone: Object) -> dict[str, str]:
        """The labels of those that add to a Zone."""
        name = str(zone["metadata"]["name"])
        if len(name) > MAX_LABEL:
            digest = hashlib.sha256(name.encode()).hexdigest()[:DIGEST]
            name = f"{name[: MAX_LABEL - DIGEST - 1].rstrip('-.')}-{digest}"
        return {
            "app.kubernetes.io/managed-by": "octodns",
            PROVIDER_LABEL: self._provider,
            ZONE_LABEL: name,
        }

    def new_name(self, zone: Object, key: Key, taken: set[str]) -> str:
        """The name of a new one whose first RRset is `key`; it is added to `taken`."""
        own = self._provider.lower().replace("_", "-")
        while True:
            name = layout.new_name(f"octodns-{own}-{zone['metadata']['name']}", key[0], taken)
            taken.add(name)
            if self._cluster.record_set(self.namespace, name) is None:
                return name

    def contents(self, origin: str, own: Iterable[Object]) -> dict[str, Content]:
        """The RRsets of each, by name; DnsfleetError where one is there twice, or is none."""
        contents: dict[str, Content] = {}
        seen: dict[Key, str] = {}
        for each in own:
            name = each["metadata"]["name"]
            content = contents[name] = {}
            for item in each["spec"].get("records") or ():
                try:
                    key = values.key_of(item, origin)
                except UnfitError as error:
                    raise DnsfleetError(f"{zones.label('RecordSet', each)}: {error}") from None
                if key in seen:
                    raise DnsfleetError(
                        f"{key[0]} {key[1]} is in RecordSet {self.namespace}/{seen[key]} and once "
                        f"more in {zones.label('RecordSet', each)}; remove one of them"
                    )
                seen[key] = name
                content[key] = item
        return contents

    def records(self, zone: Any, ttl: int, own: Iterable[Object], source: Any) -> list[Any]:
        """The records for a zone of octoDNS; DnsfleetError where octoDNS has no such record.

        `ttl` is that of records without one, in seconds.
        """
        found = []
        for name, content in self.contents(zone.name, own).items():
            for (owner, rtype), item in content.items():
                try:
                    found.append(values.record(zone, item, ttl, source))
                except UnfitError as error:
                    raise DnsfleetError(
                        f"RecordSet {self.namespace}/{name}, {owner} {rtype}: {error}; move it "
                        f"into a RecordSet without the label {PROVIDER_LABEL}"
                    ) from None
        return found
