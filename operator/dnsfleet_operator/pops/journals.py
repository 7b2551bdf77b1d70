"""The journal of a Pop's commands: a ConfigMap beside its other objects.

It is in the cluster that runs the Pop, so a command that was begun there is known there while the
core is away. It goes with its Pop object: Kubernetes deletes what belongs to an object that is
gone.
"""

import logging

from dnsfleet.replication import command_words
from dnsfleet.replication.command_words import Journal
from dnsfleet.resources import API_VERSION

from dnsfleet_operator.cluster import Cluster
from dnsfleet_operator.objects import MANAGED_BY, POP_LABEL

ENTRY = "journal"

_log = logging.getLogger(__name__)


class JournalKeeper:
    """The journal of one Pop. Every method may raise ClusterError."""

    def __init__(self, cluster: Cluster, namespace: str, pop: str, uid: str) -> None:
        """`uid` is that of the Pop object in this cluster."""
        self._cluster = cluster
        self._namespace = namespace
        self._pop = pop
        self._uid = uid

    def read(self) -> Journal:
        """As it was kept last; an empty one where there is none, or none that can be read."""
        found = self._cluster.get("ConfigMap", self._name, self._namespace)
        if found is None:
            return Journal()
        try:
            return command_words.decode(str((found.get("data") or {}).get(ENTRY, "")))
        except ValueError as error:
            _log.warning("ConfigMap %s/%s: %s", self._namespace, self._name, error)
            return Journal()

    def keep(self, journal: Journal) -> None:
        """Keep it; it is safe when this returns."""
        owner = {"apiVersion": API_VERSION, "kind": "Pop", "name": self._pop, "uid": self._uid}
        metadata = {
            "name": self._name,
            "namespace": self._namespace,
            "labels": {"app.kubernetes.io/managed-by": MANAGED_BY, POP_LABEL: self._pop},
            "ownerReferences": [owner],
        }
        data = {ENTRY: command_words.encode(journal)}
        self._cluster.apply(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
        )

    @property
    def _name(self) -> str:
        return f"pop-{self._pop}-commands"
