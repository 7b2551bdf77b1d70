"""The texts of `status`: the fleet in two tables, or one object with its conditions."""

from collections.abc import Iterable, Sequence

from dnsfleet_cli.kubectl import Resource, reading, tables
from dnsfleet_cli.kubectl.reading import value

ABSENT = "-"


def fleet(zones: Sequence[Resource], pops: Sequence[Resource]) -> str:
    """All Pops, then all Zones."""
    return "\n\n".join(
        [
            _pops(pops) if pops else "no Pops; apply one, or look at another cluster",
            _zones(zones) if zones else "no Zones",
        ]
    )


def zone(item: Resource) -> str:
    """One Zone: what is published, how far it has come, and what stands in its way."""
    revision = value(item, "status", "revision")
    seconds = value(item, "status", "propagation", "seconds")
    text = value(item, "status", "propagation", "text", default=ABSENT)
    pairs: list[tuple[str, object]] = [
        ("Zone", reading.name(item)),
        ("Origin", reading.origin(item)),
        ("Serial", value(item, "status", "serial", default=ABSENT)),
        ("Revision", f"{revision['epoch']}.{revision['seq']}" if revision else ABSENT),
        ("Records", value(item, "status", "records", default=ABSENT)),
        ("Pops", text if seconds is None else f"{text}, after {seconds:.2f} s"),
        ("Protected", "yes" if value(item, "spec", "protect") else None),
    ]
    slowest = value(item, "status", "propagation", "slowest", default=[])
    pairs.extend(("Behind", _slow(slow)) for slow in slowest)
    return f"{tables.fields(pairs)}\n\n{_conditions(item)}"


def pop(item: Resource) -> str:
    """One Pop."""
    addresses = value(item, "status", "addresses", default=[])
    pairs = [
        ("Pop", reading.name(item)),
        ("Region", value(item, "spec", "location", "region")),
        ("State", reading.state(item)),
        ("Edges", f"{_edges(item)} ready"),
        ("Zones", f"{_pop_zones(item)} current"),
        ("Lag", _lag(item)),
        ("Addresses", " ".join(addresses) or ABSENT),
    ]
    return f"{tables.fields(pairs)}\n\n{_conditions(item)}"


def _pops(pops: Iterable[Resource]) -> str:
    return tables.table(
        ["POP", "REGION", "STATE", "EDGES", "ZONES", "LAG", "READY", "MESSAGE"],
        (
            [
                reading.name(item),
                value(item, "spec", "location", "region", default=ABSENT),
                reading.state(item),
                _edges(item),
                _pop_zones(item),
                _lag(item),
                *_ready(item),
            ]
            for item in pops
        ),
    )


def _zones(zones: Iterable[Resource]) -> str:
    return tables.table(
        ["ZONE", "ORIGIN", "SERIAL", "RECORDS", "POPS", "READY", "MESSAGE"],
        (
            [
                reading.name(item),
                reading.origin(item),
                value(item, "status", "serial", default=ABSENT),
                value(item, "status", "records", default=ABSENT),
                value(item, "status", "propagation", "text", default=ABSENT),
                *_ready(item),
            ]
            for item in zones
        ),
    )


def _ready(item: Resource) -> tuple[str, str]:
    """The condition Ready and, where it is not True, its message."""
    ready = reading.condition(item, "Ready")
    if not ready.current:
        return "Unknown", "not looked at yet by the operator"
    return ready.status, "" if ready.true else ready.message


def _edges(item: Resource) -> str:
    ready = value(item, "status", "edges", "ready", default=0)
    return f"{ready}/{value(item, 'status', 'edges', 'desired', default=reading.replicas(item))}"


def _pop_zones(item: Resource) -> str:
    counts = value(item, "status", "zones", default={})
    return f"{counts.get('current', 0)}/{counts.get('assigned', 0)}"


def _lag(item: Resource) -> str:
    lag = value(item, "status", "lagSeconds")
    return ABSENT if lag is None else f"{lag:.1f} s"


def _slow(slow: Resource) -> str:
    message = slow.get("message")
    return f"{slow['name']} by {slow['seconds']:.0f} s" + (f": {message}" if message else "")


def _conditions(item: Resource) -> str:
    return tables.table(
        ["CONDITION", "STATUS", "REASON", "MESSAGE"],
        (
            [
                kind,
                each.status if each.current else f"{each.status} (old)",
                each.reason,
                each.message,
            ]
            for kind, each in reading.conditions(item).items()
        ),
    )
