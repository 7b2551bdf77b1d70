"""One run of `verify`: looks until nothing differs, or until what differs stays, and tells it.

`--heal` raises the floor in the core (see `dnsfleet_publisher.record_store`): the one writer, which
is the operator or `dnsfleet up`, takes a new fence and publishes everything again. Nothing is
written here but that wish.
"""

import random
import time

from dnsfleet.replication import announcements
from dnsfleet.zones import questions
from dnsfleet_publisher.core_redis import CoreRedis
from dnsfleet_publisher.store_errors import StoreError

from dnsfleet_cli.troubles import NEGATIVE, OK, TROUBLE, Trouble, counted
from dnsfleet_cli.verifying import comparing
from dnsfleet_cli.verifying.gathering import Fleet, gather
from dnsfleet_cli.verifying.looks import Difference, Look

PAUSES = (1.0, 2.0, 4.0)
"""Seconds between looks at what differs: a change is at every edge within three, and an edge that
was cut off for a moment is back after the last."""
MOST_TOLD = 100
"""Differences that are told one by one: where more differ, they have one reason."""
WRITER_SECONDS = 60.0
"""Until a writer that runs has done something for a wish: one looks every five seconds; a standby
that takes over needs fifteen, and reads all zones first."""
POLL_SECONDS = 0.2
SEEDS = 1 << 32


def run(fleet: Fleet, seed: int | None, heal: bool) -> int:
    """Compare, tell what differs, and give the exit status; Trouble where the core is away."""
    chosen = random.randrange(SEEDS) if seed is None else seed  # noqa: S311 - no secret
    try:
        if heal:
            _heal(fleet.core)
        look, found = verify(fleet, chosen)
    except StoreError as error:
        raise Trouble(str(error)) from None
    for each in found[:MOST_TOLD]:
        print(each)
    if len(found) > MOST_TOLD:
        print(f"{len(found) - MOST_TOLD} more")
    print(_summary(look, found, chosen))
    return status(found)


def status(found: list[Difference]) -> int:
    """0: all is equal; 1: something differs; 2: some of it could not be looked at."""
    if any(each.seen for each in found):
        return NEGATIVE
    return TROUBLE if found else OK


def verify(fleet: Fleet, seed: int) -> tuple[Look, list[Difference]]:
    """The first look, and what still differs after the last."""
    first = look = gather(fleet, seed)
    found = comparing.differences(look)
    for pause in PAUSES:
        if not found:
            break
        time.sleep(pause)
        suspects = frozenset(each.zone for each in found if each.zone)
        earlier, look = look, gather(fleet, seed, suspects)
        found = comparing.differences(look, earlier)
    return first, found


def _heal(core: CoreRedis) -> None:
    """Have everything published again; Trouble where no writer does it."""
    floor = core.ask_for_all()
    left, deadline = -1, time.monotonic() + WRITER_SECONDS
    while True:
        index, _ = core.index()
        fence, _, _ = core.state()
        below = sum(each.revision.epoch <= floor for each in announcements.read_index(index))
        taken = fence.isdecimal() and int(fence) > floor
        if taken and not below:
            print(f"everything is published again under fence {fence}")
            return
        if below != left and taken:
            left, deadline = below, time.monotonic() + WRITER_SECONDS
        if time.monotonic() > deadline:
            break
        time.sleep(POLL_SECONDS)
    if not taken:
        raise Trouble(
            f"no writer took a new fence within {WRITER_SECONDS:g} s: see that the operator, or "
            "`dnsfleet up`, runs and reaches the core; it publishes all again as soon as it does"
        )
    print(f"{counted(below, 'zone')} could not be published again: see the log of the writer")


def _summary(look: Look, found: list[Difference], seed: int) -> str:
    live = sum(entry.live for entry in look.core.entries.values())
    what = (
        f"{counted(live, 'zone')}, {counted(len(look.pops), 'Pop')}, "
        f"{counted(len(look.edges), 'edge')}, at most {questions.QUERIES_PER_ZONE} queries for a "
        f"zone, seed {seed}"
    )
    if look.remote:
        what += (
            f"; other clusters run {', '.join(sorted(look.remote))}: their replicas and answers "
            "cannot be looked at from here, only what they say was judged"
        )
    return f"{counted(len(found), 'difference')} in {what}" if found else f"all equal: {what}"
