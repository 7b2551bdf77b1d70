"""How changes of the Secrets of TsigKeys are noticed: by asking for those that they name.

A watch would need the right to list all Secrets of the namespace, the signing key among them. A new
name is asked for at once, and the others in turn, so the API server has the same work however many
there are. Only the version is asked for until it is another one.
"""

from collections import deque
from collections.abc import Iterable

from dnsfleet import resources
from dnsfleet.resources import Reference, Secret

from dnsfleet_operator.cluster import Cluster

READS = 10
"""Secrets that are asked for in one turn, beside the new ones."""


class SecretReads:
    """What is known of the Secrets that TsigKeys name."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._versions: dict[Reference, int | None] = {}
        """None for one that is not there."""
        self._found: dict[Reference, Secret] = {}
        self._turn: deque[Reference] = deque()

    def look(self, named: Iterable[Reference]) -> dict[Reference, Secret]:
        """Ask for some of these; all of them that there are. It may raise ClusterError."""
        wanted = set(named)
        for gone in self._versions.keys() - wanted:
            del self._versions[gone]
            self._found.pop(gone, None)
        new = wanted - self._versions.keys()
        for reference in sorted(new):
            self._read(reference)
        if not self._turn:
            self._turn.extend(sorted(wanted - new))
        for _ in range(min(READS, len(self._turn))):
            reference = self._turn.popleft()
            if reference not in wanted:
                continue
            if self._cluster.version(reference) != self._versions[reference]:
                self._read(reference)
        return self._found.copy()

    def _read(self, reference: Reference) -> None:
        raw = self._cluster.get("Secret", reference.name, reference.namespace)
        self._found.pop(reference, None)
        if raw is not None:
            found, _ = resources.parse({"apiVersion": "v1", "kind": "Secret", **raw}, "")
            if isinstance(found, Secret):
                self._found[reference] = found
        version = None if raw is None else int(raw["metadata"]["resourceVersion"])
        self._versions[reference] = version
