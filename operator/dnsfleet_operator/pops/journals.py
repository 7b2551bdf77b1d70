"""The journal of the commands to a Pop of this cluster: a ConfigMap beside its other objects.

It goes with its Pop object: Kubernetes deletes what belongs to an object that is gone. A Pop of
another cluster has its journal there (`joined.journals`), where a command that was begun is known
while the core is away.
"""

from dnsfleet.replication import command_words
from dnsfleet.replication.command_words import Journal
from dnsfleet.resources import API_VERSION

from dnsfleet_operator.cluster import Cluster, ClusterError
from dnsfleet_operator.objects import MANAGED_BY, POP_LABEL

ENTRY = "journal"


class JournalKeeper:
    """The journal of one Pop. Every method may raise ClusterError."""

    def __init__(self, cluster: Cluster, namespace: str, pop: str, uid: str) -> None:
        """`uid` is that of the Pop object in this cluster."""
        self._cluster = cluster
        self._namespace = namespace
        self._pop = pop
        self._uid = uid

    def read(self) -> Journal:
        """As it was kept last; an empty one where there is none."""
        found = self._cluster.get("ConfigMap", self._name, self._namespace)
        if found is None:
            return Journal()
        where = f"ConfigMap {self._namespace}/{self._name}"
        return decoded(where, str((found.get("data") or {}).get(ENTRY, "")))

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


def decoded(where: str, text: str) -> Journal:
    """The journal in a text; ClusterError where it cannot be read: nothing is to be done twice."""
    try:
        return command_words.decode(text)
    except ValueError as error:
        mend = "delete it: commands that have not expired may be done once more"
        raise ClusterError(f"the journal in {where}: {error}; {mend}", 0) from None
