"""The lines that the writer logs of each change: when it was planned, and when the core had it.

Edges log the next ones by the same fields (see docs/logs.md), so one change can be followed.
"""

import logging

from dnsfleet.replication.manifests import Manifest
from dnsfleet_io.logs import line

_log = logging.getLogger(__name__)


def planned(manifest: Manifest) -> None:
    """This is to be published; nothing of it is written yet."""
    _log.info(line("zone_planned", **_which(manifest)))


def published(manifest: Manifest) -> None:
    """The core has it."""
    if manifest.tombstone:
        _log.info(line("zone_removed", **_which(manifest)))
        return
    records = {"serial": manifest.serial, "records": manifest.records}
    _log.info(line("zone_published", **_which(manifest), **records))


def _which(manifest: Manifest) -> dict[str, object]:
    return {"zone": manifest.zone, "lsn": manifest.lsn, "revision": manifest.revision}
