"""The Fleet object of this release: it is made, read for approvals, and given its status.

It is read every few seconds, so it needs no watch, and no list of a kind that may not be there:
where the CRD or the right to read it is missing, as after an upgrade of the operator alone, all the
rest works on, and the log says so. One that somebody deletes is made anew, with all that is held.
"""

import logging
import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from dnsfleet.resources import API_VERSION, Reference
from dnsfleet.zones import plans

from dnsfleet_operator.cluster import Cluster, ClusterError, ConflictError, Object
from dnsfleet_operator.objects import MANAGED_BY
from dnsfleet_operator.statuses import fleets
from dnsfleet_operator.statuses.conditions import Condition
from dnsfleet_operator.statuses.posting import post
from dnsfleet_operator.statuses.updates import PutStatus

_WITHOUT = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})

_log = logging.getLogger(__name__)


def tell_without_keys(cluster: Cluster, name: str, instance: str, reason: str, why: str) -> None:
    """Have the Fleet say that nobody leads for want of the keys, with an Event if that is news.

    `instance` is who posts it. A Fleet that is not there, or cannot be written, is passed over.
    """
    try:
        found = cluster.get("Fleet", name)
        if found is None:
            return
        metadata, before = found["metadata"], found.get("status") or {}
        keys = Condition("KeysReady", False, reason, why)
        status = fleets.without_keys(metadata.get("generation", 0), keys, before, _now())
        if status == before:
            return
        identity = {"name": name, "uid": metadata["uid"]}
        told = {"apiVersion": API_VERSION, "kind": "Fleet", "metadata": identity, "status": status}
        cluster.apply(told, "status")
    except ClusterError as error:
        _log.warning("%s", error)
        return
    for notice in fleets.notices(before, status):
        post(cluster, instance, notice, Reference("Fleet", "", name), metadata["uid"])


class FleetObject:
    """One release's Fleet. ClusterError where the API server does not do what it could do."""

    def __init__(self, cluster: Cluster, name: str, put: PutStatus) -> None:
        self._cluster = cluster
        self._name = name
        self._put = put
        self._found: Object | None = None
        self._told = ""
        self._shown_at = -math.inf
        self.approvals: frozenset[str] = frozenset()
        """The hashes that it approves."""

    def look(self) -> None:
        """Read it, and make it where there is none."""
        try:
            self._found = self._cluster.get("Fleet", self._name) or self._make()
        except ClusterError as error:
            if error.status not in _WITHOUT:
                raise
            self._found, self.approvals = None, frozenset()
            self._tell(str(error))
            return
        self._told = ""
        annotations: Mapping[str, Any] = self._found["metadata"].get("annotations") or {}
        self.approvals = plans.approvals(annotations.get(plans.APPROVE_ANNOTATION))

    def show(self, facts: fleets.Facts) -> None:
        """Have its status say this, if it does not; after a `look`."""
        if self._found is None:
            return
        metadata, before = self._found["metadata"], self._found.get("status") or {}
        status = fleets.status(metadata.get("generation", 0), facts, before, _now())
        since = time.monotonic() - self._shown_at
        if status == before or fleets.wait_seconds(before, status, since) > 0:
            return
        self._shown_at = time.monotonic()
        reference = Reference("Fleet", "", self._name)
        notices = fleets.notices(before, status)
        self._put(reference, metadata["uid"], status, notices, True)

    def _make(self) -> Object:
        new = {
            "apiVersion": API_VERSION,
            "kind": "Fleet",
            "metadata": {
                "name": self._name,
                "labels": {
                    "app.kubernetes.io/name": "dnsfleet",
                    "app.kubernetes.io/managed-by": MANAGED_BY,
                },
            },
        }
        try:
            return self._cluster.create(new)
        except ConflictError:
            found = self._cluster.get("Fleet", self._name)
            if found is None:
                raise  # it is gone again: the next look makes it
            return found

    def _tell(self, why: str) -> None:
        """Say once that there is no Fleet object to use."""
        if why != self._told:
            self._told = why
            _log.warning(
                "the fleet works without its Fleet object, and nothing can be approved on it: %s; "
                "upgrade the chart, or apply crds/fleets.yaml and its ClusterRole",
                why,
            )


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
