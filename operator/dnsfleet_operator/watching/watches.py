"""kopf's watches for as long as the operator runs, begun anew with every definition.

kopf asks which kinds a group has when it hears of one of the group's CRDs. The API server may tell
of a CRD a moment before it serves the kind: kopf then finds no such kind, hears no more, and never
watches it. So it begins when all kinds are served, and again when one of their CRDs is another.
"""

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Collection, Mapping, Sequence

import kopf

from dnsfleet_operator.cluster import Cluster, ClusterError
from dnsfleet_operator.controller import Controller
from dnsfleet_operator.observed.deletions import DEFINITIONS
from dnsfleet_operator.observed.observation import LISTED
from dnsfleet_operator.watching.handlers import register

SERVED_SECONDS = 1.0
"""Between looks whether all kinds are served."""

KINDS = (*LISTED, "ConfigMap")
"""What is watched where the core is here; RecordSets are watched beside kopf."""

_log = logging.getLogger(__name__)


def watch(cluster: Cluster, controller: Controller, kinds: Collection[str]) -> None:
    """Hand events of these kinds to the controller until a signal."""
    while True:
        definitions = _served(cluster, [kind for kind in DEFINITIONS if kind in kinds])
        controller.sync()
        stale = asyncio.Event()  # kopf would wait for another kind in a thread, and for its end
        registry = register(controller, definitions, stale.set, kinds)
        kopf.run(registry=registry, standalone=True, clusterwide=True, stop_flag=stale)
        if not stale.is_set():
            return


def _served(cluster: Cluster, kinds: Sequence[str]) -> Mapping[str, str]:
    """Wait until each of these kinds is served; the uid of each CRD by its name."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        told = False
        while (found := _look(cluster, kinds)) is None:
            if not told:
                names = ", ".join(DEFINITIONS[kind] for kind in kinds)
                _log.warning("not all of %s are served; wait", names)
                told = True
            time.sleep(SERVED_SECONDS)
        return found
    finally:
        signal.signal(signal.SIGTERM, before)


def _look(cluster: Cluster, kinds: Sequence[str]) -> Mapping[str, str] | None:
    uids = {}
    try:
        for kind in kinds:
            name = DEFINITIONS[kind]
            definition = cluster.get("CustomResourceDefinition", name)
            if definition is None:
                return None
            cluster.page(kind)
            uids[name] = str(definition["metadata"]["uid"])
    except ClusterError:
        return None
    return uids
