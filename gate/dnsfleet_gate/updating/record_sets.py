"""The RecordSet of a key and a Zone, as an object.

Its name ends in a digest of both.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from dnsfleet import names, rrtypes
from dnsfleet.resources import API_VERSION, Reference
from dnsfleet.resources.record_sets import GATE

from dnsfleet_gate.updating.stores import Claim, Claims

MANAGED_BY = "app.kubernetes.io/managed-by"
TSIG_KEY = "dnsfleet.io/tsig-key"
"""Label with what is readable of the key's name."""
MAX_SLUG = 63
"""Characters of a label (Kubernetes)."""
_DIGEST = 12
"""Digits of the digest, 48 bits: it tells apart what the readable part does not."""

Object = dict[str, Any]


def name(key: str, zone: Reference) -> str:
    """The name of the RecordSet of a key (its name on the wire) and a Zone."""
    digest = hashlib.sha256(f"{key}\0{zone.name}".encode()).hexdigest()[:_DIGEST]
    return f"update-{slug(key)}-{digest}"


def slug(key: str) -> str:
    """What is readable of a key's name, as a label of Kubernetes takes it."""
    return re.sub(r"[^a-z0-9]+", "-", key.lower())[:MAX_SLUG].strip("-") or "key"


def claims(found: Object) -> Claims:
    """What an object of ours says."""
    return dict(map(_claim, found["spec"].get("dynamicRecords") or ()))


def _claim(record: Mapping[str, Any]) -> tuple[tuple[str, str], Claim]:
    """Ours are written with absolute names."""
    key = names.normalise(record["name"]), rrtypes.normalise(record["type"])
    return key, Claim(record.get("ttl") or 0, tuple(record["data"]), record.get("since") or "")


def metadata(key: str, zone: Reference) -> Object:
    """What the object is called."""
    return {
        "name": name(key, zone),
        "namespace": zone.namespace,
        "labels": {MANAGED_BY: GATE, TSIG_KEY: slug(key)},
    }


def spec(zone: Reference, claims: Claims) -> Object:
    """What it says."""
    records = [
        {
            "name": owner,
            "type": rtype,
            "ttl": claim.ttl,
            "data": list(claim.data),
            "since": claim.since,
        }
        for (owner, rtype), claim in sorted(claims.items())
    ]
    return {"zoneRef": {"name": zone.name}, "dynamicRecords": records}


def body(metadata: Object, spec: Object) -> Object:
    """The whole object."""
    return {"apiVersion": API_VERSION, "kind": "RecordSet", "metadata": metadata, "spec": spec}
