"""The status of a Pop.

Progressing  its objects are being applied or its pods replaced
Ready        as many edges as wanted are Ready, and clients have an address of them
Synced       every Ready edge proves that it answers the newest revision of every zone of the Pop
Connected    every Ready edge was heard by the core lately
Drained      it is out of service
SpecApplied  the cluster that runs it holds all of its spec; only of a Pop in another cluster

What one cause does to every Pop is told on the Fleet, and repeated on none: while the core is away
`Connected` stays what it was, and a Pop that waits for the keys says so where its own spec waits.
A new leader counts the zones first, and `Synced` stays what it was until then.

Beside the conditions it has the commands that the Pop was given, and counts of zones. The counts
move with every zone that is made or deleted, in every Pop: what differs in them alone is written
now and then (`wait_seconds`).
"""

from dataclasses import dataclass
from typing import Any

from dnsfleet.replication import edge_words

from dnsfleet_operator.pops.passes import KEYS_UNKNOWN
from dnsfleet_operator.statuses.conditions import Condition, Status, kept, merge
from dnsfleet_operator.statuses.propagation import step

COUNTS_SECONDS = 10.0
"""Between writes of a Pop's counts: somebody who deletes a thousand zones one by one would else
cause a thousand writes for each of a hundred Pops."""

ADDRESS_PENDING = "AddressPending"
_PENDING = (
    "and their Service of type LoadBalancer has no address yet: where nothing in the cluster gives "
    "one, install a load balancer, or set spec.service.type to NodePort or ClusterIP"
)
_COUNTS = ("zones", "lagSeconds")


@dataclass(frozen=True)
class Facts:
    """What is known of one Pop."""

    problem: tuple[str, str] | None
    """Reason and message of what keeps its objects from being applied."""
    rolling: str
    """What the rollout of its pods still waits for; empty for nothing."""
    wanted: int
    """Edges that should run."""
    ready: int
    """Edges that clients are sent to."""
    pods: int
    """Edge pods that exist, also those that are stopping."""
    assigned: int
    current: int
    """Zones of the Pop, and those of them that it is current in."""
    lag_ms: int
    """Age of the oldest publication that it has not reached."""
    silent: tuple[str, ...]
    """Ready edges that were not heard lately."""
    doubtful: tuple[str, ...]
    """Ready edges that are heard and have proved nothing for a while."""
    drained: bool
    refusal: tuple[str, str] | None
    """Reason and message of what forbids to drain it."""
    drain_asked_by: str
    """What asks to drain it; empty for nothing."""
    addresses: tuple[str, ...]
    awaits_address: bool = False
    """Whether a load balancer is to give it one, and has not."""
    version: str = ""
    """Of the operator that runs it; empty where that is not known."""
    more: tuple[Condition, ...] = ()
    """Conditions that only some Pops have."""
    commands: tuple[dict[str, Any], ...] = ()
    """What it was told to do once, as `commands` shows it."""
    heard: bool = True
    """Whether it is known what its edges say (see `hearing`)."""
    counted: bool = True
    """Whether its zones are known."""


def pop(generation: int, facts: Facts, before: Status, now: str) -> dict[str, Any]:
    """The status of a Pop of this generation. `now` is RFC 3339."""
    found = [
        _progressing(facts, generation, before),
        _ready(facts),
        _synced(facts, before),
        _connected(facts, before),
        _drained(facts),
        *facts.more,
    ]
    status: dict[str, Any] = {
        "observedGeneration": generation,
        "edges": {
            "ready": facts.ready,
            "desired": facts.wanted,
            "text": f"{facts.ready}/{facts.wanted}",
        },
        "zones": {
            "assigned": facts.assigned,
            "current": facts.current,
            "text": f"{facts.current}/{facts.assigned}",
        },
        "lagSeconds": float(step(facts.lag_ms / 1000)),
        "conditions": merge(found, generation, before, now),
    }
    if not facts.counted:
        for key in _COUNTS:
            status.pop(key)
        status |= {key: before[key] for key in _COUNTS if key in before}
    if facts.addresses:
        status["addresses"] = list(facts.addresses)
    if facts.version:
        status["version"] = facts.version
    if facts.commands:
        status["commands"] = list(facts.commands)
    return status


def of_pods(facts: Facts) -> list[Condition]:
    """The conditions that need no word of any edge."""
    return [_progressing(facts, 0, {}), _ready(facts), _drained(facts)]


def is_connected(facts: Facts) -> bool | None:
    """Whether each of its Ready edges was heard; None where it has none, or nobody can hear."""
    return None if facts.ready == 0 or not facts.heard else not facts.silent


def wait_seconds(before: Status, status: Status, since: float) -> float:
    """How long the step from one status to the next may wait to be written; 0 is now.

    `since` are the seconds since a status of this Pop was last handed on to be written.
    """
    if _at_once(before) != _at_once(status):
        return 0.0
    return max(0.0, COUNTS_SECONDS - since)


def _at_once(status: Status) -> tuple[object, ...]:
    """What is told as soon as it changes: all but counts of zones and the message with them."""
    conditions = [
        {key: value for key, value in each.items() if key != "message" or each["type"] != "Synced"}
        for each in status.get("conditions") or ()
    ]
    counts = {*_COUNTS, "conditions"}
    return conditions, {key: value for key, value in status.items() if key not in counts}


def _progressing(facts: Facts, generation: int, before: Status) -> Condition:
    if facts.problem is not None and facts.problem[0] == KEYS_UNKNOWN:
        told = kept(before, "Progressing")
        if told is not None and before.get("observedGeneration") == generation:
            return told
    if facts.problem is not None:
        return Condition("Progressing", False, *facts.problem)
    if facts.rolling:
        return Condition("Progressing", True, "Rolling", facts.rolling)
    return Condition("Progressing", False, "Complete")


def _ready(facts: Facts) -> Condition:
    if facts.drained:
        told = _out_of_service(facts)
        return Condition("Ready", facts.pods == 0, "Draining" if facts.pods else "Drained", told)
    told = f"{facts.ready} of {facts.wanted} edges are Ready"
    if not facts.ready >= facts.wanted > 0:
        return Condition("Ready", False, "EdgesNotReady", told)
    if facts.awaits_address:
        return Condition("Ready", False, ADDRESS_PENDING, f"{told}, {_PENDING}")
    return Condition("Ready", True, "EdgesReady", told)


def _synced(facts: Facts, before: Status) -> Condition:
    told = f"{facts.current} of {facts.assigned} zones are current"
    if facts.ready == 0:
        return Condition("Synced", False, "NoReadyEdge", "no edge is Ready")
    if not facts.counted:
        unknown = Condition("Synced", None, "Pending", "its zones were not counted yet")
        return kept(before, "Synced") or unknown
    if facts.doubtful:
        names = ", ".join(facts.doubtful[:5])
        return Condition("Synced", False, "UnverifiedEdge", f"they prove nothing: {names}")
    if facts.current == facts.assigned:
        return Condition("Synced", True, "Current", told)
    return Condition("Synced", False, "Behind", told)


def _connected(facts: Facts, before: Status) -> Condition:
    if facts.ready == 0:
        return Condition("Connected", None, "NoReadyEdge", "no edge is Ready")
    if not facts.heard:
        unknown = Condition("Connected", None, "Pending", "the core has not said yet who was heard")
        return kept(before, "Connected") or unknown
    if facts.silent:
        told = f"not heard for {edge_words.SILENT_MS // 1000} s: {', '.join(facts.silent[:5])}"
        return Condition("Connected", False, "PopUnreachable", told)
    return Condition("Connected", True, "Heard")


def _drained(facts: Facts) -> Condition:
    if facts.refusal is not None:
        return Condition("Drained", False, *facts.refusal)
    if not facts.drain_asked_by:
        return Condition("Drained", False, "Active")
    if facts.pods:
        told = f"{facts.pods} edges still answer those who have not heard of it"
        return Condition("Drained", False, "Draining", told)
    return Condition("Drained", True, "Drained", _out_of_service(facts))


def _out_of_service(facts: Facts) -> str:
    if not facts.drain_asked_by:
        return "out of service until the next pass over the zones"
    return f"out of service as {facts.drain_asked_by} asks"
