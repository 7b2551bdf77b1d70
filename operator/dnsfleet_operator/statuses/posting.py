"""Posting Events: a courtesy, so one that cannot be posted is only logged."""

import logging
import secrets
from datetime import UTC, datetime

from dnsfleet.resources import Reference

from dnsfleet_operator.cluster import Cluster, ClusterError
from dnsfleet_operator.statuses import events
from dnsfleet_operator.statuses.events import Notice

SUFFIX_OCTETS = 8
"""Of randomness in the name of an Event."""

_log = logging.getLogger(__name__)


def post(cluster: Cluster, instance: str, notice: Notice, about: Reference, uid: str = "") -> None:
    """Post what an object is to tell; `instance` is who posts it."""
    wall = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    suffix = secrets.token_hex(SUFFIX_OCTETS)
    try:
        cluster.create(events.event(notice, about, uid, suffix, instance, wall))
    except Exception as error:
        # What it tells of is done, and the next Event may well be posted.
        _log.warning("%s", error, exc_info=not isinstance(error, ClusterError))
