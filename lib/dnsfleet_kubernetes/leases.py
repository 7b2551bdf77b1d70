"""The Lease by which one of several processes leads. Pure.

As in Kubernetes' own components, the clocks of different machines are never compared. A candidate
measures with its own clock for how long the Lease has not changed, and takes it when that is
longer than the holder promised. The holder stops well before that, by its own clock. The Lease
only decides who works. What an old leader still writes is refused where it is written: by the fence
of the core, and by the resourceVersion that a write names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DURATION_SECONDS = 15
"""A Lease that was not renewed for this time may be taken."""
DEADLINE_SECONDS = 10.0
"""A leader that could not renew for this time stops leading: 5 s before anyone else may begin."""
RENEW_SECONDS = 4.0
"""Between renewals: two in a row may fail."""
RETRY_SECONDS = 1.0
"""Between looks of a candidate."""

Object = Mapping[str, Any]
"""A Lease, as its JSON says it."""


@dataclass(frozen=True)
class Seen:
    """The Lease as it was seen last."""

    version: str
    """Its resourceVersion."""
    at: float
    """Since when it is that version, monotonic seconds."""


def observe(lease: Object, before: Seen | None, now: float) -> Seen:
    """Note a look at the Lease."""
    version = str(lease["metadata"]["resourceVersion"])
    return before if before is not None and before.version == version else Seen(version, now)


def mine(lease: Object, identity: str) -> bool:
    """Whether the Lease names this process."""
    return (lease.get("spec") or {}).get("holderIdentity") == identity


def free(lease: Object, seen: Seen, now: float) -> bool:
    """Whether its holder released it, or has not renewed it in time."""
    spec = lease.get("spec") or {}
    if not spec.get("holderIdentity"):
        return True
    return now - seen.at > float(spec.get("leaseDurationSeconds") or DURATION_SECONDS)


def new(name: str, namespace: str, identity: str, wall: str) -> dict[str, Any]:
    """The first version of the Lease; `wall` is RFC 3339 with microseconds, for people."""
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "holderIdentity": identity,
            "leaseDurationSeconds": DURATION_SECONDS,
            "acquireTime": wall,
            "renewTime": wall,
            "leaseTransitions": 0,
        },
    }


def held(lease: Object, identity: str, wall: str) -> dict[str, Any]:
    """The version of the Lease with which this process takes or renews it."""
    spec = dict(lease.get("spec") or {})
    if not mine(lease, identity):
        spec["acquireTime"] = wall
        spec["leaseTransitions"] = int(spec.get("leaseTransitions") or 0) + 1
    spec |= {
        "holderIdentity": identity,
        "leaseDurationSeconds": DURATION_SECONDS,
        "renewTime": wall,
    }
    return {**lease, "spec": spec}


def released(lease: Object) -> dict[str, Any]:
    """The version of the Lease with which its holder releases it."""
    return {**lease, "spec": {**(lease.get("spec") or {}), "holderIdentity": ""}}
