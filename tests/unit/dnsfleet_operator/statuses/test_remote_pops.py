"""What the core tells of a Pop in another cluster, by the word of the operator there."""

import pytest
from dnsfleet.replication.pop_reports import Report
from dnsfleet.replication.revisions import Revision
from dnsfleet.replication.sums import Positions
from dnsfleet.resources import PopStatus
from dnsfleet_operator.pops.drains import Drains, Refusal
from dnsfleet_operator.pops.passes import PopResult
from dnsfleet_operator.pops.remote import RemoteEdges
from dnsfleet_operator.statuses import pops, remote_pops
from dnsfleet_operator.statuses.arrivals import Lag
from dnsfleet_operator.statuses.propagation import Fleet
from support import yaml_resources

REVISION = Revision(7, 2)
REPORT = Report(5, "0.2.0", REVISION, 4, wanted=2, ready=2, pods=2, addresses=("192.0.2.1",))
OUT = frozenset({"fra"})
REFUSED = Drains(refused={"fra": Refusal("LastActivePop", "nobody else")})


@pytest.mark.parametrize(
    ("report", "state", "drains", "shown"),
    [
        (None, "Active", Drains(), {"Progressing": "NotJoined", "SpecApplied": "NotHeard"}),
        (REPORT, "Active", Drains(), {"Progressing": "Complete", "Ready": "EdgesReady"}),
        (REPORT, "Active", Drains(), {"SpecApplied": "Applied"}),
        (REPORT._replace(ready=1), "Active", Drains(), {"Ready": "EdgesNotReady"}),
        (REPORT._replace(addresses=()), "Active", Drains(), {"Ready": "AddressPending"}),
        (REPORT._replace(rolling="1 of 2"), "Active", Drains(), {"Progressing": "Rolling"}),
        (
            REPORT._replace(problem=("ApplyFailed", "no")),
            "Active",
            Drains(),
            {"Progressing": "ApplyFailed"},
        ),
        (REPORT._replace(generation=3), "Active", Drains(), {"SpecApplied": "Pending"}),
        (
            REPORT._replace(revision=Revision(7, 1)),
            "Active",
            Drains(),
            {"SpecApplied": "Pending"},
        ),
        (REPORT._replace(uid="earlier"), "Active", Drains(), {"SpecApplied": "Pending"}),
        (REPORT._replace(uid="uid"), "Active", Drains(), {"SpecApplied": "Applied"}),
        (
            REPORT._replace(problem=("SpecRefused", "why")),
            "Active",
            Drains(),
            {"SpecApplied": "SpecRefused", "Progressing": "SpecRefused"},
        ),
        (
            REPORT._replace(ignored=("spec.a",)),
            "Active",
            Drains(),
            {"SpecApplied": "FieldsIgnored"},
        ),
        (REPORT, "Drained", REFUSED, {"Drained": "LastActivePop", "Ready": "EdgesReady"}),
        (REPORT, "Drained", Drains(drained=OUT), {"Drained": "Draining"}),
        (
            REPORT._replace(wanted=0, ready=0, pods=0),
            "Drained",
            Drains(drained=OUT),
            {"Drained": "Drained", "Ready": "Drained"},
        ),
    ],
)
def test_conditions(
    report: Report | None, state: str, drains: Drains, shown: dict[str, str]
) -> None:
    pop = yaml_resources.pop(f"{{cluster: agent, state: {state}}}")
    fleet = Fleet(["fra"], {}, {}, Positions(), 10)
    edges = RemoteEdges()
    edges.published = {"fra": REVISION}
    if report is not None:
        edges.reports["fra"] = report
    found = remote_pops.facts(edges, drains, fleet, Lag(3, 3, None), (), pop, PopResult("uid", 4))
    made = pops.pop(4, found, {}, "2026-01-01T00:00:00Z")
    reasons = {each["type"]: each["reason"] for each in made["conditions"]}
    assert reasons | shown == reasons
    assert made.get("version") == (None if report is None else "0.2.0")
    PopStatus.model_validate(made)


def test_the_fields_that_an_older_version_ignores_are_named() -> None:
    report = REPORT._replace(ignored=("spec.a", "spec.b"))
    told = remote_pops.applied(report, PopResult("uid", 4), REVISION)
    assert told.message == (
        "its operator, version 0.2.0, does not know spec.a, spec.b; upgrade that release"
    )


@pytest.mark.parametrize(
    ("exposure", "reason"), [("Service", "AddressPending"), ("HostNetwork", "EdgesReady")]
)
def test_only_edges_behind_a_service_wait_for_its_address(exposure: str, reason: str) -> None:
    pop = yaml_resources.pop(
        f"{{cluster: agent, edge: {{exposure: {exposure}, nodeSelector: {{dns: 'yes'}}}}}}"
    )
    fleet = Fleet(["fra"], {}, {}, Positions(), 10)
    edges = RemoteEdges()
    edges.reports["fra"] = REPORT._replace(addresses=())
    lag, result = Lag(3, 3, None), PopResult("uid", 4)
    found = remote_pops.facts(edges, Drains(), fleet, lag, (), pop, result)
    made = pops.pop(4, found, {}, "2026-01-01T00:00:00Z")
    assert reason in {each["reason"] for each in made["conditions"] if each["type"] == "Ready"}
