"""The journal of the commands to the Pop of this cluster, in the Secret with the Pop's own keys.

It stays when somebody deletes the Pop object, which is made again from the spec. It goes when the
Pop begins anew with another core, whose commands have other numbers (`own_keys`).
"""

import base64

from dnsfleet.replication import command_words
from dnsfleet.replication.command_words import Journal

from dnsfleet_operator.cluster import Cluster, ClusterError
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.joined import joining
from dnsfleet_operator.joined.joining import JoinError
from dnsfleet_operator.joined.own_keys import JOURNAL, MEND
from dnsfleet_operator.pops import journals


class JoinedJournal:
    """Every method may raise ClusterError."""

    def __init__(self, cluster: Cluster, configuration: Configuration) -> None:
        self._cluster = cluster
        self._name = configuration.keys_secret
        self._namespace = configuration.namespace

    def read(self) -> Journal:
        """As it was kept last; an empty one where there is none."""
        found = self._cluster.get("Secret", self._name, self._namespace)
        if found is None:
            return Journal()
        try:
            text = joining.texts(found, MEND).get(JOURNAL)
        except JoinError as error:
            raise ClusterError(str(error), 0) from None
        where = f"Secret {self._namespace}/{self._name}"
        return Journal() if text is None else journals.decoded(where, text)

    def keep(self, journal: Journal) -> None:
        """Keep it; it is safe when this returns."""
        found = self._cluster.get("Secret", self._name, self._namespace)
        if found is None:
            raise ClusterError(f"Secret {self._namespace}/{self._name} is gone", 404)
        said = base64.b64encode(command_words.encode(journal).encode()).decode()
        self._cluster.replace({**found, "data": {**(found.get("data") or {}), JOURNAL: said}})
