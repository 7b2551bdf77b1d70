"""`kubectl dnsfleet pop snapshot`, `restart-replica` and `forget-edge`: what a Pop is to do once.

Each asks by an annotation of the Pop. The operator hands it on, also to a Pop of another cluster
and after that was cut off, and the status of the Pop shows how it ended.
"""

import time
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer
from dnsfleet.replication.pop_commands import (
    FORGET_EDGE,
    MAX_LIFETIME_MS,
    MAX_WAITING,
    RESTART_REPLICA,
    SNAPSHOT,
    Request,
)
from dnsfleet.resources import pop_requests

from dnsfleet_cli.kubectl import objects, states, verdicts
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.troubles import Trouble

EXPIRES_SECONDS = 3600
"""A Pop that was cut off for longer than an hour has other needs when it is back."""
KEPT = 8
"""Commands that have ended and stay in the status of a Pop when another one is given."""
TIMEOUT_SECONDS = 60.0
SNAPSHOT_TIMEOUT_SECONDS = 720.0
"""An edge waits for ten minutes at most before it loads, and loads 10,000 zones in one."""

PopName = Annotated[str, typer.Argument(help="The Pop's name.", show_default=False)]
Wait = Annotated[bool, typer.Option("--wait", help="Until it is done, has failed or expired.")]
Timeout = Annotated[float, typer.Option(min=0, help="Seconds to wait.")]
Expires = Annotated[
    int,
    typer.Option(
        min=1,
        max=MAX_LIFETIME_MS // 1000,
        help="Seconds after which it is not begun any more.",
    ),
]


def snapshot(
    ctx: typer.Context,
    name: PopName,
    expires: Expires = EXPIRES_SECONDS,
    wait: Wait = False,
    timeout: Timeout = SNAPSHOT_TIMEOUT_SECONDS,
) -> None:
    """Have every Ready edge of a Pop load all its zones anew, from snapshots in its replica.

    It answers meanwhile from what it has, and writes its disk anew.
    """
    _give(ctx.obj(), name, SNAPSHOT, "", expires, timeout if wait else None)


def restart_replica(
    ctx: typer.Context,
    name: PopName,
    expires: Expires = EXPIRES_SECONDS,
    wait: Wait = False,
    timeout: Timeout = TIMEOUT_SECONDS,
) -> None:
    """Restart the replica of a Pop, which copies the core anew; its edges answer on meanwhile."""
    _give(ctx.obj(), name, RESTART_REPLICA, "", expires, timeout if wait else None)


def forget_edge(
    ctx: typer.Context,
    name: PopName,
    edge: Annotated[str, typer.Argument(help="The name of its pod.", show_default=False)],
    expires: Expires = EXPIRES_SECONDS,
    wait: Wait = False,
    timeout: Timeout = TIMEOUT_SECONDS,
) -> None:
    """Forget what an edge said that is gone for good; one that is Ready is not forgotten."""
    _give(ctx.obj(), name, FORGET_EDGE, edge, expires, timeout if wait else None)


def _give(
    cluster: Cluster, pop: str, verb: str, argument: str, seconds: int, timeout: float | None
) -> None:
    """Ask for it; with a timeout, wait for how it ends."""
    found = objects.pop(pop, cluster.pops())
    now_ms = time.time_ns() // 1_000_000
    name = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%S.%f")
    request = Request(name, verb, argument, now_ms, now_ms + seconds * 1000)
    key, value = pop_requests.annotation(request)
    annotations = {key: value, **_without_old(found)}
    changed = cluster.patch_pop(pop, {"metadata": {"annotations": annotations}})
    print(f"pop/{pop} is told: {' '.join(filter(None, (verb, argument)))} ({name})")
    if timeout is not None:
        states.follow(cluster, changed, partial(verdicts.command, name=name), timeout)


def _without_old(pop: Object) -> dict[str, None]:
    """The annotations to remove with the next one; Trouble where too many wait."""
    shown = {each["name"]: each for each in objects.commands(pop)}
    asked = [
        key
        for key in objects.value(pop, "metadata", "annotations", default={})
        if key.startswith(pop_requests.PREFIX)
    ]
    states_of = {
        key: shown.get(key.removeprefix(pop_requests.PREFIX), {}).get("state", "Waiting")
        for key in asked
    }
    waiting = [key for key, state in states_of.items() if state == "Waiting"]
    if len(waiting) >= MAX_WAITING:
        raise Trouble(
            f"{len(waiting)} commands to pop/{pop['metadata']['name']} wait already: see `kubectl "
            "dnsfleet status`"
        )
    ended = sorted(set(asked) - set(waiting))
    return dict.fromkeys(ended[: max(0, len(ended) - KEPT)])
