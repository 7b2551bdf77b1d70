"""What deployment tools make of objects through their life: kstatus, and our scripts in Argo CD.

Nothing is Current or Healthy before edges answer it, what waits for people is Degraded, and a Pop
that is out of service as it was asked to be is healthy.
"""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster import builds
from dnsfleet.crds import definitions
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet.violations import Violation
from dnsfleet_operator.statuses import pops, zones
from dnsfleet_operator.statuses.propagation import PopState, ZoneState
from dnsfleet_publisher.publishing import Outcome, State

SCRIPTS = Path(__file__).parents[2] / "helm/dnsfleet/files/argocd-cm.yaml"
KEY = "resource.customizations.health.dnsfleet.io_"
READ_SECONDS = 300
"""The first run compiles the reader."""
NOW = "2026-02-01T00:00:00Z"
GENERATION = 4
SUBJECT = "Zone default/example-com"
MANIFEST = Manifest("example.com.", Revision(7, 3), None, 10, 2026, b"", 4, 9, 0)
EVERYWHERE = ZoneState(3, 3, (), 0)
ON_ITS_WAY = ZoneState(3, 2, (PopState("fra", False, "Propagating", "not yet answered by a"),), 1)
ERROR = Violation("BadName", "label of 64 octets", f"{SUBJECT}: spec.records[3].name")
SERVING = pops.Facts(
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
    addresses=(),
)
EMPTY = {"ready": 0, "pods": 0, "wanted": 0}


def thing(kind: str, status: dict[str, Any], **spec: Any) -> dict[str, Any]:
    metadata = {"name": "a", "namespace": "default", "generation": GENERATION}
    api = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": kind}
    return {**api, "metadata": metadata, "spec": spec, "status": status}


def new(kind: str) -> dict[str, Any]:
    """The status that the API server gives to a new object."""
    (found,) = (each for each in definitions.KINDS if each.model.__name__ == kind)
    (version,) = definitions.definition(found)["spec"]["versions"]
    given = version["schema"]["openAPIV3Schema"]["properties"]["status"]["default"]
    assert isinstance(given, dict)
    return given


def records(
    kind: str,
    state: State | None,
    where: ZoneState | None,
    *found: Violation,
    seen: int = GENERATION,
) -> dict[str, Any]:
    outcome = None if state is None else Outcome(state, MANIFEST, "UnsafePlan", "because")
    facts = zones.Facts(outcome, where)
    made = zones.conditions(SUBJECT, found, facts)
    if kind == "RecordSet":
        return thing(kind, zones.record_set(seen, 1, made, new(kind), NOW))
    return thing(kind, zones.zone(seen, made, facts, new(kind), NOW))


def pop(state: str = "Active", **differs: Any) -> dict[str, Any]:
    return thing(
        "Pop", pops.pop(GENERATION, replace(SERVING, **differs), new("Pop"), NOW), state=state
    )


def life() -> Iterator[tuple[str, dict[str, Any], str, str]]:
    """What happens, the object, and the words of kstatus and of Argo CD."""
    for kind in ("Zone", "RecordSet"):
        yield "new", thing(kind, new(kind)), "InProgress", "Progressing"
        older = records(kind, State.PUBLISHED, EVERYWHERE, seen=GENERATION - 1)
        yield "changed", older, "InProgress", "Progressing"
        yield "waits", records(kind, None, None), "InProgress", "Progressing"
        on_its_way = records(kind, State.PUBLISHED, ON_ITS_WAY)
        yield "on its way", on_its_way, "InProgress", "Progressing"
        yield "everywhere", records(kind, State.PUBLISHED, EVERYWHERE), "Current", "Healthy"
        yield "held", records(kind, State.HELD, EVERYWHERE), "InProgress", "Degraded"
        yield "wrong", records(kind, State.UNCHANGED, EVERYWHERE, ERROR), "InProgress", "Degraded"
        yield "core away", records(kind, State.FAILED, EVERYWHERE), "InProgress", "Progressing"
    yield "new", thing("Pop", new("Pop")), "InProgress", "Progressing"
    yield "starts", pop(**{**EMPTY, "wanted": 2, "rolling": "0 of 2"}), "InProgress", "Progressing"
    yield "serves", pop(), "Current", "Healthy"
    yield (
        "drains",
        pop("Drained", drain_asked_by="spec.state", drained=True),
        "InProgress",
        "Progressing",
    )
    drained = pop("Drained", drain_asked_by="spec.state", drained=True, **EMPTY)
    yield "drained", drained, "Current", "Healthy"
    refused = pop("Drained", drain_asked_by="spec.state", refusal=("LastActivePop", "last"))
    yield "may not drain", refused, "Current", "Degraded"
    asked = "the annotation dnsfleet.io/drain"
    by_annotation = pop(drain_asked_by=asked, drained=True, **EMPTY)
    yield "drained by its annotation", by_annotation, "Current", "Healthy"
    refused = pop(drain_asked_by=asked, refusal=("LastActivePop", "last"))
    yield "may not drain as its annotation asks", refused, "Current", "Degraded"


@pytest.fixture(scope="module", name="verdicts")
def _verdicts() -> dict[tuple[str, str], dict[str, str]]:
    found = list(life())
    data = yaml.safe_load(SCRIPTS.read_text())["data"]
    scripts = {key.removeprefix(KEY): script for key, script in data.items()}
    asked = {"scripts": scripts, "objects": [each for _, each, _, _ in found]}
    done = subprocess.run(
        [builds.health_reader()],
        input=json.dumps(asked),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=READ_SECONDS,
    )
    named = [(each["kind"], what) for what, each, _, _ in found]
    return dict(zip(named, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize(
    ("kind", "what", "kstatus", "argo"),
    [(each["kind"], what, kstatus, argo) for what, each, kstatus, argo in life()],
)
def test_health(
    verdicts: dict[tuple[str, str], dict[str, str]], kind: str, what: str, kstatus: str, argo: str
) -> None:
    found = verdicts[kind, what]
    assert (found["kstatus"], found["argo"]) == (kstatus, argo), found["message"]
    assert found["message"]
