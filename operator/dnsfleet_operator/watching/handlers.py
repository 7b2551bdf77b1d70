"""kopf's part: its watches, and one handler for each kind that hands events on.

Only `on.event` handlers are used: for them kopf writes nothing, neither finalizers nor annotations.
RecordSets are watched beside it (see `record_set_watch`).
"""

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, cast

import kopf
from dnsfleet.resources import GROUP, VERSION

from dnsfleet_operator.api_calls import APICalls
from dnsfleet_operator.controller import Controller
from dnsfleet_operator.watching.kopf_calls import KopfSessions

RETRY_SECONDS = 1.0
"""Between requests while the API server is away."""
SERVER_SECONDS = 60
"""A watch is begun anew, from where it was, after so long: none is dead or late for longer."""

IDLE_SECONDS = 0.1
"""How long kopf keeps a worker for an object after its last event."""

_WATCHED = (
    (GROUP, VERSION, "zones", "Zone"),
    (GROUP, VERSION, "pops", "Pop"),
    (GROUP, VERSION, "zoneclasses", "ZoneClass"),
    ("", "v1", "namespaces", "Namespace"),
)


class _Steady:
    """The same pause without end: kopf gives a request up when its pauses are used up."""

    def __iter__(self) -> Iterator[float]:
        return itertools.repeat(RETRY_SECONDS)


class _NoDiffs(kopf.DiffBaseStorage):
    """No object is compared with what it was: handlers of events get no differences."""

    def build(self, **_: Any) -> kopf.BodyEssence:
        return cast(kopf.BodyEssence, {})

    def fetch(self, **_: Any) -> kopf.BodyEssence | None:
        return None

    def store(self, **_: Any) -> None:
        """Nothing is ever kept."""


def register(
    controller: Controller,
    definitions: Mapping[str, str],
    stale: Callable[[], None],
    kinds: Collection[str],
    calls: APICalls,
) -> kopf.OperatorRegistry:
    """The handlers of these kinds, for `kopf.run`.

    `stale` is called when one of the CRDs in `definitions` (name to uid) was made anew; `calls`
    counts what kopf asks the API server.
    """
    registry = kopf.OperatorRegistry()
    sessions = KopfSessions(calls)

    @kopf.on.startup(registry=registry)
    async def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        settings.posting.enabled = False
        settings.networking.error_backoffs = _Steady()
        settings.watching.server_timeout = SERVER_SECONDS
        settings.queueing.idle_timeout = IDLE_SECONDS
        settings.persistence.diffbase_storage = _NoDiffs()

    @kopf.on.login(registry=registry)
    async def login(**options: Any) -> kopf.AiohttpSession | None:
        in_cluster = kopf.login_with_service_account(**options)
        found = in_cluster or kopf.login_with_kubeconfig(**options)
        return None if found is None else sessions.session(found)

    @kopf.on.event("apiextensions.k8s.io", "v1", "customresourcedefinitions", registry=registry)
    async def on_definition(event: Any, name: str, uid: str, **_: Any) -> None:
        if event["type"] != "DELETED" and uid != definitions.get(name, uid):
            stale()

    for group, version, plural, kind in _WATCHED:
        if kind in kinds:
            _watch(registry, controller, (group, version, plural), kind)
    return registry


def _watch(
    registry: kopf.OperatorRegistry,
    controller: Controller,
    resource: tuple[str, str, str],
    kind: str,
) -> None:
    @kopf.on.event(*resource, registry=registry, id=f"event-{kind}")
    async def on_event(event: Any, **_: Any) -> None:
        listed = event["type"] is None
        controller.event(kind, event["object"], event["type"] == "DELETED", listed)
