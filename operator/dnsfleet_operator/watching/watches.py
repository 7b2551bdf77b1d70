"""kopf's watches for as long as the operator runs, begun anew with every definition.

An operator that starts without the definitions of its version waits for them, is not Ready, and
does not ask for the Lease: so in an upgrade the one before goes on leading until they are there.

kopf asks which kinds a group has when it hears of one of the group's CRDs. The API server may tell
of a CRD a moment before it serves the kind: kopf then finds no such kind, hears no more, and never
watches it. So it begins when all kinds are served, and again when one of their CRDs is another, or
when it failed (see `kopf_runs`).
"""

import asyncio
import contextlib
import logging
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from http import HTTPStatus

from dnsfleet_operator.api_calls import APICalls
from dnsfleet_operator.cluster import Cluster, ClusterError
from dnsfleet_operator.controller import Controller
from dnsfleet_operator.observed.deletions import DEFINITIONS
from dnsfleet_operator.watching import kopf_runs
from dnsfleet_operator.watching.handlers import register

SERVED_SECONDS = 1.0
"""Between looks whether all kinds are served."""
Definitions = Mapping[str, str]
"""The uid of each CRD by its name."""

_log = logging.getLogger(__name__)


def watch(
    cluster: Cluster,
    controller: Controller,
    kinds: Collection[str],
    namespaces: Sequence[str],
    tell: Callable[[str], None],
    calls: APICalls,
) -> None:
    """Hand events of these kinds to the controller until a signal.

    Those of Zones come from these `namespaces` only, where there are some. For `tell` see `served`;
    `calls` counts the calls of kopf.
    """
    while True:
        definitions = served(cluster, kinds, tell)
        controller.sync()
        stale = asyncio.Event()  # kopf would wait for another kind in a thread, and for its end
        registry = register(controller, definitions, stale.set, kinds, calls)
        try:
            asyncio.run(kopf_runs.run(registry, namespaces, stale))
        except Exception as error:
            _log.warning("the watches of kopf ended, and begin anew: %s", error)
            with _leaving_at_a_signal():
                time.sleep(SERVED_SECONDS)
            continue
        if not stale.is_set():
            return


def served(cluster: Cluster, kinds: Collection[str], tell: Callable[[str], None]) -> Definitions:
    """Wait until each of these kinds that is ours is served; their CRDs.

    `tell` is given what is waited for, and an empty text at the end.
    """
    names = {kind: DEFINITIONS[kind] for kind in kinds if kind in DEFINITIONS}
    told = ""
    with _leaving_at_a_signal():
        while True:
            try:
                found = _look(cluster, names)
                why = _why_not(sorted(names.values() - found.keys()))
            except ClusterError as error:
                why = str(error)
            if not why:
                tell("")
                return found
            if why != told:
                _log.warning("%s", why)
                tell(why)
                told = why
            time.sleep(SERVED_SECONDS)


@contextlib.contextmanager
def _leaving_at_a_signal() -> Iterator[None]:
    """What SIGTERM does while kopf does not run."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _why_not(missing: list[str]) -> str:
    if not missing:
        return ""
    return (
        f"the API server does not serve {', '.join(missing)}: apply the CustomResourceDefinitions "
        "of this version (the folder crds), or install the chart with crds.enabled=true"
    )


def _look(cluster: Cluster, names: Mapping[str, str]) -> Definitions:
    """The CRDs of these kinds that are served; ClusterError where that cannot be found out."""
    found = {}
    for kind, name in names.items():
        definition = cluster.get("CustomResourceDefinition", name)
        if definition is None or not _lists(cluster, kind):
            continue
        found[name] = str(definition["metadata"]["uid"])
    return found


def _lists(cluster: Cluster, kind: str) -> bool:
    """Whether the API server knows lists of a kind, which it may some time after its CRD."""
    place = cluster.places(kind)[0]
    try:
        cluster.page(kind, namespace=place, most=1)
    except ClusterError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return False
        if not error.forbidden or not place:
            raise  # else the kind is there, and the lists tell of rights
    return True
