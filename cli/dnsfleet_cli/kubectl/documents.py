"""What commands say to programs: documents, which `-o json` and `-o yaml` print. Pure but `show`.

Each has a `kind`. Its fields stay: a later version may add some, and takes none away. A field that
nobody knows the value of is null, so it is always there. docs/kubectl.md shows one of each.
"""

import enum
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer
from dnsfleet_status.looks import Hold

from dnsfleet_cli import yaml_writing
from dnsfleet_cli.kubectl import fleets, objects, zone_secondaries
from dnsfleet_cli.kubectl.objects import Object, value
from dnsfleet_cli.kubectl.traffic import Traffic
from dnsfleet_cli.kubectl.zone_pops import ZonePop

Document = dict[str, Any]


class Format(enum.StrEnum):
    """How a document is printed."""

    JSON = "json"
    YAML = "yaml"


Output = Annotated[
    Format | None, typer.Option("--output", "-o", help="Print a document in place of text.")
]


def show(document: Document, output: Format) -> None:
    """Print a document."""
    if output is Format.YAML:
        print(yaml_writing.dump(document), end="")
    else:
        print(json.dumps(document, indent=2, ensure_ascii=False))


def fleet(
    zones: Iterable[Object],
    pops: Iterable[Object] | None,
    known: Sequence[Object],
    figures: Mapping[str, Traffic],
) -> Document:
    """What `status` shows of a fleet; `pops` is None where they may not be read."""
    return {
        "kind": "FleetStatus",
        "pops": None if pops is None else [_pop(each, figures) for each in pops],
        "zones": [_zone(each) for each in zones],
        "orphans": [
            {
                "origin": each["origin"],
                "since": each.get("since"),
                "removedAfter": each.get("removedAfter"),
            }
            for _, each in fleets.orphans(known)
        ],
        "orphanCount": sum(value(each, "status", "orphanCount", default=0) for each in known),
        "problems": fleets.lines(known),
    }


def zone(item: Object, pops: Sequence[ZonePop] | None) -> Document:
    """What `status` shows of a Zone; `pops` is None where nobody could look at the core."""
    table = None if pops is None else [each._asdict() for each in pops]
    return {
        "kind": "ZoneStatus",
        **_zone(item),
        "conditions": _conditions(item),
        "atPops": table,
        "secondaries": zone_secondaries.document(item),
    }


def pop(item: Object, figures: Mapping[str, Traffic]) -> Document:
    """What `status` shows of a Pop."""
    return {
        "kind": "PopStatus",
        **_pop(item, figures),
        "conditions": _conditions(item),
        "commands": [dict(each) for each in objects.commands(item)],
    }


def held(holds: Iterable[Hold]) -> Document:
    """What `held` shows."""
    return {
        "kind": "HeldChanges",
        "items": [
            {
                "about": each.about,
                "since": each.since or None,
                "message": each.message,
                "diff": list(each.diff),
                "approve": each.approve,
            }
            for each in holds
        ],
    }


def _zone(item: Object) -> Document:
    revision = value(item, "status", "revision")
    return {
        "namespace": value(item, "metadata", "namespace"),
        "name": item["metadata"]["name"],
        "origin": objects.origin(item),
        "serial": value(item, "status", "serial"),
        "revision": f"{revision['epoch']}.{revision['seq']}" if revision else None,
        "records": value(item, "status", "records"),
        "pops": {
            "current": value(item, "status", "propagation", "current"),
            "assigned": value(item, "status", "propagation", "pops"),
        },
        **_ready(item),
    }


def _pop(item: Object, figures: Mapping[str, Traffic]) -> Document:
    traffic = figures.get(objects.name(item))
    ready, desired = objects.edges(item)
    return {
        "name": objects.name(item),
        "region": value(item, "spec", "location", "region"),
        "state": objects.state(item),
        "edges": {"ready": ready, "desired": desired},
        "zones": {
            "current": value(item, "status", "zones", "current"),
            "assigned": value(item, "status", "zones", "assigned"),
        },
        "lagSeconds": value(item, "status", "lagSeconds"),
        "addresses": list(value(item, "status", "addresses", default=())),
        "queriesPerSecond": traffic and traffic.queries,
        "servfailRatio": traffic and traffic.servfail,
        "memoryBytes": traffic and traffic.memory,
        **_ready(item),
    }


def _ready(item: Object) -> Document:
    ready = objects.condition(item, "Ready")
    return {
        "ready": ready.status if ready.current else "Unknown",
        "reason": ready.reason if ready.current else "",
        "message": objects.problem(item),
    }


def _conditions(item: Object) -> list[Document]:
    return [
        {
            "type": kind,
            "status": each.status,
            "current": each.current,
            "reason": each.reason,
            "message": each.message,
        }
        for kind, each in objects.conditions(item).items()
    ]
