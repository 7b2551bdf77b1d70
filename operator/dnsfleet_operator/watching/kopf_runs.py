"""One run of kopf: until a signal, until it is to stop, or until one of its tasks fails.

A watch of kopf fails where the API server no longer serves a kind before it says that its CRD is
gone. kopf then ends all of its tasks. Some of them take a cancellation for an order of their own,
begin their watch anew, and are not cancelled a second time, so that kopf waits for them for ever,
and nobody watches anything. Here they are cancelled until none is left.
"""

import asyncio
import contextlib
from collections.abc import Collection, Sequence

import kopf

OWN_END_SECONDS = 6.0
"""kopf lets its tasks end by themselves for 5 s."""
AGAIN_SECONDS = 0.5
"""Between two cancellations of what is left."""


async def run(
    registry: kopf.OperatorRegistry, namespaces: Sequence[str], stop: asyncio.Event
) -> None:
    """Return after a signal, and once `stop` is set; raise what a task of kopf failed by.

    No namespaces mean all.
    """
    others = asyncio.all_tasks()
    tasks = await kopf.spawn_tasks(
        registry=registry,
        standalone=True,
        clusterwide=not namespaces,
        namespaces=namespaces,
        stop_flag=stop,
    )
    first, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    ending = asyncio.create_task(_cancel_all_but(others))
    with contextlib.suppress(Exception):  # kopf logs all; that of the first task is raised below
        await kopf.run_tasks(tasks, ignored={*others, ending})
    ending.cancel()
    for task in first:
        if not task.cancelled() and (problem := task.exception()) is not None:
            raise problem


async def _cancel_all_but(others: Collection[asyncio.Task[object]]) -> None:
    """Cancel the tasks that do not end by themselves, again and again."""
    await asyncio.sleep(OWN_END_SECONDS)
    while left := asyncio.all_tasks() - {*others, asyncio.current_task()}:
        for task in left:
            task.cancel()
        await asyncio.sleep(AGAIN_SECONDS)
