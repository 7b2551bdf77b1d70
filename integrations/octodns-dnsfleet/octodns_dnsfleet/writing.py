"""The writes of one plan, and what the operator says to them.

A RecordSet is created, or replaced at the version that was read, and never patched: of two runs
that make one of the same name at the same time the second fails, where a server-side apply would
have taken away what the first one wrote. Labels, annotations and the status are others' and stay.
The status is written at any time, which changes the version too, so a conflict is looked into:
while the generation is the same, nobody changed what the plan was made of, and the write is sent
again.

What is in a RecordSet of this provider is the provider's, whoever wrote it.

The API server stores what fits the schema. Whether a zone takes it is said by the operator, in the
condition Accepted, and whether the core has it in Programmed: a Zone that was never good has its
RecordSets accepted and publishes none. Both are waited for, so that a sync that has ended well is
in the zone. Of a RecordSet that is deleted the Zone tells: it has another revision then, or says
what it holds.
"""

import time
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from octodns_dnsfleet.cluster import API_VERSION, Cluster, ConflictError
from octodns_dnsfleet.errors import ChangedSincePlanError, DnsfleetError
from octodns_dnsfleet.values import Item
from octodns_dnsfleet.zones import Object, condition, label

Made = TypeVar("Made")

APPROVE = "dnsfleet.io/approve"
"""The annotation by which a hold is approved; each hold names it."""
ATTEMPTS = 5
"""Of one write. Each one but the last met a status that was written in between."""
LOOK_SECONDS = 0.5
SETTLED_SECONDS = 3.0
"""A refusal counts when it is that old: while several RecordSets change, one may be judged before
the others are seen."""


class Writer:
    """Writes the RecordSets of one zone."""

    def __init__(self, cluster: Cluster, zone: Object, namespace: str, labels: Object) -> None:
        self._cluster = cluster
        self._zone = zone["metadata"]
        self._namespace = namespace
        self._labels = labels

    def write(self, name: str, items: Collection[Item], found: Object | None) -> Object | None:
        """Give a RecordSet these RRsets; the object, or None where it is deleted.

        `found` is the RecordSet as it was read, None for a new one. ChangedSincePlanError where
        it is another one now.
        """
        if found is None:
            return self._created(name, items)
        if not items:
            self._retried(found, self._cluster.delete)
            return None
        return self._retried(found, lambda seen: self._cluster.replace(self._with(seen, items)))

    def _created(self, name: str, items: Collection[Item]) -> Object:
        metadata = {"name": name, "namespace": self._namespace}
        made = {"apiVersion": API_VERSION, "kind": "RecordSet", "metadata": metadata}
        try:
            return self._cluster.create(self._with(made, items))
        except ConflictError:
            if self._cluster.record_set(self._namespace, name) is None:
                raise  # the namespace is not there
            raise _changed(made) from None

    def _with(self, found: Object, items: Collection[Item]) -> Object:
        """A RecordSet with these RRsets and our labels, and the rest as it was found."""
        zone_ref = {"name": self._zone["name"]}
        if self._zone["namespace"] != self._namespace:
            zone_ref["namespace"] = self._zone["namespace"]
        metadata = found["metadata"]
        labels = {**metadata.get("labels", {}), **self._labels}
        spec = {"zoneRef": zone_ref, "records": [*items]}
        return {**found, "metadata": {**metadata, "labels": labels}, "spec": spec}

    def _retried(self, found: Object, write: Callable[[Object], Made]) -> Made:
        """What `write` gives, which gets the object at the version that it is now."""
        seen = found
        for _ in range(ATTEMPTS):
            try:
                return write(seen)
            except ConflictError:
                now = self._cluster.record_set(self._namespace, found["metadata"]["name"])
                if now is None or _content(now) != _content(found):
                    raise _changed(found) from None
                seen = now
        return write(seen)


def _changed(found: Object) -> ChangedSincePlanError:
    return ChangedSincePlanError(
        f"{label('RecordSet', found)} was changed by somebody else since the plan was made; run "
        "the sync again"
    )


def _content(found: Object) -> tuple[str, int]:
    return found["metadata"]["uid"], found["metadata"]["generation"]


class Verdicts:
    """What the operator says to RecordSets that were written, and to those that were deleted."""

    def __init__(
        self,
        cluster: Cluster,
        written: Collection[Object],
        deleted: Collection[Object] = (),
        zone: Object | None = None,
    ) -> None:
        """`zone` is the Zone as it was before RecordSets were deleted."""
        self._cluster = cluster
        self._waiting = {each["metadata"]["name"]: each["metadata"] for each in written}
        # What the zone did not have, no revision and no hold tells of.
        self._deleted = [
            label("RecordSet", each)
            for each in deleted
            if condition(each, "Programmed").get("status") == "True"
        ]
        self._zone = zone
        self._refused: dict[str, str] = {}
        self._missing: dict[str, str] = {}
        self.warnings: list[str] = []
        """What the operator remarks on RecordSets that it accepted."""

    def wait(self, seconds: float) -> list[str]:
        """Wait until all are in the zone; what is missing of those that were not in time.

        DnsfleetError says which are refused, and why.
        """
        deadline = time.monotonic() + seconds
        since, before = time.monotonic(), dict(self._refused)
        while self._waiting or self._deleted:
            self._look()
            self._look_at_zone()
            now = time.monotonic()
            if self._refused != before:
                since, before = now, dict(self._refused)
            open_ = len(self._waiting) + len(self._deleted)
            settled = len(self._refused) == open_ and now - since > SETTLED_SECONDS
            if settled or now > deadline:
                break
            if open_:
                time.sleep(LOOK_SECONDS)
        if self._refused:
            raise DnsfleetError("; ".join(self._refused.values()))
        silent = [f"the operator said nothing to {each}" for each in self._deleted]
        return [*(self._missing[name] for name in sorted(self._waiting)), *silent]

    def _look(self) -> None:
        for name, metadata in list(self._waiting.items()):
            found = self._cluster.record_set(metadata["namespace"], name)
            verdict = {} if found is None else condition(found, "Accepted")
            self._refused.pop(name, None)
            self._missing[name] = f"the operator said nothing to RecordSet {name}"
            if found is None or verdict.get("observedGeneration", 0) < metadata["generation"]:
                continue
            told, programmed = label("RecordSet", found), condition(found, "Programmed")
            if verdict["status"] != "True":
                if why := refusal("RecordSet", found):
                    self._refused[name] = why
            elif programmed.get("status") != "True":
                self._missing[name] = f"{told} is {programmed.get('message', 'not published')}"
            else:
                del self._waiting[name]
                if message := verdict.get("message"):
                    self.warnings.append(f"{told}: {message}")

    def _look_at_zone(self) -> None:
        if not self._deleted or self._zone is None:
            return
        metadata = self._zone["metadata"]
        now = self._cluster.zone(metadata["namespace"], metadata["name"])
        told = "" if now is None else holds(now) or ""
        for each in list(self._deleted):
            self._refused.pop(each, None)
            if f"{each}: " in told:
                self._refused[each] = told
            elif now is None or _revision(now) != _revision(self._zone):
                self._deleted.remove(each)


def _revision(zone: Object) -> Any:
    return zone.get("status", {}).get("revision")


def refusal(kind: str, found: Object) -> str | None:
    """What the operator has against an object as it is now; None where it has nothing."""
    verdict = condition(found, "Accepted")
    is_new = verdict.get("observedGeneration", 0) == found["metadata"]["generation"]
    if not is_new or verdict["status"] != "False":
        return None
    return f"{label(kind, found)} is refused, {verdict['reason']}: {verdict['message']}"


def holds(zone: Object) -> str | None:
    """What a Zone tells of a hold that waits for approval; None where there is none.

    A hold of a RecordSet that is deleted is told nowhere else.
    """
    message = condition(zone, "Accepted").get("message", "")
    return f"{label('Zone', zone)}: {message}" if APPROVE in message else None
