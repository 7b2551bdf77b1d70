"""What the core knows of one zone, by port-forward, as `verify` reaches it."""

import time
from collections.abc import Sequence
from typing import cast

import redis
from dnsfleet.replication import announcements, edge_words, keys
from dnsfleet.replication.announcements import Announcement
from dnsfleet_status.core_reader import CoreReader

from dnsfleet_cli.kubectl import objects, zone_pops
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.objects import Object, value
from dnsfleet_cli.kubectl.zone_pops import ZonePop
from dnsfleet_cli.troubles import Trouble


def of_zone(
    cluster: Cluster, namespace: str, zone: Object, pops: Sequence[Object]
) -> list[ZonePop]:
    """How each Pop stands to a zone; none where it is not published. `namespace` is that of the
    release. Trouble where the core cannot be read, or may not be."""
    from dnsfleet_cli.kubectl.cluster_fleet import ClusterFleet

    fleet, origin, now = ClusterFleet(cluster, namespace), objects.origin(zone), time.time()
    reader, now_ms = CoreReader(), round(now * 1000)
    remote = [objects.name(pop) for pop in pops if objects.is_remote(pop)]
    core = fleet.looking_core()
    try:
        reader.read(core, tuple(fleet.public), remote, now_ms, {origin})
        log = _log(core, origin)
    except redis.RedisError as error:
        raise Trouble(f"the core cannot be read: {error}") from None
    if origin in reader.unreadable:
        raise Trouble(f"what the core has of it cannot be read: {reader.unreadable[origin]}")
    if origin not in reader.published:
        return []
    words = {
        pop: [
            edge_words.word(each.edge, each.ack, reader.positions, now_ms, each.edges)
            for each in said
        ]
        for pop, said in reader.said.items()
    }
    slowest = value(zone, "status", "propagation", "slowest", default=())
    lags = {each["name"]: each["seconds"] for each in slowest}
    return zone_pops.rows(reader.published[origin], pops, words, log, lags, now)


def _log(client: redis.Redis, origin: str) -> list[Announcement]:
    """The publications of a zone that the log has, the oldest first."""
    found = cast(list[tuple[bytes, dict[bytes, bytes]]], client.xrange(keys.LOG))
    entries = (announcements.read_entry(*each) for each in found)
    return [
        each.announcement
        for each in entries
        if each is not None and each.announcement is not None and each.announcement.zone == origin
    ]
