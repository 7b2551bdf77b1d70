"""Which Pops may be taken out of service. Pure.

A Pop that is the last one in service for some zone stays, unless its annotation forces it. Pops
are looked at one after the other, those that are out already first, so that two drains at once
cannot both count on the other.
"""

from collections.abc import Iterable, Mapping, Set
from typing import NamedTuple

from dnsfleet.resources import Pop

FORCE_ANNOTATION = "dnsfleet.io/force-drain"
MAX_NAMED = 3
"""Zones that a refusal names."""


class Drains(NamedTuple):
    """What became of every wish to drain."""

    drained: frozenset[str]
    """Pops that are out of service, or on their way."""
    refused: Mapping[str, str]
    """Pop to message."""


def decide(
    pops: Iterable[Pop], placements: Mapping[str, tuple[str, ...] | None], already: Set[str]
) -> Drains:
    """Which Pops are out of service.

    `placements` gives for each published zone the names of its Pops (None is all), `already`
    the Pops that were out before.
    """
    everything = {pop.metadata.name: pop for pop in pops}
    serving = set(everything)
    refused = {}
    wanted = [pop for pop in everything.values() if pop.spec.state == "Drained"]
    for pop in sorted(
        wanted, key=lambda each: (each.metadata.name not in already, each.metadata.name)
    ):
        name = pop.metadata.name
        forced = pop.metadata.annotations.get(FORCE_ANNOTATION) == "true"
        if not forced and name not in already:
            lost = _lost(name, serving, placements)
            if lost:
                refused[name] = _message(name, lost)
                continue
        serving.discard(name)
    return Drains(frozenset(everything.keys() - serving), refused)


def _lost(
    name: str, serving: Set[str], placements: Mapping[str, tuple[str, ...] | None]
) -> list[str]:
    """The zones that nobody would answer without this Pop."""
    return sorted(
        origin
        for origin, pops in placements.items()
        if (pops is None or name in pops)
        and not any(other != name and (pops is None or other in pops) for other in serving)
    )


def _message(name: str, lost: list[str]) -> str:
    more = f" and {len(lost) - MAX_NAMED} more" if len(lost) > MAX_NAMED else ""
    return (
        f"no other Active Pop serves {', '.join(lost[:MAX_NAMED])}{more}; "
        f'activate another, or annotate {name} with {FORCE_ANNOTATION}: "true"'
    )
