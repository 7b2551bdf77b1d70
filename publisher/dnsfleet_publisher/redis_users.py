"""The users of the Redis servers, and what each may do there.

publisher  on the core: reads and writes the fleet's keys, and asks how the core is
replica    on the core: replicates, nothing else
ack        on the core: reads and writes the slots for acks, and writes the hash in which edges of
           the version before say theirs; nothing else
admin      on the core: makes and ends the users of Pops in other clusters; nothing else
status     on the core: reads what is published, and what edges and Pops say; nothing else
probe      on the core and on a replica: reads what probers are to ask, and what is published of a
           zone; nothing else
edge       on a replica: reads the fleet's keys, and asks how the replica is
operator   on the replica of a Pop whose core is in another cluster: reads the fleet's keys, and
           what edges say there as `ack`

Each Pop in a cluster of its own has one more user on the core, which the operator makes while the
core runs (see `pop_users`). Whoever may make users may do everything by them, so nobody but the
operator has the password of `admin`.
"""

import hashlib
from collections.abc import Iterable, Mapping

from dnsfleet.replication import ack_slots, keys, pop_slots

from dnsfleet_publisher.store_errors import RIGHTS

CORE_USERS = ("publisher", "replica", "ack")
REPLICA_USERS = ("edge",)
USERS = CORE_USERS + REPLICA_USERS
ADMIN = "admin"
STATUS = "status"
PROBE = "probe"
LATER_USERS = (ADMIN, STATUS, PROBE)
"""Of the core, since later versions: a Secret that somebody else made may lack their passwords."""
LATER_REPLICA_USERS = (PROBE,)
"""Of the replicas, since later versions; it has the same password there."""
EDGE_USERS = ("edge", "ack")
"""Whose passwords an edge has."""
JOINED_USERS = (*EDGE_USERS, "operator", PROBE)
"""Of the replica of a Pop whose core is in another cluster."""

_CONNECTION = "+ping +hello +auth +select +client|setinfo +client|setname +client|id"
_STATE = "+info|memory +info|replication"
"""How the server is (see `redis_watch`), and none of the other parts of INFO."""
_REPLICATION = "+psync +replconf +ping"
_REPLICATION_OF_POP = "+psync +ping " + " ".join(
    f"+replconf|{option}" for option in ("listening-port", "ip-address", "version", "ack")
)
"""Without `capa`, by which a replica has its copy streamed while others wait (ADR 0041); it goes
on where that is refused. The core looks at the first option; the tunnel looks at the others."""
_RIGHTS = {
    "publisher": f"{RIGHTS} -@dangerous +time {_STATE} {_CONNECTION}",
    "replica": _REPLICATION,
    "ack": f"%RW~{ack_slots.PATTERN} %W~{keys.ACKS} +set +getrange +hset {_CONNECTION}",
    ADMIN: f"+acl|list +acl|setuser +acl|deluser {_CONNECTION}",
    STATUS: f"%R~{keys.LSN} %R~{keys.ZONES} %R~{keys.LOG} %R~{keys.manifest('*')}"
    f" %R~{ack_slots.PATTERN} %R~{pop_slots.pattern('*')}"
    f" +get +getrange +mget +hgetall +xrange +multi +exec {_CONNECTION}",
    PROBE: f"%R~{keys.PROBES} %R~{keys.manifest('*')} +hget +getrange {_CONNECTION}",
    "operator": f"%R~dnsfleet:* %RW~{ack_slots.PATTERN} %RW~{keys.ACKS} +@read +@scripting"
    f" +unlink +hdel -@dangerous {_CONNECTION}",
    "edge": f"%R~dnsfleet:* +@read -@dangerous {_STATE} {_CONNECTION}",
}


def acl(passwords: Mapping[str, str]) -> str:
    """The text of an ACL file with these users and no other; it holds hashes, no passwords."""
    return "user default off\n" + "".join(
        _user(name, password) for name, password in passwords.items()
    )


def rules_of_pop(pop: str, passwords: Iterable[str]) -> list[str]:
    """All that the user of a Pop is, as ACL SETUSER takes it: whatever it was before is gone.

    It may not choose another database, where it would have as many keys again.
    """
    digests = [f"#{_digest(password)}" for password in passwords]
    writing = f"%RW~{pop_slots.pattern(pop)} +set +getrange"
    rights = f"{writing} {_REPLICATION_OF_POP} {_CONNECTION} -select"
    return ["reset", "on", *digests, "resetchannels", "-@all", *rights.split()]


def is_of_pop(told: str, pop: str, passwords: Iterable[str]) -> bool:
    """Whether a core tells this of a user that was made for a Pop.

    Whoever else has such a name knows neither of the keys of the Pop nor a password of it.
    """
    marks = [pop_slots.pattern(pop), *map(_digest, passwords)]
    return any(mark in told for mark in marks)


def takes_others(told: str, passwords: Iterable[str]) -> bool:
    """Whether a user, as a core tells it, gets in with other passwords than these too."""
    digests = {word.removeprefix("#") for word in told.split() if word.startswith("#")}
    return not digests <= set(map(_digest, passwords))


def _user(name: str, password: str) -> str:
    return f"user {name} on #{_digest(password)} resetchannels -@all {_RIGHTS[name]}\n"


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
