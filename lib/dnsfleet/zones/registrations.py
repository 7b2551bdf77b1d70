"""Registrations: which Zone owns a published origin, known for longer than its object is there.

Age decides who owns an origin, and an object that is made anew is young: `kubectl replace --force`,
a restored backup or a namespace that moves would give the origin to whoever waited for it. So a
registration keeps the age of the Zone that was published. The Zone of that name has this age, made
anew or not. While the object is away the origin stays with its namespace for a grace period.

The owner moves an origin to another namespace by the annotation `dnsfleet.io/release-to` of the
Zone: once the object is deleted, the oldest Zone for the origin in that namespace takes the
registration over with its age. `*` gives the origin to anybody. Where a ZoneClass does not take the
namespace that is named, the origin stays with the giver.
"""

from collections.abc import Mapping
from typing import NamedTuple

from dnsfleet.resources import Reference, Zone

RELEASE_ANNOTATION = "dnsfleet.io/release-to"
ANYBODY = "*"


class Registration(NamedTuple):
    """Who owns a published origin."""

    zone: Reference
    created: str
    """The creationTimestamp by which the age of the Zone counts."""
    release_to: str = ""
    """The namespace that takes over when the object is gone; `*` for anybody, empty for none."""
    giver: str = ""
    """The namespace that published it, where another one waits for it."""


Registrations = Mapping[str, Registration]
"""By origin."""


def renewed(zone: Zone, before: Registration | None) -> Registration:
    """The registration of a Zone that owns its origin; `before` is that of the origin."""
    created = zone.metadata.creation_timestamp
    if before is not None and before.zone == zone.reference:
        created = min(created, before.created)
    release_to = zone.metadata.annotations.get(RELEASE_ANNOTATION, "")
    return Registration(zone.reference, created, release_to)
