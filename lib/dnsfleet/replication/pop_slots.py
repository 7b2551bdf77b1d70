"""The keys of the core that the cluster of one Pop may write, and nobody else.

What a Pop in a cluster of its own says, its agent writes there. Its user of Redis can be kept to
keys, but not to how many of them match a pattern, nor to what they hold. So there is a fixed number
of keys for each Pop, of which each may have at most what the server takes as one value:

    dnsfleet:1:pop:NAME:0 ... f

Slot 0 has the report of the Pop (see `pop_reports`), slot 1 its telemetry (see `telemetry`).

The name of a Pop is one label, so no name is a pattern, and no Pop has a key of another one.
"""

from dnsfleet.replication.keys import PREFIX

SLOTS = 16
"""Values that one Pop can say: one for each shard of its acks, and room for what comes later. With
the 1 MiB that a core takes as one value, a Pop fills 16 MiB at most."""

USER_PREFIX = "pop-"
"""Begins the names of the users of Pops, and of no other user."""


def key(pop: str, slot: int) -> str:
    """The key of a slot."""
    return f"{PREFIX}pop:{pop}:{slot:x}"


def pattern(pop: str) -> str:
    """What matches the slots of a Pop and nothing else, as a pattern of Redis."""
    return f"{PREFIX}pop:{pop}:[0-9a-f]"


def user(pop: str) -> str:
    """The name of the user of a Pop."""
    return USER_PREFIX + pop
