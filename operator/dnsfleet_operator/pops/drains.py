"""Which Pops may stop to answer. Pure.

Somebody who drains a Pop, who wants no edges of it, or who deletes it, wants it to answer no more.
The last Pop that serves some zone goes on all the same: a drain and a scale to nothing are refused,
unless an annotation of the Pop forces them, and a Pop whose object is gone runs on until somebody
approves its end by a hash, on the Fleet object. Only a Pop with a Ready edge counts as one that
serves: a Pop whose edges do not come up answers nobody. For a Pop in another cluster the word of
the operator there counts.

The wishes are decided one after the other, those of Pops that are out already first. So two Pops
that are drained at the same time cannot each rely on the other. While it is not known which zones
are published, no further Pop is taken out.
"""

from collections.abc import Iterable, Mapping, Set
from typing import NamedTuple

from dnsfleet.resources import Pop
from dnsfleet.zones import plans

FORCE_ANNOTATION = "dnsfleet.io/force-drain"
MAX_NAMED = 3
"""Zones that a refusal names."""

Placements = Mapping[tuple[str, ...] | None, Set[str]]
"""The origins of published zones by the names of the Pops that serve them; None is all."""


class Refusal(NamedTuple):
    """Why a Pop has to go on."""

    reason: str
    """CamelCase."""
    message: str
    hash: str = ""
    """Approves it, where the object of the Pop is gone."""
    zones: tuple[str, ...] = ()
    """The first few of those that nobody else serves."""
    zone_count: int = 0
    """How many those are."""


ZONES_UNKNOWN = Refusal(
    "ZonesUnknown",
    "the last pass over the zones failed, so it is not known who else serves them; "
    "the next one that succeeds decides",
)


class Drains(NamedTuple):
    """What became of every wish."""

    drained: frozenset[str] = frozenset()
    """Pops that are out of service, or on their way."""
    stopped: frozenset[str] = frozenset()
    """Pops that are to have no edges, and may."""
    ended: frozenset[str] = frozenset()
    """Pops without an object that may end."""
    refused: Mapping[str, Refusal] = {}
    """By Pop."""

    @property
    def out(self) -> frozenset[str]:
        """All that answer no more, or are to."""
        return self.drained | self.stopped | self.ended


def decide(
    pops: Iterable[Pop],
    gone: Mapping[str, str],
    placements: Placements | None,
    already: Set[str],
    ready: Set[str],
    approvals: Set[str] = frozenset(),
) -> Drains:
    """Which Pops are out.

    `gone` are the Pops that have objects and no Pop object, with the creationTimestamp that it had.
    `placements` is None where they are not known; `already` are the Pops that were out before,
    `ready` those with a Ready edge, `approvals` the hashes on the Fleet object.
    """
    here = {pop.metadata.name: pop for pop in pops}
    drained = {name for name, pop in here.items() if pop.drain_asked_by}
    stopped = {name for name, pop in here.items() if pop.spec.edge.replicas == 0} - drained
    wanted = drained | stopped | gone.keys()
    serving = set(ready)
    refused: dict[str, Refusal] = {}
    for name in sorted(wanted, key=lambda each: (each not in already, each)):
        if name not in already:
            refusal = _refusal(name, gone.get(name), serving, placements)
            forced = name in here and here[name].metadata.annotations.get(FORCE_ANNOTATION)
            if refusal is not None and forced != "true" and refusal.hash not in approvals:
                refused[name] = refusal
                continue
        serving.discard(name)
    out = wanted - refused.keys()
    return Drains(
        frozenset(out & drained), frozenset(out & stopped), frozenset(out & gone.keys()), refused
    )


def _refusal(
    name: str, created: str | None, serving: Set[str], placements: Placements | None
) -> Refusal | None:
    """Why this Pop has to go on serving; None where others answer for all its zones.

    `created` is when its object was made, if that is gone.
    """
    if placements is None:
        return ZONES_UNKNOWN
    lost = sorted(
        origin
        for pops, origins in placements.items()
        if (pops is None or name in pops)
        and not any(other != name and (pops is None or other in pops) for other in serving)
        for origin in origins
    )
    if not lost:
        return None
    digest = "" if created is None else plans.hash_of(f"{name} {created}".encode())
    how = f'activate another, or annotate {name} with {FORCE_ANNOTATION}: "true"'
    if digest:
        how = f"make the Pop again, or annotate the Fleet with {plans.APPROVE_ANNOTATION}: {digest}"
    more = f" and {len(lost) - MAX_NAMED} more" if len(lost) > MAX_NAMED else ""
    named = tuple(lost[:MAX_NAMED])
    message = f"no other Active Pop with a Ready edge serves {', '.join(named)}{more}; {how}"
    return Refusal("LastActivePop", message, digest, named, len(lost))
