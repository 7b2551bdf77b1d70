"""What the statuses of Zones, RecordSets and Pops say."""

from dataclasses import replace
from typing import Any

import pytest
from dnsfleet.crds import definitions
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet.resources import Pop, Reference, Zone
from dnsfleet.resources.zones import ZoneStatus
from dnsfleet.violations import Violation
from dnsfleet.zones.placements import Hold
from dnsfleet.zones.shared_values import Shared
from dnsfleet.zones.signature_watch import Watched
from dnsfleet.zones.signatures import Level, Moment, Period
from dnsfleet_operator.pops.passes import KEYS_UNKNOWN
from dnsfleet_operator.statuses import conditions, events, pops, zones
from dnsfleet_operator.statuses.conditions import Condition
from dnsfleet_operator.statuses.propagation import PopState, ZoneState
from dnsfleet_operator.zones.results import Results
from dnsfleet_publisher.publishing import Outcome, State
from support import yaml_resources

NOW = "2026-02-01T00:00:00Z"
EARLIER = "2026-01-01T00:00:00Z"
SUBJECT = "Zone default/example-com"
MANIFEST = Manifest("example.com.", Revision(7, 3), None, 10, 2026, b"", 4, 9, 0)
EVERYWHERE = ZoneState(3, 3, (), 0)
ON_ITS_WAY = ZoneState(3, 2, (PopState("fra", False, "Propagating", "not yet answered by a"),), 1)
CUT_OFF = ZoneState(3, 2, (PopState("fra", False, "PopUnreachable", "not heard for 15 s: a"),), 60)
NOWHERE = ZoneState(0, 0, (), 0)
ERROR = Violation("BadName", "label of 64 octets", f"{SUBJECT}: spec.records[3].name")
WARNING = Violation("DuplicateRecord", "twice", f"{SUBJECT}: spec.records[1]", "warning")


def told(status: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {each["type"]: (each["status"], each["reason"]) for each in status["conditions"]}


def status(
    state: State | None,
    where: ZoneState | None,
    *found: Violation,
    reason: str = "",
    before: dict[str, Any] | None = None,
) -> dict[str, Any]:
    outcome = None if state is None else Outcome(state, MANIFEST, reason, "because")
    facts = zones.Facts(outcome, where, 0.5 if where is not None and where.propagated else None)
    made = zones.conditions(SUBJECT, found, facts)
    return zones.zone(4, made, facts, before or {}, NOW)


@pytest.mark.parametrize(
    ("state", "where", "propagated"),
    [
        (State.PUBLISHED, NOWHERE, ("True", "CatalogZone")),
        (State.PUBLISHED, None, ("False", "Propagating")),
        (State.FAILED, NOWHERE, ("False", "NotProgrammed")),
        (State.PUBLISHED, ON_ITS_WAY, ("False", "Propagating")),
    ],
)
def test_a_catalog_is_propagated_where_no_pop_is_to_serve_it(
    state: State, where: ZoneState | None, propagated: tuple[str, str]
) -> None:
    facts = zones.Facts(Outcome(state, MANIFEST, "Why"), where, is_catalog=True)
    made = zones.zone(4, zones.conditions(SUBJECT, [], facts), facts, {}, NOW)
    assert told(made)["Propagated"] == propagated
    assert told(made)["Ready"][0] == propagated[0]


def test_a_placement_that_is_held_holds_nothing_else() -> None:
    hold = Hold("0" * 16, ("fra",), "the change takes 1 of 1 Pops from the zone: fra")
    outcome = Outcome(State.PUBLISHED, MANIFEST, placement=hold)
    facts = zones.Facts(outcome, EVERYWHERE)
    made = zones.zone(4, zones.conditions(SUBJECT, [], facts), facts, {}, NOW)
    assert told(made) == {
        "Accepted": ("False", "UnsafePlacement"),
        "Programmed": ("True", "Published"),
        "Propagated": ("True", "Propagated"),
        "Ready": ("False", "UnsafePlacement"),
    }
    assert made["conditions"][0]["message"] == hold.message
    results = Results(outcomes={"a.": outcome})
    assert results.outcome("a.", Reference("Zone", "dns", "a")) == outcome
    of_record_set = results.outcome("a.", Reference("RecordSet", "dns", "a"))
    assert of_record_set == Outcome(State.PUBLISHED, MANIFEST), "its owner did nothing wrong"


CASES = [
    # outcome, where it is answered, violations, reason; Accepted, Programmed, Propagated, Ready
    ((State.PUBLISHED, EVERYWHERE, [], ""), "Accepted", "Published", "Propagated", "Ready"),
    ((State.UNCHANGED, EVERYWHERE, [], ""), "Accepted", "Published", "Propagated", "Ready"),
    (
        (State.PUBLISHED, ON_ITS_WAY, [], ""),
        "Accepted",
        "Published",
        "-Propagating",
        "-Propagating",
    ),
    (
        (State.PUBLISHED, CUT_OFF, [], ""),
        "Accepted",
        "Published",
        "-PopUnreachable",
        "-PopUnreachable",
    ),
    ((State.PUBLISHED, NOWHERE, [], ""), "Accepted", "Published", "-NoActivePop", "-NoActivePop"),
    ((State.UNCHANGED, None, [], ""), "Accepted", "Published", "-Propagating", "-Propagating"),
    (
        (State.PUBLISHED, EVERYWHERE, [WARNING], ""),
        "AcceptedWithWarnings",
        "Published",
        "Propagated",
        "Ready",
    ),
    (
        (State.HELD, EVERYWHERE, [], "UnsafePlan"),
        "-UnsafePlan",
        "-NotAccepted",
        "-NotProgrammed",
        "-UnsafePlan",
    ),
    (
        (State.UNCHANGED, EVERYWHERE, [ERROR], ""),
        "-BadName",
        "-NotAccepted",
        "-NotProgrammed",
        "-BadName",
    ),
    (
        (State.FAILED, EVERYWHERE, [], "StoreUnavailable"),
        "Accepted",
        "-StoreUnavailable",
        "-NotProgrammed",
        "-StoreUnavailable",
    ),
    ((None, None, [], ""), "Accepted", "-Pending", "-NotProgrammed", "-Pending"),
]


@pytest.mark.parametrize(("facts", "accepted", "programmed", "propagated", "ready"), CASES)
def test_conditions_of_a_zone(
    facts: tuple[State | None, ZoneState | None, list[Violation], str],
    accepted: str,
    programmed: str,
    propagated: str,
    ready: str,
) -> None:
    state, where, found, reason = facts
    expected = {"Accepted": accepted, "Programmed": programmed, "Propagated": propagated}
    expected["Ready"] = ready
    made = status(state, where, *found, reason=reason)
    assert told(made) == {
        kind: ("False" if text.startswith("-") else "True", text.removeprefix("-"))
        for kind, text in expected.items()
    }
    assert {each["observedGeneration"] for each in made["conditions"]} == {4}
    Zone.model_validate(
        yaml_resources.zone().model_dump(mode="json", exclude_unset=True) | {"status": made}
    )


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (Level.VALID, "True"),
        (Level.NEAR_EXPIRY, "True"),
        (Level.EXPIRED, "False"),
        (Level.NOT_YET_VALID, "False"),
    ],
)
def test_signatures_that_end_do_not_make_a_zone_less_ready(level: Level, expected: str) -> None:
    moment = Moment(2_000_000_000, "www.example.com.", "A")
    outcome = Outcome(State.PUBLISHED, MANIFEST)
    facts = zones.Facts(outcome, EVERYWHERE, signed=Watched(Period(moment, moment), level))
    made = zones.zone(4, zones.conditions(SUBJECT, (), facts), facts, {}, NOW)
    assert told(made)["SignaturesValid"] == (expected, level.value)
    assert told(made)["Ready"] == ("True", "Ready")
    assert "2033-05-18T03:33:20Z, for www.example.com. A" in made["conditions"][-1]["message"]
    ZoneStatus.model_validate(made)


def test_counts_of_a_zone() -> None:
    made = status(State.PUBLISHED, EVERYWHERE)
    assert made["revision"] == {"epoch": 7, "seq": 3}
    assert (made["serial"], made["records"], made["observedGeneration"]) == (2026, 9, 4)
    assert made["propagation"] == {"pops": 3, "current": 3, "text": "3/3", "seconds": 0.5}
    made = status(State.PUBLISHED, CUT_OFF)
    assert made["propagation"]["slowest"] == [
        {"name": "fra", "seconds": 60, "message": "not heard for 15 s: a"}
    ]


def test_a_rejection_names_the_field() -> None:
    accepted = status(State.UNCHANGED, EVERYWHERE, ERROR)["conditions"][0]
    assert accepted["message"] == "spec.records[3].name: label of 64 octets"


def test_a_message_stays_short() -> None:
    found = [ERROR._replace(message="x" * 500)] * 5
    message = status(State.UNCHANGED, EVERYWHERE, *found)["conditions"][0]["message"]
    assert len(message) == conditions.MAX_MESSAGE
    short = conditions.accepted([ERROR] * 5, SUBJECT).message
    assert short.endswith("; and 2 more")


def test_a_condition_keeps_its_time_until_its_status_changes() -> None:
    first = conditions.merge([Condition("Ready", True, "Ready")], 1, {}, EARLIER)
    before = {"conditions": first}
    same = conditions.merge([Condition("Ready", True, "StillReady")], 2, before, NOW)
    assert same[0]["lastTransitionTime"] == EARLIER
    other = conditions.merge([Condition("Ready", None, "Ready")], 2, before, NOW)
    assert (other[0]["lastTransitionTime"], other[0]["status"]) == (NOW, "Unknown")


def test_a_condition_that_the_api_server_gave_has_no_time_to_keep() -> None:
    (kind,) = (each for each in definitions.KINDS if each.model is Pop)
    version = definitions.definition(kind)["spec"]["versions"][0]
    before = version["schema"]["openAPIV3Schema"]["properties"]["status"]["default"]
    (made,) = conditions.merge([Condition("Connected", None, "NoReadyEdge")], 1, before, NOW)
    assert made["lastTransitionTime"] == NOW


def test_a_status_of_the_same_facts_is_the_same() -> None:
    made = status(State.PUBLISHED, EVERYWHERE, before={})
    assert status(State.PUBLISHED, EVERYWHERE, before=made) == made


HEALTHY = pops.Facts(
    problem=None,
    rolling="",
    wanted=2,
    ready=2,
    pods=2,
    assigned=5,
    current=5,
    lag_ms=0,
    silent=(),
    doubtful=(),
    drained=False,
    refusal=None,
    drain_asked_by="",
    addresses=("192.0.2.1",),
)
POPS = [
    # what differs; Progressing, Ready, Synced, Connected, Drained
    ({}, "-Complete", "EdgesReady", "Current", "Heard", "-Active"),
    ({"rolling": "1 of 2"}, "Rolling", "EdgesReady", "Current", "Heard", "-Active"),
    ({"doubtful": ("e",)}, "-Complete", "EdgesReady", "-UnverifiedEdge", "Heard", "-Active"),
    (
        {"problem": ("ApplyFailed", "no")},
        "-ApplyFailed",
        "EdgesReady",
        "Current",
        "Heard",
        "-Active",
    ),
    ({"awaits_address": True}, "-Complete", "-AddressPending", "Current", "Heard", "-Active"),
    (
        {"ready": 1, "awaits_address": True},
        "-Complete",
        "-EdgesNotReady",
        "Current",
        "Heard",
        "-Active",
    ),
    ({"ready": 1}, "-Complete", "-EdgesNotReady", "Current", "Heard", "-Active"),
    ({"ready": 0}, "-Complete", "-EdgesNotReady", "-NoReadyEdge", "?NoReadyEdge", "-Active"),
    ({"current": 4}, "-Complete", "EdgesReady", "-Behind", "Heard", "-Active"),
    ({"silent": ("a",)}, "-Complete", "EdgesReady", "Current", "-PopUnreachable", "-Active"),
    (
        {"drain_asked_by": "spec.state", "refusal": ("LastActivePop", "last")},
        "-Complete",
        "EdgesReady",
        "Current",
        "Heard",
        "-LastActivePop",
    ),
    (
        {"drain_asked_by": "spec.state", "drained": True},
        "-Complete",
        "-Draining",
        "Current",
        "Heard",
        "-Draining",
    ),
    (
        {"drain_asked_by": "spec.state", "drained": True, "ready": 0, "pods": 0, "wanted": 0},
        "-Complete",
        "Drained",
        "-NoReadyEdge",
        "?NoReadyEdge",
        "Drained",
    ),
]


@pytest.mark.parametrize(
    ("differs", "progressing", "ready", "synced", "connected", "drained"), POPS
)
def test_conditions_of_a_pop(
    differs: dict[str, Any],
    progressing: str,
    ready: str,
    synced: str,
    connected: str,
    drained: str,
) -> None:
    made = pops.pop(2, replace(HEALTHY, **differs), {}, NOW)
    expected = (progressing, ready, synced, connected, drained)
    word = {"-": "False", "?": "Unknown"}
    assert list(told(made).values()) == [
        (word.get(text[0], "True"), text.lstrip("-?")) for text in expected
    ]
    assert list(told(made)) == [
        "Progressing",
        "Ready",
        "Synced",
        "Connected",
        "Drained",
    ]
    Pop.model_validate(
        yaml_resources.pop().model_dump(mode="json", exclude_unset=True) | {"status": made}
    )


def test_a_pop_shows_on_what_it_showed_of_what_is_not_known_now() -> None:
    before = pops.pop(2, replace(HEALTHY, silent=("a",), current=3), {}, EARLIER)
    unknown = replace(HEALTHY, heard=False, counted=False, assigned=0, current=0)
    assert pops.pop(2, unknown, before, NOW) == before
    new = pops.pop(2, unknown, {}, NOW)
    assert told(new)["Synced"] == told(new)["Connected"] == ("Unknown", "Pending")
    assert not {"zones", "lagSeconds"} & new.keys()
    gone = told(pops.pop(2, replace(unknown, ready=0), before, NOW))
    assert gone["Connected"] == ("Unknown", "NoReadyEdge")
    assert gone["Synced"] == ("False", "NoReadyEdge")


def test_a_pop_tells_that_it_waits_for_the_keys_where_its_own_spec_does() -> None:
    waits = replace(HEALTHY, problem=(KEYS_UNKNOWN, "see the Fleet"))
    before = pops.pop(2, HEALTHY, {}, EARLIER)
    assert pops.pop(2, waits, before, NOW) == before
    assert told(pops.pop(3, waits, before, NOW))["Progressing"] == ("False", KEYS_UNKNOWN)
    assert told(pops.pop(1, waits, {}, NOW))["Progressing"] == ("False", KEYS_UNKNOWN)


def test_counts_of_a_pop_move_in_steps() -> None:
    made = pops.pop(2, replace(HEALTHY, current=3, lag_ms=59_999), {}, NOW)
    assert made["lagSeconds"] == 15
    assert made["edges"] == {"ready": 2, "desired": 2, "text": "2/2"}
    assert made["zones"] == {"assigned": 5, "current": 3, "text": "3/5"}
    assert made["addresses"] == ["192.0.2.1"]


WAITS = [
    # what differs, seconds since the last write, seconds to wait
    ({"assigned": 4, "current": 4}, 0.0, 10.0),
    ({"assigned": 4, "current": 4}, 7.5, 2.5),
    ({"assigned": 4, "current": 4}, 10.0, 0.0),
    ({"assigned": 4, "current": 4}, float("inf"), 0.0),
    ({"lag_ms": 60_000}, 1.0, 9.0),
    ({"current": 4}, 1.0, 0.0),
    ({"ready": 1}, 1.0, 0.0),
    ({"wanted": 3}, 1.0, 0.0),
    ({"rolling": "1 of 2 edges"}, 1.0, 0.0),
    ({"problem": ("ApplyFailed", "no")}, 1.0, 0.0),
    ({"silent": ("a",)}, 1.0, 0.0),
    ({"drained": True, "drain_asked_by": "spec.state"}, 1.0, 0.0),
    ({"drain_asked_by": "spec.state", "refusal": ("LastActivePop", "last")}, 1.0, 0.0),
    ({"addresses": ("192.0.2.2",)}, 1.0, 0.0),
    ({"addresses": ()}, 1.0, 0.0),
]


@pytest.mark.parametrize(("differs", "since", "wait"), WAITS)
def test_counts_of_a_pop_wait_and_what_else_changes_does_not(
    differs: dict[str, Any], since: float, wait: float
) -> None:
    before = pops.pop(2, HEALTHY, {}, EARLIER)
    after = pops.pop(2, replace(HEALTHY, **differs), before, NOW)
    assert before != after
    assert pops.wait_seconds(before, after, since) == wait


@pytest.mark.parametrize("message", ["2 of 3", "3 of 3"])
def test_a_message_with_other_words_is_told_at_once(message: str) -> None:
    rolling = replace(HEALTHY, rolling="1 of 3")
    before = pops.pop(2, rolling, {}, EARLIER)
    after = pops.pop(2, replace(rolling, rolling=message), before, NOW)
    assert pops.wait_seconds(before, after, 0.0) == 0.0


def test_the_first_status_and_that_of_a_new_generation_do_not_wait() -> None:
    first = pops.pop(2, HEALTHY, {}, EARLIER)
    assert pops.wait_seconds({}, first, 0.0) == 0.0
    assert pops.wait_seconds(first, pops.pop(3, HEALTHY, first, NOW), 0.0) == 0.0


def shown(kind: str, status: str, reason: str, message: str = "") -> dict[str, Any]:
    condition = {"type": kind, "status": status, "reason": reason, "message": message}
    return {"conditions": [condition]}


NOTICES = [
    ({}, shown("Accepted", "True", "Accepted"), []),
    ({}, shown("Accepted", "False", "ZoneInUse", "a"), [("Warning", "ZoneInUse", "a")]),
    (
        shown("Accepted", "False", "ZoneInUse", "a"),
        shown("Accepted", "False", "ZoneInUse", "a"),
        [],
    ),
    (
        shown("Accepted", "False", "ZoneInUse", "a"),
        shown("Accepted", "False", "ZoneInUse", "b"),
        [("Warning", "ZoneInUse", "b")],
    ),
    (
        shown("Accepted", "False", "ZoneInUse", "a"),
        shown("Accepted", "True", "Accepted"),
        [("Normal", "Accepted", "Accepted again")],
    ),
    (
        shown("Accepted", "True", "Accepted"),
        shown("Accepted", "True", "AcceptedWithWarnings", "a"),
        [("Warning", "AcceptedWithWarnings", "a")],
    ),
    (
        shown("Accepted", "True", "AcceptedWithWarnings", "a"),
        shown("Accepted", "True", "AcceptedWithWarnings", "a"),
        [],
    ),
    (
        shown("Accepted", "True", "AcceptedWithWarnings", "a"),
        shown("Accepted", "True", "Accepted"),
        [("Normal", "Accepted", "nothing to warn of any more")],
    ),
    ({}, shown("Programmed", "False", "NotAccepted"), []),
    (
        shown("Programmed", "False", "NotAccepted"),
        shown("Programmed", "True", "Published"),
        [],
    ),
    (
        shown("Drained", "False", "Draining"),
        shown("Drained", "True", "Drained", "as asked"),
        [("Normal", "Drained", "as asked")],
    ),
    *(
        step
        for kind, reason in (
            ("Programmed", "StoreUnavailable"),
            ("Accepted", "UnsafePlan"),
            ("Accepted", "UnsafePlacement"),
        )
        for step in (
            ({}, shown(kind, "False", reason, "a"), []),
            (shown(kind, "False", reason, "a"), shown(kind, "True", "Done"), []),
        )
    ),
    ({}, shown("Propagated", "False", "Propagating"), []),
    ({}, shown("Drained", "False", "LastActivePop", "a"), [("Warning", "LastActivePop", "a")]),
    ({}, shown("SignaturesValid", "True", "Valid", "a"), []),
    ({}, shown("SignaturesValid", "True", "NearExpiry", "a"), [("Warning", "NearExpiry", "a")]),
    ({}, shown("SignaturesValid", "False", "Expired", "a"), [("Warning", "Expired", "a")]),
    (
        shown("SignaturesValid", "True", "NearExpiry", "a"),
        shown("SignaturesValid", "True", "NearExpiry", "b"),
        [],
    ),
    (
        shown("SignaturesValid", "True", "NearExpiry", "a"),
        shown("SignaturesValid", "False", "Expired", "b"),
        [("Warning", "Expired", "b")],
    ),
    (
        shown("SignaturesValid", "False", "Expired", "a"),
        shown("SignaturesValid", "True", "NearExpiry", "b"),
        [("Warning", "NearExpiry", "b")],
    ),
    (
        shown("SignaturesValid", "True", "NearExpiry", "a"),
        shown("SignaturesValid", "True", "Valid", "b"),
        [("Normal", "Valid", "b")],
    ),
    (
        shown("SignaturesValid", "False", "NotYetValid", "a"),
        shown("SignaturesValid", "True", "Valid", "b"),
        [("Normal", "Valid", "b")],
    ),
]


@pytest.mark.parametrize(("before", "after", "notices"), NOTICES)
def test_what_becomes_an_event(
    before: dict[str, Any], after: dict[str, Any], notices: list[tuple[str, str, str]]
) -> None:
    assert events.notices(before, after) == notices


def test_an_event_about_an_object_without_a_namespace_goes_to_default() -> None:
    notice = events.Notice("Warning", "LastActivePop", "x" * 2000)
    made = events.event(notice, Reference("Pop", "", "fra"), "7", "ab", "operator-0", NOW)
    assert made["metadata"] == {"name": "fra.ab", "namespace": "default"}
    assert made["regarding"] == {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Pop",
        "name": "fra",
        "uid": "7",
    }
    assert len(made["note"]) == events.MAX_NOTE


def test_a_zone_tells_whose_the_values_of_shared_rrsets_are() -> None:
    owners = tuple(Reference("RecordSet", "dns", f"r{number}") for number in range(7))
    rrsets = tuple(
        Shared(f"_acme-challenge.n{number}.example.com.", "TXT", (('"x"', owners),) * 30)
        for number in range(30)
    )
    facts = zones.Facts(Outcome(State.PUBLISHED, MANIFEST), EVERYWHERE, shared=rrsets)
    made = zones.zone(4, zones.conditions(SUBJECT, (), facts), facts, {}, NOW)
    assert len(made["shared"]) == 20
    assert made["shared"][0]["name"] == "_acme-challenge.n0.example.com."
    assert made["shared"][0]["type"] == "TXT"
    value = {"data": '"x"', "recordSets": [f"dns/r{number}" for number in range(5)]}
    assert made["shared"][0]["values"] == [value] * 10
    ZoneStatus.model_validate(made)
    assert "shared" not in status(State.PUBLISHED, EVERYWHERE)
