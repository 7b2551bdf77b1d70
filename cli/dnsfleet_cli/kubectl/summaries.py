"""The texts of `status`: the fleet in two tables and some lines, or one object."""

from collections.abc import Iterable, Mapping, Sequence

from dnsfleet import tables
from dnsfleet.tables import ABSENT

from dnsfleet_cli.kubectl import fleets, objects, zone_pops, zone_secondaries
from dnsfleet_cli.kubectl.objects import Object, value
from dnsfleet_cli.kubectl.traffic import Traffic
from dnsfleet_cli.kubectl.zone_pops import ZonePop

_MIB = 1024 * 1024
NO_FIGURES: Mapping[str, Traffic] = {}
"""Of traffic: whoever asks may have none."""


def fleet(
    zones: Sequence[Object],
    pops: Sequence[Object] | None,
    known: Sequence[Object],
    figures: Mapping[str, Traffic] = NO_FIGURES,
) -> str:
    """All Pops, then all Zones, then what is wrong with the fleet as a whole.

    `pops` is None where they may not be read: then nothing is told of them.
    """
    parts = [_zones(zones) if zones else "no Zones"]
    if pops is not None:
        none = "no Pops; apply one, or look at another cluster"
        parts.insert(0, _pops(pops, figures) if pops else none)
    if lines := fleets.lines(known):
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def zone(item: Object, at_pops: Sequence[ZonePop] | None = None) -> str:
    """One Zone: what is published, how far it has come, and what stands in its way.

    `at_pops` has all Pops of it; without, the slowest ones are shown that its status has.
    """
    revision = value(item, "status", "revision")
    seconds = value(item, "status", "propagation", "seconds")
    text = value(item, "status", "propagation", "text", default=ABSENT)
    pairs: list[tuple[str, object]] = [
        ("Zone", objects.name(item)),
        ("Origin", objects.origin(item)),
        ("Serial", value(item, "status", "serial", default=ABSENT)),
        ("Revision", f"{revision['epoch']}.{revision['seq']}" if revision else ABSENT),
        ("Records", value(item, "status", "records", default=ABSENT)),
        ("Pops", text if seconds is None else f"{text}, after {seconds:.2f} s"),
        ("Protected", "yes" if value(item, "spec", "protect") else None),
    ]
    if at_pops is None:
        slowest = value(item, "status", "propagation", "slowest", default=[])
        pairs.extend(("Behind", _slow(slow)) for slow in slowest)
    table = zone_pops.table(at_pops) if at_pops else ""
    parts = (tables.fields(pairs), table, zone_secondaries.table(item), _conditions(item))
    return "\n\n".join(filter(None, parts))


def pop(item: Object, figures: Mapping[str, Traffic] = NO_FIGURES) -> str:
    """One Pop."""
    traffic = figures.get(objects.name(item))
    addresses = value(item, "status", "addresses", default=[])
    asked_by = objects.drain_asked_by(item)
    pairs = [
        ("Pop", objects.name(item)),
        ("Region", value(item, "spec", "location", "region")),
        ("State", objects.state(item) + (f", as {asked_by} asks" if asked_by else "")),
        ("Edges", f"{_edges(item)} ready"),
        ("Zones", f"{_pop_zones(item)} current"),
        ("Lag", _lag(item)),
        ("Addresses", " ".join(addresses) or ABSENT),
        ("Queries", traffic and f"{_queries(traffic)} a second, {_servfail(traffic)} SERVFAIL"),
        ("Memory", traffic and traffic.memory and f"{_memory(traffic)}, of all edges"),
    ]
    return "\n\n".join(filter(None, (tables.fields(pairs), _conditions(item), _commands(item))))


def _pops(pops: Iterable[Object], figures: Mapping[str, Traffic]) -> str:
    """A table; it has columns for figures where there are any."""
    head = ["QUERIES/S", "SERVFAIL", "MEMORY"] if figures else []
    return tables.table(
        ["POP", "REGION", "STATE", "EDGES", "ZONES", "LAG", *head, "READY", "MESSAGE"],
        (
            [
                objects.name(item),
                value(item, "spec", "location", "region", default=ABSENT),
                objects.state(item),
                _edges(item),
                _pop_zones(item),
                _lag(item),
                *(_traffic(figures.get(objects.name(item))) if figures else ()),
                *_ready(item),
            ]
            for item in pops
        ),
    )


def _zones(zones: Iterable[Object]) -> str:
    return tables.table(
        ["ZONE", "ORIGIN", "SERIAL", "RECORDS", "POPS", "READY", "MESSAGE"],
        (
            [
                objects.name(item),
                objects.origin(item),
                value(item, "status", "serial", default=ABSENT),
                value(item, "status", "records", default=ABSENT),
                value(item, "status", "propagation", "text", default=ABSENT),
                *_ready(item),
            ]
            for item in zones
        ),
    )


def _ready(item: Object) -> tuple[str, str]:
    """The condition Ready and, where it is not True, its message."""
    ready = objects.condition(item, "Ready")
    return ready.status if ready.current else "Unknown", objects.problem(item)


def _edges(item: Object) -> str:
    ready, desired = objects.edges(item)
    return f"{ready}/{desired}"


def _pop_zones(item: Object) -> str:
    counts = value(item, "status", "zones", default={})
    return f"{counts.get('current', 0)}/{counts.get('assigned', 0)}"


def _lag(item: Object) -> str:
    lag = value(item, "status", "lagSeconds")
    return ABSENT if lag is None else f"{lag:.1f} s"


def _slow(slow: Object) -> str:
    message = slow.get("message")
    return f"{slow['name']} by {slow['seconds']:.0f} s" + (f": {message}" if message else "")


def _commands(pop: Object) -> str:
    """What the Pop was told to do once; empty for nothing."""
    shown = objects.commands(pop)
    if not shown:
        return ""
    return tables.table(
        ["COMMAND", "GIVEN", "STATE", "MESSAGE"],
        (
            [
                " ".join(filter(None, (each.get("verb", each["name"]), each.get("argument")))),
                each.get("given", ABSENT),
                each["state"],
                each.get("message", ""),
            ]
            for each in shown
        ),
    )


def _conditions(item: Object) -> str:
    return tables.table(
        ["CONDITION", "STATUS", "REASON", "MESSAGE"],
        (
            [
                kind,
                each.status if each.current else f"{each.status} (old)",
                each.reason,
                each.message,
            ]
            for kind, each in objects.conditions(item).items()
        ),
    )


def _traffic(found: Traffic | None) -> list[str]:
    if found is None:
        return [ABSENT] * 3
    return [_queries(found), _servfail(found), _memory(found)]


def _queries(found: Traffic) -> str:
    return f"{found.queries:.0f}"


def _servfail(found: Traffic) -> str:
    return f"{found.servfail:.2%}"


def _memory(found: Traffic) -> str:
    return ABSENT if found.memory is None else f"{found.memory / _MIB:.0f} MiB"
