"""The writes of one plan, and what the operator says to them.

A RecordSet is written by server-side apply under the field manager of its provider, at the version
that was read. Labels, annotations and the status are others' and stay. The status is written at any
time, which changes the version too, so a conflict is looked into: while the generation is the same,
nobody changed what the plan was made of, and the write is sent again.

What is in a RecordSet of this provider is the provider's. Where somebody else has put an RRset
there, or owns one beside it, as a restored backup does, an apply leaves it; then the whole list is
written, as the plan says.

The API server stores what fits the schema. Whether a zone takes it is said by the operator, in the
condition Accepted. It is waited for, so that a sync that has ended well is in the zone.
"""

import time
from collections.abc import Callable, Collection
from typing import TypeVar

from octodns_dnsfleet.cluster import API_VERSION, Cluster, ConflictError
from octodns_dnsfleet.errors import ChangedSincePlanError, DnsfleetError
from octodns_dnsfleet.values import Item
from octodns_dnsfleet.zones import Object, condition, label

Made = TypeVar("Made")

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
            return self._applied(name, items, None)
        if not items:
            self._retried(found, self._cluster.delete)
            return None
        return self._retried(found, lambda seen: self._applied(name, items, seen))

    def _applied(self, name: str, items: Collection[Item], found: Object | None) -> Object:
        metadata: Object = {"name": name, "namespace": self._namespace, "labels": self._labels}
        if found is not None:
            fixed = ("uid", "resourceVersion")
            metadata |= {key: found["metadata"][key] for key in fixed}
        zone_ref = {"name": self._zone["name"]}
        if self._zone["namespace"] != self._namespace:
            zone_ref["namespace"] = self._zone["namespace"]
        made = self._cluster.apply(
            {
                "apiVersion": API_VERSION,
                "kind": "RecordSet",
                "metadata": metadata,
                "spec": {"zoneRef": zone_ref, "records": [*items]},
            }
        )
        if len(made["spec"]["records"]) == len(items):
            return made
        whole = {**made["spec"], "records": [*items]}
        return self._retried(made, lambda seen: self._cluster.replace({**seen, "spec": whole}))

    def _retried(self, found: Object, write: Callable[[Object], Made]) -> Made:
        """What `write` gives, which gets the object at the version that it is now."""
        seen = found
        for _ in range(ATTEMPTS):
            try:
                return write(seen)
            except ConflictError:
                now = self._cluster.record_set(self._namespace, found["metadata"]["name"])
                if now is None or _content(now) != _content(found):
                    raise ChangedSincePlanError(
                        f"{label('RecordSet', found)} was changed by somebody else since the plan "
                        "was made; run the sync again"
                    ) from None
                seen = now
        return write(seen)


def _content(found: Object) -> tuple[str, int]:
    return found["metadata"]["uid"], found["metadata"]["generation"]


class Verdicts:
    """What the operator says to RecordSets that were written."""

    def __init__(self, cluster: Cluster, written: Collection[Object]) -> None:
        self._cluster = cluster
        self._waiting = {each["metadata"]["name"]: each["metadata"] for each in written}
        self._refused: dict[str, str] = {}
        self.warnings: list[str] = []
        """What the operator remarks on RecordSets that it accepted."""

    def wait(self, seconds: float) -> list[str]:
        """Wait until all are accepted; those that had no verdict in time.

        DnsfleetError says which are refused, and why.
        """
        deadline = time.monotonic() + seconds
        since, before = time.monotonic(), dict(self._refused)
        while self._waiting:
            self._look()
            now = time.monotonic()
            if self._refused != before:
                since, before = now, dict(self._refused)
            settled = len(self._refused) == len(self._waiting) and now - since > SETTLED_SECONDS
            if settled or now > deadline:
                break
            time.sleep(LOOK_SECONDS)
        if self._refused:
            raise DnsfleetError("; ".join(self._refused.values()))
        return sorted(self._waiting)

    def _look(self) -> None:
        for name, metadata in list(self._waiting.items()):
            found = self._cluster.record_set(metadata["namespace"], name)
            verdict = {} if found is None else condition(found, "Accepted")
            self._refused.pop(name, None)
            if verdict.get("observedGeneration", 0) < metadata["generation"]:
                continue
            if found is not None and verdict["status"] == "True":
                del self._waiting[name]
                if message := verdict.get("message"):
                    self.warnings.append(f"{label('RecordSet', found)}: {message}")
            elif found is not None and (why := refusal(found)):
                self._refused[name] = why


def refusal(found: Object) -> str | None:
    """What the operator has against a RecordSet as it is now; None where it has nothing."""
    verdict = condition(found, "Accepted")
    is_new = verdict.get("observedGeneration", 0) == found["metadata"]["generation"]
    if not is_new or verdict["status"] != "False":
        return None
    return f"{label('RecordSet', found)} is refused, {verdict['reason']}: {verdict['message']}"
