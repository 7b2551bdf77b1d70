"""The users of the Redis servers, and what each may do there.

publisher  on the core: reads and writes the fleet's keys
replica    on the core: replicates, nothing else
ack        on the core: reads and writes the slots for acks, and writes the hash in which edges of
           the version before say theirs; nothing else
edge       on a replica: reads the fleet's keys
"""

import hashlib
from collections.abc import Mapping

from dnsfleet.replication import ack_slots, keys

from dnsfleet_publisher.store_errors import RIGHTS

CORE_USERS = ("publisher", "replica", "ack")
REPLICA_USERS = ("edge",)
USERS = CORE_USERS + REPLICA_USERS

_CONNECTION = "+ping +hello +auth +select +client|setinfo +client|setname +client|id"
_RIGHTS = {
    "publisher": f"{RIGHTS} -@dangerous +time {_CONNECTION}",
    "replica": "+psync +replconf +ping",
    "ack": f"%RW~{ack_slots.PATTERN} %W~{keys.ACKS} +set +getrange +hset {_CONNECTION}",
    "edge": f"%R~dnsfleet:* +@read -@dangerous {_CONNECTION}",
}


def acl(passwords: Mapping[str, str]) -> str:
    """The text of an ACL file with these users and no other; it holds hashes, no passwords."""
    return "user default off\n" + "".join(
        _user(name, password) for name, password in passwords.items()
    )


def _user(name: str, password: str) -> str:
    digest = hashlib.sha256(password.encode()).hexdigest()
    return f"user {name} on #{digest} resetchannels -@all {_RIGHTS[name]}\n"
