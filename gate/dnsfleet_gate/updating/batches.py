"""Which messages are written together, and what is written. Pure.

Messages of one zone are looked at in the order in which they came, each on top of those before it.
What they change is written into the RecordSets of their keys, one after the other. So that nothing
stands that rests on a message which failed, a key that comes again after another one waits for the
next batch: then a write that fails takes with it those that were looked at later, and no others.
"""

import itertools
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import dns.rcode
from dnsfleet_engine import Zone

from dnsfleet_gate.updating import changes, ownership
from dnsfleet_gate.updating.changes import UpdateError
from dnsfleet_gate.updating.outcomes import DONE, Outcome, Waiting
from dnsfleet_gate.updating.rrsets import Changes, Key, Layer, Published
from dnsfleet_gate.updating.stores import Claims

MAX_MESSAGES = 200
"""In one batch: to look at usual ones takes a fifth of a second."""
MAX_SECONDS = 0.25
"""After this time of looking, in which the gate does nothing else, a batch gets no more of them."""

Clock = Callable[[], float]
"""Seconds, of one that does not go back."""


class Judged(NamedTuple):
    """A message, and what it is to be answered with once all before it are published."""

    waiting: Waiting
    outcome: Outcome
    changes: Changes


class Batch(NamedTuple):
    """Messages that are written together."""

    judged: Sequence[Judged]
    writes: Mapping[str, Claims]
    """By key, in this order, what it has then; keys that have the same as before are left out."""
    changes: Changes
    """What RRsets of the zone become."""
    before: Changes
    """What they were."""


def make(
    waiting: Sequence[Waiting],
    zone: Zone,
    have: Mapping[str, Claims],
    now: str,
    clock: Clock = time.monotonic,
) -> Batch:
    """The first of these messages that can be written together; `have` is what their keys have.

    `now` is the time in RFC 3339.
    """
    late = clock() + MAX_SECONDS
    published = Published(zone)
    layer = Layer(published)
    writes: dict[str, Claims] = {}
    judged: list[Judged] = []
    for each in together(waiting):
        if judged and clock() > late:
            break
        name = each.key
        before = writes.get(name, have[name])
        try:
            made, after = _look(each, zone, layer, before, now)
        except UpdateError as error:
            judged.append(Judged(each, Outcome(error.rcode, error.why), {}))
            continue
        except ValueError as error:  # of what is published
            judged.append(Judged(each, Outcome(dns.rcode.REFUSED, str(error)), {}))
            continue
        for key, value in made.items():
            layer.put(key, value)
        if after != before:
            writes[name] = after
        judged.append(Judged(each, DONE, made))
    kept = {key: claims for key, claims in writes.items() if claims != have[key]}
    return Batch(judged, kept, layer.changes, {key: published.get(key) for key in layer.changes})


def until(batch: Batch, key: str) -> Batch:
    """The messages before the first one of a key, which rest on nothing of it."""
    judged = list(itertools.takewhile(lambda each: each.waiting.key != key, batch.judged))
    changes = {named: value for each in judged for named, value in each.changes.items()}
    writes = dict(itertools.takewhile(lambda each: each[0] != key, batch.writes.items()))
    return Batch(judged, writes, changes, {each: batch.before[each] for each in changes})


def is_apart(batch: Batch, keys: Collection[Key]) -> bool:
    """Whether these RRsets are all that their messages changed, and no other message is about them.

    Then those messages can fail, and the others stand.
    """
    owners = {owner for owner, _ in keys}
    changed = [each.changes.keys() for each in batch.judged if each.changes.keys() & keys]
    if sum(map(len, changed)) != len(keys) or any(each - keys for each in changed):
        return False
    return not any(
        asked.name in owners for each in batch.judged for asked in each.waiting.message.prerequisite
    )


def late(waiting: Iterable[Waiting], latest: float) -> Sequence[Waiting]:
    """Messages of which nothing is stored, and that came before `latest`; none where all did.

    Then none can be in time, and a slow one is better than none.
    """
    left = [each for each in waiting if not each.outcome.done()]
    found = [each for each in left if not each.begun and each.arrived <= latest]
    return found if len(found) < len(left) else ()


def together(waiting: Sequence[Waiting]) -> Sequence[Waiting]:
    """As many of the first messages as can be written together."""
    seen: set[str] = set()
    last = ""
    for number, each in enumerate(waiting[:MAX_MESSAGES]):
        key = each.key
        if number and (each.alone or waiting[0].alone):
            return waiting[:number]
        if key != last and key in seen:
            return waiting[:number]
        seen.add(key)
        last = key
    return waiting[:MAX_MESSAGES]


def _look(
    each: Waiting, zone: Zone, layer: Layer, before: Claims, now: str
) -> tuple[Changes, Claims]:
    """What a message changes, and what its key has then; UpdateError."""
    message = each.message
    changes.check_changes(message)
    changes.check_prerequisites(message, layer)
    made = changes.of(message, layer)
    ownership.check_rights(message, made, each.may)
    ownership.check_size(made, layer, zone.ordinary_rrsets)
    after = ownership.claimed(made, layer, before, now)
    return made, ownership.without_unseen(message, made, layer, after)
