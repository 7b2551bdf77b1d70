"""How changes of ConfigMaps are noticed: by asking for those that Zones name, and for no other.

A watch would need the right to list: RBAC knows neither labels nor which names Zones will have, so
that is the right to read every ConfigMap there is. To get one by its name is less, and all that a
Zone needs. A name that is new in a Zone is read at once, so a file of which each version has a name
of its own (as Kustomize makes them) never waits. What is changed in place is found by asking in
turn: each within EVERY_SECONDS as long as there are few, and READS_A_SECOND where there are many,
so the API server has the same work however many there are. Only the version is asked for until it
is another one. Each complete list reads all of them, too (see `syncs`).
"""

import math
from collections import deque
from collections.abc import Iterator

from dnsfleet.resources import Reference

from dnsfleet_operator.cluster import Cluster, ClusterError
from dnsfleet_operator.leading import syncs
from dnsfleet_operator.observed.observation import Observation

TURN_SECONDS = 1.0
"""Between two turns."""
EVERY_SECONDS = 10
"""How late a change is heard of while all of them can be asked for within that time. The kubelet
takes up to two minutes to bring a changed ConfigMap to a pod."""
READS_A_SECOND = 10
"""Of so few octets that they are some 2 % of a core here, and less there."""


class ConfigMapReads:
    """Asks for some of the ConfigMaps that Zones name, and for others the next time."""

    def __init__(self, cluster: Cluster, observation: Observation) -> None:
        self._cluster = cluster
        self._observation = observation
        self._turn: deque[Reference] = deque()
        self._share = 0
        """How many of them are asked for in one turn."""

    def look(self) -> list[Reference]:
        """Those of this turn that are others than before, or are gone; they are known now.

        ClusterError where the API server answers nobody.
        """
        named = self._observation.config_maps()
        if not self._turn:
            self._turn.extend(sorted(named))
            self._share = min(READS_A_SECOND, math.ceil(len(named) / EVERY_SECONDS))
        return list(self._changed(named))

    def _changed(self, named: set[Reference]) -> Iterator[Reference]:
        for _ in range(min(self._share, len(self._turn))):
            reference = self._turn.popleft()
            known = self._observation.get(reference)
            if reference not in named:
                continue
            try:
                version = self._cluster.version(reference)
            except ClusterError as error:
                if error.of_the_server:
                    raise
                continue  # the next complete list says what is refused
            if version != (None if known is None else known.version):
                syncs.read_config_map(self._cluster, self._observation, reference)
                yield reference
