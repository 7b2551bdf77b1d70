"""Brings the Zones of catalogs of primaries to what these list: some writes at a time.

What counts is what is published of a catalog, and not what came last: the one that came has passed
the checks and holds of every zone by then, and a new leader finds the same in the core. So a broken
catalog, one that expired, and one that loses too much at once change nothing here.

What is written comes back as an event, as what others write, and is compared once more then. A Zone
that is deleted here is a Zone as any: its deletion is confirmed, and many zones do not leave the
fleet at once (see `zones.brake`).
"""

import logging
import math
import time
from collections.abc import Callable, Iterable

from dnsfleet import resources
from dnsfleet.resources import Reference, Zone
from dnsfleet.zones import consumed_catalogs, member_zones
from dnsfleet.zones.consumed_catalogs import BrokenCatalogError, Members
from dnsfleet_engine import Zone as EngineZone

from dnsfleet_operator.cluster import Cluster, ClusterError, ConflictError, Object
from dnsfleet_operator.members.planning import Naming, Plans
from dnsfleet_operator.members.steps import WRITE_FAILED, Refusal, Standing, Step
from dnsfleet_operator.observed.observation import Observation
from dnsfleet_operator.zone_samples import CatalogSample

MOST_LOOKS = 200
"""Members that one turn looks at: some 40 ms, for which a change may have to wait."""
MOST_WRITES = 10
"""In one turn: some 50 ms, for which a change may have to wait."""
TURN_SECONDS = 0.1
"""Between turns: a hundred writes a second at most, so that 10,000 members take two minutes and the
API server has room for others."""
MOST_FAILURES = 3
"""Writes of one turn that the API server may refuse: where it refuses all, few are tried."""
REFUSED_SECONDS = 1.0
"""Between turns where it refused all."""
CONFIRM_SECONDS = 2.0
"""Between looks whether a primary has said that what is published of a catalog is the newest."""
RETRY_SECONDS = 30.0
"""Until Zones that the API server did not take are tried again."""
MOST_RETRIES = 10
"""Of a catalog, of those at a time. Where these are taken, the others are tried at once: so a right
that is missing costs 20 writes a minute, however many members there are."""
TELL_SECONDS = 5.0
"""Between news of a catalog whose members are being made; each is a write of its status."""

_log = logging.getLogger(__name__)


class MemberPasses:
    """The members of all catalogs. ClusterError and StoreError mean to try again."""

    def __init__(
        self,
        cluster: Cluster,
        observation: Observation,
        naming: Naming,
        revision: Callable[[Reference, str], str],
        load: Callable[[str], EngineZone | None],
        confirmed: Callable[[Reference], int | None],
        touch: Callable[[str], None],
        samples: dict[str, CatalogSample],
    ) -> None:
        """`revision` says which one is published of an origin that this Zone owns; empty for none.

        `load` gives its content. `confirmed` is the serial that a primary of a Zone said last since
        this operator leads; None where none did. `touch` has the status of the Zone of an origin
        looked at again.
        `samples` are the metrics of catalogs, by origin.
        """
        self._cluster = cluster
        self._plans = Plans(observation, naming)
        self._revision = revision
        self._load = load
        self._confirmed = confirmed
        self._serials: dict[Reference, int] = {}
        """Of what catalogs list."""
        self._touch = touch
        self._samples = samples
        self._told: dict[Reference, tuple[str, Standing]] = {}
        self._told_at = -math.inf
        self._retry_at: float | None = None
        self._writes_at = -math.inf
        """When the next turn may write: this one may be had earlier, by events of what it wrote."""

    def take(self, zones: Iterable[Reference]) -> bool:
        """These Zones came, changed or went; whether there is a catalog, or was one."""
        self._plans.take(zones)
        return bool(self._plans.catalogs or self._told)

    def standing(self, catalog: Reference) -> Standing | None:
        """What became of the members of a catalog, as it was told last."""
        told = self._told.get(catalog)
        return None if told is None else told[1]

    def run(self) -> float | None:
        """Do a part of what is to be done; seconds until the next one, None where all is done."""
        self._read()
        now = time.monotonic()
        if self._retry_at is not None and now >= self._retry_at:
            self._retry_at = None
            self._plans.retry(MOST_RETRIES)
        if now >= self._writes_at:
            self._write(now)
        self._tell(now)
        if self._plans.waiting:
            return max(self._writes_at - now, 0.0)
        if self._plans.postponed:
            return CONFIRM_SECONDS
        return None if self._retry_at is None else max(self._retry_at - now, TURN_SECONDS)

    def _write(self, now: float) -> None:
        """Write some of what is not as it is to be, and say when more may be written."""
        writes = failures = 0
        for _ in range(MOST_LOOKS):
            if writes >= MOST_WRITES or failures >= MOST_FAILURES or not self._plans.waiting:
                break
            if (step := self._plans.look()) is not None:
                writes += 1
                self._writes_at = now + TURN_SECONDS
                failures += not self._do(step)
        if failures:
            self._retry_at = now + RETRY_SECONDS
            if failures == writes:
                self._writes_at = now + REFUSED_SECONDS
        elif self._retry_at is None and not self._plans.waiting and self._plans.failing:
            self._retry_at = now

    def _read(self) -> None:
        """See what catalogs list that were published anew."""
        zones = self._plans.catalogs
        for gone in self._told.keys() - {zone.reference for zone in zones}:
            origin, _ = self._told.pop(gone)
            self._samples.pop(origin, None)
            self._serials.pop(gone, None)
        for zone in zones:
            revision = self._revision(zone.reference, zone.origin)
            if self._plans.revision(zone.reference) != revision:
                content = self._load(zone.origin) if revision else None
                listed = self._listed(content)
                self._plans.lists(zone.reference, "" if listed is None else revision, listed or {})
                if content is not None:
                    self._serials[zone.reference] = content.serial
            serial = self._confirmed(zone.reference)
            is_newest = serial is not None and serial == self._serials.get(zone.reference)
            self._plans.confirm(zone.reference, is_newest)

    def _listed(self, content: EngineZone | None) -> Members | None:
        try:
            return None if content is None else consumed_catalogs.read(content)
        except BrokenCatalogError:
            return None  # it was no catalog before, and the new version waits or was refused

    def _tell(self, now: float) -> None:
        """Have statuses say what is new; while much is done, every few seconds."""
        if self._plans.waiting and now - self._told_at < TELL_SECONDS:
            return
        self._told_at = now
        for zone in self._plans.catalogs:
            standing = self._plans.standing(zone.reference)
            if standing is not None and self.standing(zone.reference) != standing:
                self._told[zone.reference] = (zone.origin, standing)
                self._samples[zone.origin] = CatalogSample(
                    standing.synced, standing.refused, standing.waiting
                )
                self._touch(zone.origin)

    # Writes

    def _do(self, step: Step) -> bool:
        """Do one step; whether the API server took it."""
        try:
            done = {"create": self._create, "change": self._change, "delete": self._delete}
            made = done[step.kind](step)
        except ConflictError:
            self._plans.failed(step, self._taken(step))
            return step.kind != "create"  # somebody wrote it meanwhile, and it is read anew
        except ClusterError as error:
            if error.of_the_server:
                self._plans.failed(step, None)
                raise
            message = str(error)
            if error.forbidden:
                message += "; where RBAC denies it, install with catalogConsumer.enabled: true"
            self._plans.failed(step, Refusal(WRITE_FAILED, message))
            return False
        if made is not None and not _is_as(made, step):
            message = f"{step.zone} was changed by an admission policy; except Zones of catalogs"
            self._plans.failed(step, Refusal(WRITE_FAILED, message))
            return False
        _log.info(
            "%s %s: the catalog %s %s %s",
            {"create": "made", "change": "changed", "delete": "deleted"}[step.kind],
            step.zone,
            step.catalog.name,
            "lists no more" if step.kind == "delete" else "lists",
            step.origin,
        )
        return True

    def _taken(self, step: Step) -> Refusal | None:
        """Why there was a conflict, where that is not over by reading again."""
        if step.kind != "create":
            return None
        message = f"there is a {step.zone} already, which was not made for this catalog"
        return Refusal("NameTaken", message, step.zone)

    def _create(self, step: Step) -> Object | None:
        return self._cluster.create(step.wanted)

    def _change(self, step: Step) -> Object | None:
        found = self._cluster.get("Zone", step.zone.name, step.zone.namespace)
        if found is None or not _is_same(found, step):
            return None  # its event comes, and it is looked at again
        return self._cluster.replace(member_zones.changed(found, step.wanted))

    def _delete(self, step: Step) -> Object | None:
        found = self._cluster.get("Zone", step.zone.name, step.zone.namespace)
        if found is not None and _is_same(found, step):
            self._cluster.delete(found, unchanged=True)
        return None  # else somebody took it for himself, and the event of that is on its way


def _is_as(made: Object, step: Step) -> bool:
    """Whether the API server took a Zone as it was written, whatever its admission may change."""
    zone, _ = resources.parse(made, str(step.zone))
    return isinstance(zone, Zone) and member_zones.is_as(zone, step.wanted)


def _is_same(found: Object, step: Step) -> bool:
    """Whether an object is the one that was decided about, and one that was made for a catalog.

    One that is to be deleted is of the catalog that lists it no more; others may come from another.
    """
    metadata = found["metadata"]
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    catalog = labels.get(member_zones.CATALOG_LABEL)
    of_it = catalog is not None if step.kind == "change" else catalog == step.catalog.name
    return metadata["uid"] == step.uid and of_it and member_zones.MEMBER_ANNOTATION in annotations
