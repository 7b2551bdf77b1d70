"""What differs between the vantage points of a look. Pure.

A fleet that changes is never equal at one moment: a change is in the objects first, then in the
core, then at replicas, then in answers, and the look itself takes time. So two rules keep what is
normal from being told:

* a zone that the core changed during the look is not compared with what was read before or after;
* with an `earlier` look, whoever is behind is measured by that one: a replica or an edge may still
  be where the core was then, and no further back. What is behind the earlier look did not get news
  for at least the time between both, however fast the zone goes on changing.

The first look has no earlier one, so what it finds is only a suspicion (see `running`).
"""

import itertools
from collections.abc import Iterator

from dnsfleet.zones import placements, plans, serials

from dnsfleet_cli.verifying.looks import Answer, Copy, Difference, Edge, Entry, Look, Wanted

HEAL = "--heal publishes it again"
LINES = 3
"""Records that are shown of those that differ."""
SILENT_SECONDS = 60.0
"""Age of the last report of a Pop in another cluster, by the clock there. Reports come every few
seconds; a clock that is wrong by more than a minute is to be mended."""


def differences(look: Look, earlier: Look | None = None) -> list[Difference]:
    """What differs, the objects first and answers last."""
    since = look if earlier is None else earlier
    here = sorted(look.pops - look.remote.keys())
    return [
        *(Difference("Refused", "objects", "", each) for each in look.refused),
        *itertools.chain.from_iterable(_objects(look, since, each) for each in _origins(look)),
        *_core(look),
        *itertools.chain.from_iterable(_replica(look, since, each) for each in here),
        *itertools.chain.from_iterable(_pop(look, since, each) for each in here),
        *itertools.chain.from_iterable(_remote(look, since, each) for each in sorted(look.remote)),
    ]


def _origins(look: Look) -> list[str]:
    return sorted(look.origins)


# Objects and core


def _objects(look: Look, since: Look, origin: str) -> Iterator[Difference]:
    """One zone: what is asked for, and what the core has."""
    want, have = look.wanted.get(origin), look.core.get(origin)
    if not look.settled(origin) or have.problem:
        return
    if want is None:
        if have.live:
            text = (
                "published, and no object asks for it, so it is served on: apply its Zone again, "
                "and delete that if the zone is to end"
            )
            yield Difference("Unwanted", "core", origin, text)
        return
    if want.problem:
        text = f"its objects are refused, and what was good before is served: {want.problem}"
        yield Difference("Refused", "objects", origin, text)
        return
    if not have.live:
        text = "asked for, and not published: see the log of the writer"
        yield Difference("NotPublished", "core", origin, text)
        return
    before = since.wanted.get(origin)
    if before is None or not _same(before, want):
        return  # it has just changed
    yield from _content(want, have, origin)
    pops = {pop for pop in look.pops if want.pops is None or pop in want.pops}
    placed = {pop for pop in look.pops if have.assigned(pop)}
    if pops != placed:
        running = placements.Fleet(look.pops)
        published = None if have.manifest is None else have.manifest.pops
        held = placements.unsafe(published, want.pops, running)
        if held is not None:
            yield Difference("Held", "core", origin, f"its placement waits: {held.text}")
            return
        text = f"published for {_listed(placed)}, asked for {_listed(pops)}: {HEAL}"
        yield Difference("OtherPops", "core", origin, text)


def _content(want: Wanted, have: Entry, origin: str) -> Iterator[Difference]:
    if want.zone is None or have.zone is None:
        return
    delta = plans.change(have.zone, want.zone)
    if not delta.added + delta.removed + delta.changed:
        return
    held = plans.unsafe(have.zone, want.zone, delta)
    if held is not None and plans.approved(want.approve, delta):
        held = None
    if (held := plans.stale(have.zone.serial, want.zone) or held) is not None:
        yield Difference("Held", "core", origin, held.message)
        return
    lines = "; ".join(delta.lines(LINES))
    text = (
        f"not what its objects say: {delta.added} RRsets are missing, {delta.removed} too many, "
        f"{delta.changed} different ({lines}): {HEAL}"
    )
    yield Difference("OtherContent", "core", origin, text)


def _same(before: Wanted, now: Wanted) -> bool:
    if before.zone is None or now.zone is None:
        return before.zone is now.zone and before.pops == now.pops
    same = before.zone is now.zone or before.zone.digest == now.zone.digest
    return same and before.pops == now.pops


def _core(look: Look) -> Iterator[Difference]:
    for origin in _origins(look):
        entry = look.core.get(origin)
        if entry.problem and look.settled(origin):
            text = f"{entry.problem}, so an edge that starts cannot load it: {HEAL}"
            yield Difference("Damaged", "core", origin, text)
    if look.head:
        text = f"{look.head}, so an edge that starts with nothing stays closed: --heal writes it"
        yield Difference("Damaged", "core", "", text)


# Replicas


def _replica(look: Look, since: Look, pop: str) -> Iterator[Difference]:
    where = f"replica of Pop {pop}"
    copy = look.replicas.get(pop, Copy())
    if copy.problem:
        yield Difference("NoAnswer", where, "", copy.problem, seen=False)
        return
    if copy.position < since.core.position:
        text = (
            f"at position {copy.position} of the log, the core is at {look.core.position}: "
            "it does not follow the core; restart it"
        )
        yield Difference("Behind", where, "", text)
        return
    for origin in _origins(look):
        here, there = copy.get(origin), look.core.get(origin)
        if not look.settled(origin) or there.problem:  # it copies what is damaged
            continue
        known = (there.announced, since.core.get(origin).announced)
        if here.announced in known and not here.problem:
            continue
        said = here.problem or f"it has {here.announced or 'nothing'}"
        text = f"{said}, the core has {there.announced or 'nothing'}: restart the replica"
        yield Difference("OtherRevision", where, origin, text)


# Edges


def _pop(look: Look, since: Look, pop: str) -> Iterator[Difference]:
    edges = [edge for edge in look.edges if edge.pop == pop]
    if not edges:
        text = "Active, and no edge of it is ready"
        yield Difference("NoEdge", f"Pop {pop}", "", text)
    for edge in edges:
        where = f"edge {edge.pop}/{edge.name}"
        if edge.problem:
            yield Difference("NoAnswer", where, "", edge.problem, seen=False)
            continue
        yield from _ack(look, since, edge, where)
        for origin in _origins(look):
            if (answer := edge.answers.get(origin)) is not None:
                yield from _answer(look, since, edge, where, origin, answer)


def _remote(look: Look, since: Look, pop: str) -> Iterator[Difference]:
    """A Pop that another cluster runs: what its operator says, which is all that is known here."""
    where, report = f"Pop {pop}", look.remote[pop]
    if report is None:
        text = f"another cluster runs it, and said nothing yet: kubectl dnsfleet pop join {pop}"
        yield Difference("NotHeard", where, "", text, seen=False)
        return
    silent = (look.now_ms - report.time_ms) / 1000
    if silent > SILENT_SECONDS:
        text = f"another cluster runs it, and has said nothing for {silent:.0f} s: look there"
        yield Difference("NotHeard", where, "", text, seen=False)
        return
    if not report.words:
        text = "Active, and no edge of it is ready, as its cluster says"
        yield Difference("NoEdge", where, "", text)
    for word in report.words:
        more = f" and {word.edges - 1} more" if word.edges > 1 else ""
        edge = Edge(pop, word.edge, {}, word.ack)
        yield from _ack(look, since, edge, f"edge {pop}/{word.edge}{more}, in another cluster")


def _ack(look: Look, since: Look, edge: Edge, where: str) -> Iterator[Difference]:
    """What the edge says itself."""
    ack = edge.ack
    if ack is None or ack.total is None:
        text = "no ack of it that proves anything is in the core: see the log of the edge"
        yield Difference("Unproved", where, "", text)
        return
    if ack.told < since.core.position:
        text = (
            f"it was told of what is published up to position {ack.told}, the core is at "
            f"{look.core.position}: {_way(look, since, edge)}"
        )
        yield Difference("Behind", where, "", text)
    elif look.quiet and ack.told == look.core.position and ack.total != look.core.total:
        text = "it was told of something else than the core announces: restart its replica"
        yield Difference("Misled", where, "", text)
    for origin, reason in sorted(ack.failing.items()):
        if look.settled(origin):
            yield Difference("CannotLoad", where, origin, f"{reason}: {HEAL}")
    for origin in sorted(ack.ahead):
        if look.settled(origin):
            text = f"it has something newer than the core, which went back: {HEAL}"
            yield Difference("Ahead", where, origin, text)


def _answer(
    look: Look, since: Look, edge: Edge, where: str, origin: str, answer: Answer
) -> Iterator[Difference]:
    """What the edge answers about one zone."""
    now, before = look.core.get(origin), since.core.get(origin)
    settled = look.settled(origin)
    if now.problem:
        return
    if not now.assigned(edge.pop):
        if answer.serial is not None and settled and not before.assigned(edge.pop):
            text = f"it serves the zone with serial {answer.serial}, and is not to: {HEAL}"
            yield Difference("NotDropped", where, origin, text)
        return
    if now.manifest is None or before.manifest is None or not before.assigned(edge.pop):
        return  # it has just come
    if answer.serial is None:
        way = _way(look, since, edge)
        text = f"it answers {answer.rcode} in place of the zone: {way}"
        yield Difference("NotServed", where, origin, text)
        return
    serial, same = now.manifest.serial, before.announced == now.announced
    oldest = serial if same and settled else before.manifest.serial
    if serials.compare(answer.serial, oldest) == -1:
        text = f"serial {answer.serial}, the core has {serial}: {_way(look, since, edge)}"
        yield Difference("Behind", where, origin, text)
    elif settled and same and answer.serial != serial:
        text = f"serial {answer.serial}, the core has {serial}, as it went back: {HEAL}"
        yield Difference("Ahead", where, origin, text)
    elif settled and answer.serial == serial:
        for wrong in answer.wrong:
            text = f"{wrong}, which is not what the core has under the same serial: {HEAL}"
            yield Difference("WrongAnswer", where, origin, text)


def _way(look: Look, since: Look, edge: Edge) -> str:
    """What to do about an edge that did not get news."""
    if edge.pop in look.remote:
        return "see in its cluster whether its replica follows the core"
    copy = look.replicas.get(edge.pop, Copy())
    if copy.problem or copy.position < since.core.position:
        return f"the replica of Pop {edge.pop} brings it no news; restart that"
    return f"see the log of the edge; {HEAL}, and a restart has it begin anew"


def _listed(pops: set[str]) -> str:
    return ", ".join(sorted(pops)) or "no Pop"
