"""Names of the Redis keys: what lies where in the core and in every replica.

    dnsfleet:1:fence                          the fence of the one writer (integer)
    dnsfleet:1:floor                          a fence: everything published under it, or under one
                                              before it, is to be published again (integer)
    dnsfleet:1:lsn                            position of the last publication (integer)
    dnsfleet:1:log                            stream, one entry a publication, id `LSN-0`,
                                              fields zone, revision, after (position before it)
    dnsfleet:1:zones                          hash: origin to `LSN EPOCH.SEQ` of its manifest
    dnsfleet:1:manifest:ORIGIN                the signed head of the newest revision
    dnsfleet:1:snapshot:ORIGIN:EPOCH.SEQ:I    chunk I of the whole zone at a revision
    dnsfleet:1:delta:ORIGIN:EPOCH.SEQ:I       chunk I of the change that led to a revision
    dnsfleet:1:fleet                          the signed head of the fleet
    dnsfleet:1:ack:SLOT                       the newest ack of an edge (see `ack_slots`)
    dnsfleet:1:acks                           hash: `POP/EDGE` to its newest ack, as edges of the
                                              version before write it
    dnsfleet:1:pop:NAME:SLOT                  what the cluster of a Pop says (see `pop_slots`)
    dnsfleet:1:pops                           hash: name of a Pop that runs in another cluster to
                                              its signed spec (see `pop_specs`)
    dnsfleet:1:commands:NAME                  stream, one entry a Pop command, id `EPOCH-SEQ`
                                              (see `pop_commands`)
    dnsfleet:1:probes                         hash: `list` to what probers are to ask, signed (see
                                              `dnsfleet.probing.lists`)
    dnsfleet:1:claims                         hash: `ORIGIN NAMESPACE/NAME` of a RecordSet to the
                                              RRsets that it added; for writers only
    dnsfleet:1:absences                       hash: `KIND NAME` of what is published and has no
                                              object to the time since when; for writers only
    dnsfleet:1:removals                       hash: origin of a zone that is to leave, or left a
                                              short time ago, to how far that is and since when;
                                              for writers only
    dnsfleet:1:registrations                  hash: origin to the Zone that it belongs to, with the
                                              age that counts; for writers only
    dnsfleet:1:outlines                       hash: origin to what its Zone says beside its records;
                                              for writers only
    dnsfleet:1:kept                           hash: origin of a removed zone that can be restored to
                                              its signed description (see `kept_zones`)
    dnsfleet:1:kept:ORIGIN:EPOCH.SEQ:I        chunk I of what is kept beside its records

The 1 is the version of this layout. A reader looks only under its own version. Where it finds
nothing there, it keeps what it has, so a newer layout never takes a zone away from an older edge.

A snapshot or delta has its own keys for every revision: nothing that a manifest names is ever
written a second time.
"""

from dnsfleet.replication.revisions import Revision

PREFIX = "dnsfleet:1:"
FENCE = PREFIX + "fence"
FLOOR = PREFIX + "floor"
LSN = PREFIX + "lsn"
LOG = PREFIX + "log"
ZONES = PREFIX + "zones"
FLEET = PREFIX + "fleet"
ACKS = PREFIX + "acks"
POPS = PREFIX + "pops"
PROBES = PREFIX + "probes"
PROBE_LIST = "list"
"""The one field of it."""
CLAIMS = PREFIX + "claims"
ABSENCES = PREFIX + "absences"
REMOVALS = PREFIX + "removals"
REGISTRATIONS = PREFIX + "registrations"
OUTLINES = PREFIX + "outlines"
KEPT = PREFIX + "kept"


def manifest(origin: str) -> str:
    """Where the signed manifest of a zone is."""
    return f"{PREFIX}manifest:{origin}"


def snapshot(origin: str, revision: Revision, chunks: int) -> list[str]:
    """Where the chunks of the whole zone at a revision are, in order."""
    return [f"{PREFIX}snapshot:{origin}:{revision}:{chunk}" for chunk in range(chunks)]


def delta(origin: str, revision: Revision, chunks: int) -> list[str]:
    """Where the chunks of the change that led to a revision are, in order."""
    return [f"{PREFIX}delta:{origin}:{revision}:{chunk}" for chunk in range(chunks)]


def kept(origin: str, revision: Revision, chunks: int) -> list[str]:
    """Where the chunks are of what is kept beside the records of a zone that had a revision."""
    return [f"{KEPT}:{origin}:{revision}:{chunk}" for chunk in range(chunks)]
