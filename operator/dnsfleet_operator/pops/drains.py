"""Which Pops may be taken out of service. Pure.

The last Pop in service for some zone stays in service, unless its annotation forces it out. The
wishes are decided one after the other, those of Pops that are out already first. So two Pops that
are drained at the same time cannot each rely on the other. While it is not known which zones are
published, no further Pop is taken out.
"""

from collections.abc import Iterable, Mapping, Set
from typing import NamedTuple

from dnsfleet.resources import Pop

FORCE_ANNOTATION = "dnsfleet.io/force-drain"
MAX_NAMED = 3
"""Zones that a refusal names."""


class Refusal(NamedTuple):
    """Why a Pop may not be drained."""

    reason: str
    """CamelCase."""
    message: str


ZONES_UNKNOWN = Refusal(
    "ZonesUnknown",
    "the last pass over the zones failed, so it is not known who else serves them; "
    "the next one that succeeds decides",
)


class Drains(NamedTuple):
    """What became of every wish to drain."""

    drained: frozenset[str]
    """Pops that are out of service, or on their way."""
    refused: Mapping[str, Refusal]
    """By Pop."""


def decide(
    pops: Iterable[Pop],
    placements: Mapping[tuple[str, ...] | None, Set[str]] | None,
    already: Set[str],
) -> Drains:
    """Which Pops are out of service.

    `placements` gives the origins of published zones by the names of the Pops that serve them (None
    is all), and is None where that is not known; `already` are the Pops that were out before.
    """
    everything = {pop.metadata.name: pop for pop in pops}
    serving = set(everything)
    refused: dict[str, Refusal] = {}
    wanted = [pop for pop in everything.values() if pop.spec.state == "Drained"]
    for pop in sorted(
        wanted, key=lambda each: (each.metadata.name not in already, each.metadata.name)
    ):
        name = pop.metadata.name
        forced = pop.metadata.annotations.get(FORCE_ANNOTATION) == "true"
        if not forced and name not in already:
            refusal = _refusal(name, serving, placements)
            if refusal is not None:
                refused[name] = refusal
                continue
        serving.discard(name)
    return Drains(frozenset(everything.keys() - serving), refused)


def _refusal(
    name: str, serving: Set[str], placements: Mapping[tuple[str, ...] | None, Set[str]] | None
) -> Refusal | None:
    """Why this Pop has to go on serving; None where others answer for all its zones."""
    if placements is None:
        return ZONES_UNKNOWN
    lost = sorted(
        origin
        for pops, origins in placements.items()
        if (pops is None or name in pops)
        and not any(other != name and (pops is None or other in pops) for other in serving)
        for origin in origins
    )
    return Refusal("LastActivePop", _message(name, lost)) if lost else None


def _message(name: str, lost: list[str]) -> str:
    more = f" and {len(lost) - MAX_NAMED} more" if len(lost) > MAX_NAMED else ""
    return (
        f"no other Active Pop serves {', '.join(lost[:MAX_NAMED])}{more}; "
        f'activate another, or annotate {name} with {FORCE_ANNOTATION}: "true"'
    )
