"""Brings the keys of TsigKeys to gates: what there is is read, judged, written and told.

    TsigKeys ──▶ their Secrets ──▶ Secret RELEASE-tsig-keys ──▶ pods of gates ──▶ statuses
             │                └──▶ transfers from primaries
             └──▶ Zones of their origins, for updates ──▶ the same Secret

It is done every few seconds, as for the Secret with the keys of the fleet: a few small requests, no
watch, and no right to list Secrets. The TsigKeys of other namespaces are not read. What the API
server does not tell changes nothing.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from dnsfleet.resources import Reference
from dnsfleet.tsig_keys import PrimaryKey, UsableKey

from dnsfleet_operator.cluster import Cluster, Object
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.gates import judging, tables
from dnsfleet_operator.gates.judging import READY
from dnsfleet_operator.gates.secret_reads import SecretReads
from dnsfleet_operator.gates.tables import Owner
from dnsfleet_operator.gates.update_zones import FindOwner
from dnsfleet_operator.objects import reference_of
from dnsfleet_operator.observed import deletions
from dnsfleet_operator.observed.deletions import DEFINITIONS
from dnsfleet_operator.secrets.mounts import Mounts
from dnsfleet_operator.statuses import conditions
from dnsfleet_operator.statuses.conditions import Condition, Status
from dnsfleet_operator.statuses.events import Notice
from dnsfleet_operator.statuses.updates import PutStatus

LOOK_SECONDS = 2.0
"""Between looks: how late a new TsigKey is heard of, and a changed Secret while there are few."""
KIND = "TsigKey"
COMPONENTS = ("gate", "gate-updates")
"""Of the pods that mount the keys: those that transfer, and those that take updates."""

_log = logging.getLogger(__name__)


class GatePasses:
    """What one leader tells gates. ClusterError means to try again."""

    def __init__(
        self,
        cluster: Cluster,
        configuration: Configuration,
        put: PutStatus,
        count: Callable[[int, int], None],
        trust_primaries: Callable[[Mapping[str, PrimaryKey]], None],
        find_owner: Callable[[], FindOwner | None],
    ) -> None:
        """`count` gets how many TsigKeys are Ready, and how many are not.

        `find_owner` says which Zone has an origin; None while not all Zones are known.
        """
        self._cluster = cluster
        self._configuration = configuration
        self._put = put
        self._count = count
        self._trust_primaries = trust_primaries
        self._find_owner = find_owner
        self._secrets = SecretReads(cluster)
        self._mounts = [Mounts(cluster, configuration, each) for each in COMPONENTS]
        self.keys: tuple[UsableKey, ...] | None = None
        """Those that gates were given last; None before the first look."""
        self._told: set[Owner] = set()
        """TsigKeys of which the log says that they are gone and their keys are not."""

    def look(self) -> None:
        """Have gates get what TsigKeys say now."""
        configuration = self._configuration
        objects = self._cluster.objects(KIND, configuration.namespace)
        listed = judging.read(objects)
        secrets = self._secrets.look(key.secret_reference for key in listed.keys)
        found = self._cluster.get("Secret", tables.name(configuration), configuration.namespace)
        before, find_owner = tables.read(found), self._find_owner()
        judged = judging.judge(listed, secrets, before, self._stays, find_owner)
        self._trust_primaries(judged.primary_keys)
        wanted = tables.renewed(found, configuration, judged.rows)
        if wanted is not None:
            write = self._cluster.create if found is None else self._cluster.replace
            found = write(wanted)
            _log.info("wrote the keys of %d TsigKeys for gates", len(judged.rows))
        if found is not None:
            for mounts in self._mounts:
                mounts.bring(found)
        self.keys = tuple(row.key for row in judged.rows)
        ready = Counter(each.status is True for each in judged.conditions.values())
        self._count(ready[True], ready[False])
        names = {key.reference: key.name for key in listed.keys}
        for each in objects:
            reference = reference_of(each)
            self._show(each, names.get(reference), judged.conditions[reference])

    def _stays(self, owner: Owner) -> bool:
        """Whether nobody meant to delete a TsigKey that is gone."""
        definition = self._cluster.get("CustomResourceDefinition", DEFINITIONS[KIND])
        why = deletions.why_not(owner.created, {"CRD": definition})
        if why is not None and owner not in self._told:
            self._told.add(owner)
            reference = Reference(KIND, self._configuration.namespace, owner.name)
            for line in deletions.refused({reference: why}, "gates keep its key"):
                _log.warning("%s", line)
        return why is not None

    def _show(self, found: Object, key_name: str | None, condition: Condition) -> None:
        """Have the status of a TsigKey written where it says something else."""
        before: Status = found.get("status") or {}
        metadata = found["metadata"]
        status = _status(metadata.get("generation", 0), key_name, condition, before)
        if status == before:
            return
        known = conditions.kept(before, READY)
        news = known is None or known[1:] != (condition.status, condition.reason, condition.message)
        notices = []
        if news and condition.status is False:
            notices = [Notice("Warning", condition.reason, condition.message)]
        self._put(reference_of(found), metadata["uid"], status, notices, True)


def _status(
    generation: int, key_name: str | None, condition: Condition, before: Status
) -> Mapping[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    merged = conditions.merge([condition], generation, before, now)
    named = {} if key_name is None else {"keyName": key_name}
    return {"observedGeneration": generation, **named, "conditions": merged}
