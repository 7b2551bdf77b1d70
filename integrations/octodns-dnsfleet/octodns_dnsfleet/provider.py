"""What octoDNS calls: populate, the checks before a plan, and apply.

A provider owns the RecordSets with its label, and nothing else: neither the Zone nor what others
add to it. So providers with different ids, or octoDNS and a person, work on one zone side by side.

Each apply reads the RecordSets anew and compares what the plan was made of with what is there. So
what happens is the plan, or nothing.
"""

import re
import threading
from collections import Counter
from collections.abc import Mapping
from logging import getLogger
from typing import Any

from octodns.provider.base import BaseProvider  # type: ignore[import-untyped]
from octodns.zone import Zone  # type: ignore[import-untyped]

from octodns_dnsfleet import layout, values, zones
from octodns_dnsfleet.cluster import Cluster
from octodns_dnsfleet.errors import ChangedSincePlanError, DnsfleetError
from octodns_dnsfleet.layout import Content
from octodns_dnsfleet.record_sets import MAX_LABEL, RecordSets
from octodns_dnsfleet.values import Key, UnfitError
from octodns_dnsfleet.writing import Verdicts, Writer, holds, refusal
from octodns_dnsfleet.zones import Object

WAIT_SECONDS = 60.0
"""How long an apply waits for the operator's word, which comes within seconds."""

_ID = re.compile(r"[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?")
"""What the value of a label may be."""


class DnsfleetProvider(BaseProvider):  # type: ignore[misc]
    """Records of octoDNS as RecordSets of a cluster.

    namespace: where the RecordSets are, and the Zones unless `zone_namespace` says another one.
    kubeconfig, context: as for kubectl.
    wait: seconds to wait for the operator's word on what was written; 0 for none.
    """

    SUPPORTS = values.TYPES
    SUPPORTS_GEO = False
    SUPPORTS_DYNAMIC = False
    SUPPORTS_DYNAMIC_SUBNETS = False
    SUPPORTS_POOL_VALUE_STATUS = False
    SUPPORTS_MULTIVALUE_PTR = True
    SUPPORTS_ROOT_NS = False

    def __init__(
        self,
        id: str,
        namespace: str,
        zone_namespace: str | None = None,
        kubeconfig: str | None = None,
        context: str | None = None,
        wait: float = WAIT_SECONDS,
        **options: Any,
    ) -> None:
        self.log = getLogger(f"DnsfleetProvider[{id}]")
        super().__init__(id, **options)
        if not _ID.fullmatch(id):
            raise DnsfleetError(
                f"{id}: the name of this provider is a label of its RecordSets; use at most "
                f"{MAX_LABEL} letters, digits, dots, dashes and underscores, a letter or digit at "
                "both ends"
            )
        self._zone_namespace = zone_namespace or namespace
        self._wait = float(wait)
        self._cluster = Cluster(kubeconfig, context, f"octodns-{id}")
        self._sets = RecordSets(self._cluster, namespace, id)
        self._lock = threading.Lock()
        self._names: dict[str, str] = {}
        """The names of Zones by origin, as they were last listed."""

    def list_zones(self) -> list[str]:
        """The origins of all Zones in the namespace."""
        return sorted({zones.origin(each) for each in self._listed()})

    def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> bool:
        """Add the records of this provider to a zone; DnsfleetError where there is no such Zone.

        No Zone is never the same as no records: as a source that would empty its targets.
        """
        self.log.debug("populate: name=%s, target=%s", zone.name, target)
        found = self._zone(zone.name)
        own, ttl = self._sets.own(found), zones.default_ttl(found)
        refusals = [refusal("Zone", found), *(refusal("RecordSet", each) for each in own)]
        for why in filter(None, refusals):
            self.log.warning("populate: %s; what it had before is served", why)
        if held := holds(found):
            self.log.warning("populate: %s", held)
        for record in self._sets.records(zone, ttl, own, self):
            zone.add_record(record, lenient=lenient)
        self.log.info("populate:   found %d records", len(zone.records))
        return True

    def _process_desired_zone(self, desired: Any) -> Any:
        found = self._zone(desired.name)
        contents = self._sets.contents(desired.name, self._sets.own(found)).values()
        own = {key: item for content in contents for key, item in content.items()}
        records = [
            record
            for record in sorted(desired.records)
            # Of others octoDNS itself tells that they are not supported.
            if self.supports(record) and record is not desired.root_ns
        ]
        others: dict[Key, str] = {}
        if any(values.key(record) not in own for record in records):
            others = self._sets.taken(found)
        for record in records:
            key = values.key(record)
            why = zones.without_consent(found, key, self._sets.namespace)
            if why is None and key not in own and key in others:
                why = f"it belongs to {others[key]}"
            if why is None:
                why = self._spell(desired, record)
            if why is None:
                continue
            message = f"{record._type} of {record.fqdn} not supported: {why}"
            if key in own:
                self.supports_warn_or_except(message, "keeping what is there")
                kept = values.record(desired, own[key], zones.default_ttl(found), self)
                desired.add_record(kept, replace=True, lenient=True)
            else:
                self.supports_warn_or_except(message, "omitting record")
                desired.remove_record(record)
        return super()._process_desired_zone(desired)

    def _spell(self, desired: Any, record: Any) -> str | None:
        """Put the record as it will be read back into the desired zone; why there is none."""
        spelled = record
        if getattr(record, "geo", None):
            message = f"geo records not supported for {record.fqdn}"
            self.supports_warn_or_except(message, "falling back to simple record")
            spelled = record.copy()
            spelled.geo = {}
        try:
            spelled = values.as_read_back(spelled)
        except UnfitError as error:
            return str(error)
        if spelled is not record:
            desired.add_record(spelled, replace=True, lenient=True)
        return None

    def _apply(self, plan: Any) -> None:
        zone = self._zone(plan.desired.name)
        found = {each["metadata"]["name"]: each for each in self._sets.own(zone)}
        contents = self._sets.contents(plan.desired.name, found.values())
        self._compare(plan, zone, found)
        gone = [values.key(each.existing) for each in plan.changes if each.new is None]
        put = {values.key(each.new): values.item(each.new) for each in plan.changes if each.new}
        taken = set(found)

        def named(key: Key) -> str:
            return self._sets.new_name(zone, key, taken)

        changed = layout.arranged(contents, gone, put, named)
        writer = Writer(self._cluster, zone, self._sets.namespace, self._sets.labels(zone))
        written = []
        for name in sorted(changed, key=lambda name: _only_loses(contents, changed, name)):
            items = [item for _, item in sorted(changed[name].items())]
            if made := writer.write(name, items, found.get(name)):
                written.append(made)
            self.log.debug("_apply: recordset %s has %d RRsets now", name, len(items))
        deleted = [found[name] for name, content in changed.items() if not content]
        if self._wait > 0:
            self._wait_for(Verdicts(self._cluster, written, deleted, zone))

    def _wait_for(self, verdicts: Verdicts) -> None:
        missing = verdicts.wait(self._wait)
        for warning in verdicts.warnings:
            self.log.warning("_apply: %s", warning)
        if missing:
            self.log.warning("_apply: stored, but after %.0f s %s", self._wait, "; ".join(missing))

    def _compare(self, plan: Any, zone: Object, found: Mapping[str, Object]) -> None:
        """ChangedSincePlanError where a plan was made of something else than what is there."""
        now, ttl = Zone(plan.desired.name, []), zones.default_ttl(zone)
        records = self._sets.records(now, ttl, found.values(), self)
        there = {values.key(each): each for each in records}
        for change in plan.changes:
            before = there.get(values.key(change.record))
            if change.existing is None or before is None:
                same = change.existing is before
            else:
                same = before.changes(change.existing, self) is None
            if not same:
                raise ChangedSincePlanError(
                    f"{self.id}: {change.record._type} of {change.record.fqdn} was changed since "
                    "the plan was made; run the sync again"
                )

    def _zone(self, name: str) -> Object:
        """The Zone with an origin, as it is now."""
        with self._lock:
            known = self._names.get(name)
        if known is not None:
            found = self._cluster.zone(self._zone_namespace, known)
            if found is not None and zones.origin(found) == name:
                return found
        listed = self._listed()
        chosen = zones.owner_of(name, listed, self._zone_namespace)
        named = [(zones.origin(each), each["metadata"]["name"]) for each in listed]
        times = Counter(origin for origin, _ in named)
        with self._lock:
            # Where several have an origin, which one it is may be another one the next time.
            self._names = {origin: own for origin, own in named if times[origin] == 1}
        return chosen

    def _listed(self) -> list[Object]:
        return zones.well_named(self._cluster.zones(self._zone_namespace))


def _only_loses(
    before: Mapping[str, Content], after: Mapping[str, Content], name: str
) -> tuple[bool, str]:
    """Sorts RecordSets: what only loses RRsets comes last, so nothing is gone before what takes its
    place is there."""
    return after[name].items() <= before.get(name, {}).items(), name
