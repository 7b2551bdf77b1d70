"""What waits for an approval in a cluster, each with the command that gives it. Pure.

A Fleet says what has no object of its own any more, what one cause does to many zones, and what
waits of single RecordSets, which may be deleted: all of that is approved on it. A change of one
Zone is on that Zone, so none is missing however many there are.
"""

from collections.abc import Iterator, Mapping, Sequence

from dnsfleet.zones import placements, plans

from dnsfleet_status import objects
from dnsfleet_status.looks import Hold
from dnsfleet_status.objects import Object, value

_PLAN, _PLACEMENT = "Plan", "Placement"
_OF_SET = "RecordSet "
_HELD = ("status", "held")


def held(fleets: Sequence[Object], zones: Sequence[Object]) -> list[Hold]:
    """One for each approval."""
    entries = [(each, fleet) for fleet in fleets for each in value(fleet, *_HELD, default=[])]
    known = {each["hash"]: each for each, _ in entries}
    found = [_of_fleet(fleet, each) for each, fleet in entries if not _is_of_zone(each)]
    found.extend(_of_zones(zones, known))
    return found


def _of_fleet(fleet: Object, entry: Object) -> Hold:
    zones, count = value(entry, "zones", default=[]), entry["zoneCount"]
    more = f" and {count - len(zones)} more" if count > len(zones) else ""
    diff: Sequence[str] = ()
    about = f"the placement of {', '.join(zones)}{more}"
    if entry["kind"] == "PopDeletion":
        about = f"the end of pop/{entry['object']}, for {', '.join(zones)}{more}"
    elif entry["kind"] == "Removal":
        about = f"the removal of {', '.join(zones)}{more}"
    elif entry["kind"] == _PLAN:
        about = f"the records of {entry['object']} in {', '.join(zones)}"
        diff = value(entry, "diff", default=())
    approve = _command(fleet, entry["hash"])
    return Hold(about, entry["since"], entry["message"], tuple(diff), approve)


def _is_of_zone(entry: Object) -> bool:
    """Whether it is a change of a Zone's own records; the Fleet approves all others."""
    return bool(
        entry["kind"] == _PLAN and not value(entry, "object", default="").startswith(_OF_SET)
    )


def _of_zones(zones: Sequence[Object], known: Mapping[str, Object]) -> Iterator[Hold]:
    about = {plans.REASON: "the records", placements.REASON: "the placement"}
    for zone in zones:
        accepted = objects.condition(zone, "Accepted")
        digest = plans.asked_hash(accepted.message)
        entry = known.get(digest, {})
        if not accepted.false or accepted.reason not in about or entry.get("kind") == _PLACEMENT:
            continue
        if not digest:  # it waits for what is held of others
            continue
        yield Hold(
            f"{about[accepted.reason]} of {objects.origin(zone)}",
            entry.get("since", ""),
            accepted.message,
            tuple(entry.get("diff", ())),
            _command(zone, digest),
        )


def _command(item: Object, digest: str) -> str:
    namespace = value(item, "metadata", "namespace")
    scope = f" --namespace {namespace}" if namespace else ""
    return (
        f"kubectl annotate --overwrite{scope} {item['kind'].lower()} {item['metadata']['name']} "
        f"{plans.APPROVE_ANNOTATION}={digest}"
    )
