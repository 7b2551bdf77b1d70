"""How the core has a registration: one JSON object for each origin; and what holds an origin."""

import json
import math
from datetime import UTC, datetime
from typing import NamedTuple

from dnsfleet.resources import Metadata, Reference, Zone, ZoneSpec
from dnsfleet.zones.registrations import Registration


class Noted(NamedTuple):
    """What the core has of an origin."""

    registration: Registration
    since: float | None
    """When its Zone was missed first, Unix time in seconds; None where it is there."""


def encode(noted: Noted) -> bytes:
    """The value that `decode` reads."""
    zone, created, release_to, giver = noted.registration
    value: dict[str, object] = {"zone": [zone.namespace, zone.name], "created": created}
    if release_to:
        value["releaseTo"] = release_to
    if giver:
        value["giver"] = giver
    if noted.since is not None:
        value["since"] = math.floor(noted.since)
    return json.dumps(value, separators=(",", ":")).encode()


def decode(value: bytes) -> Noted | None:
    """None for what is no registration: a later version may note more than we know."""
    try:
        found = json.loads(value)
        namespace, name = found["zone"]
        zone = Reference("Zone", str(namespace), str(name))
        release_to = str(found.get("releaseTo", ""))
        since = found.get("since")
        giver = str(found.get("giver", ""))
        registration = Registration(zone, str(found["created"]), release_to, giver)
        return Noted(registration, None if since is None else float(since))
    except (ValueError, KeyError, TypeError):
        return None


def in_place(origin: str, registration: Registration, since: float) -> Zone:
    """What holds the origin of a Zone that is gone, and allows nothing to anybody else.

    `since` is Unix time in seconds.
    """
    gone = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata = Metadata.model_construct(
        name=registration.zone.name,
        namespace=registration.zone.namespace,
        creation_timestamp=registration.created,
        deletion_timestamp=gone,
    )
    return Zone.model_construct(metadata=metadata, spec=ZoneSpec.model_construct(origin=origin))
