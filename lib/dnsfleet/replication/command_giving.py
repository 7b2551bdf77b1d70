"""Giving Pop commands: what the writer writes into the stream of a Pop, and how requests end. Pure.

The stream is its own memory: what it has is not written again, and what it lost is. So a writer
that begins anew, or whose core went back, goes on where the stream is. It needs to remember nothing
but the outcomes, which the status of the Pop shows.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from dnsfleet.replication.command_words import EXPIRED, FAILED, Outcome
from dnsfleet.replication.pop_commands import (
    MAX_KEPT,
    MAX_LIFETIME_MS,
    MAX_WAITING,
    PopCommand,
    Request,
)
from dnsfleet.replication.revisions import Revision

GRACE_MS = 15_000
"""How long after its end a request is waited for: what was done in its last moment is told within
three reports."""

_NOT_TAKEN = "it expired before the core took it"
_NOT_HEARD = "nothing was heard of it: it was not begun, or that could not be told"
_FULL = f"{MAX_WAITING} others wait already: give it again when they have ended"
_OWN = (_NOT_TAKEN, _NOT_HEARD, _FULL)
"""What the writer says without a word of the Pop, which may have begun it from a stream that was
lost since."""


class Given(NamedTuple):
    """How the requests of one Pop stand."""

    outcomes: Mapping[str, Outcome]
    """Of those that ended, by name."""
    waiting: tuple[Request, ...]
    """The others, in the order in which they were given."""
    write: tuple[Request, ...]
    """Those of them that the stream lacks, to be written in this order."""


def give(
    requests: Iterable[Request],
    known: Mapping[str, Outcome],
    said: Iterable[Outcome],
    stream: Iterable[PopCommand],
    now_ms: int,
) -> Given:
    """What to write, from what is asked for, what was known of it, and what the Pop says.

    `stream` are the commands there that the key of now signed. The first word of the Pop about a
    request counts, and no later one. It counts even where the writer took the request for expired:
    it is the Pop that knows.
    """
    there = {each.request.name for each in stream}
    ordered = sorted(requests, key=lambda each: (each.given_ms, each.name))[-MAX_KEPT:]
    names = {each.name for each in ordered}
    outcomes = {name: each for name, each in known.items() if name in names}
    outcomes |= {
        each.request: each
        for each in said
        if each.request in names and _is_news(outcomes.get(each.request), each)
    }
    waiting: list[Request] = []
    places = sum(each.name in there and each.name not in outcomes for each in ordered)
    for request in ordered:
        if request.name in outcomes:
            continue
        is_new = request.name not in there
        if is_new and now_ms >= request.expires_ms:
            outcomes[request.name] = Outcome(request.name, EXPIRED, _NOT_TAKEN, now_ms)
        elif is_new and (why := _refusal(request, places)):
            outcomes[request.name] = Outcome(request.name, FAILED, why, now_ms)
        elif now_ms >= request.expires_ms + GRACE_MS:
            outcomes[request.name] = Outcome(request.name, EXPIRED, _NOT_HEARD, now_ms)
        else:
            waiting.append(request)
            places += is_new
    write = tuple(each for each in waiting if each.name not in there)
    return Given(outcomes, tuple(waiting), write)


def numbered(
    pop: str, requests: Iterable[Request], fence: int, highest: Revision
) -> list[PopCommand]:
    """Commands of these requests, with numbers under this fence and above `highest`."""
    first = highest.seq + 1 if highest.epoch == fence else 1
    return [
        PopCommand(pop, Revision(fence, sequence), request)
        for sequence, request in enumerate(requests, first)
    ]


def _is_news(known: Outcome | None, said: Outcome) -> bool:
    """Whether this is the first word of the Pop: one that the writer did not say itself."""
    return said.message not in _OWN and (known is None or known.message in _OWN)


def _refusal(request: Request, waiting: int) -> str:
    if request.expires_ms - request.given_ms > MAX_LIFETIME_MS:
        return f"it would wait for longer than {MAX_LIFETIME_MS // 3_600_000} h: give it less"
    if waiting >= MAX_WAITING:
        return _FULL
    return ""
