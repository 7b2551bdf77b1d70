"""Which release of the chart leads a cluster. Pure.

Zones, RecordSets and Pops are objects of the whole cluster, and each release has a Lease, a core
and keys of its own. Two that lead would write the same statuses without end, and make edges twice
for each Pop. So one release goes before all others, and the others stand aside:

* a release whose Pops have Deployments goes before one whose Pops have none;
* of two that are alike in this, the one whose operator has the older Deployment.

A release is there as long as the Deployment of its operator is, whether it runs or not: to move a
fleet to another core, with other keys and other edges, is no answer to an outage. Nothing is
written down, so nothing is left by a crash or an uninstall, and a release of a version that knows
nothing of this counts too. The first rule is for a Deployment that is deleted and made anew: its
edges tell that the release was there before. What both rules look at is changed by no outage and
by no clock of ours, so two releases never take turns.
"""

from collections.abc import Iterable
from typing import NamedTuple

from dnsfleet_operator.objects import COMPONENT_LABEL, POP_LABEL, Object

SELECTOR = "app.kubernetes.io/name=dnsfleet"
"""A label selector for the Deployments of operators and of Pops, those of every release."""
GONE_SECONDS = 60.0
"""A release that went before ours has to be gone for so long: its pods may take 30 s to end, and a
Deployment that is made anew is back by then."""

_COMPONENT = "operator"


class Release(NamedTuple):
    """A release that is there."""

    namespace: str
    name: str


def first(deployments: Iterable[Object], ours: Release) -> Release:
    """The release that goes before all others; ours where there is none.

    `deployments` are all that SELECTOR selects. Ours comes last where it has no Deployment, as an
    operator that somebody started by hand.
    """
    listed = list(deployments)
    with_pops = {each["metadata"]["namespace"] for each in listed if POP_LABEL in _labels(each)}

    def rank(deployment: Object) -> tuple[bool, str, str]:
        metadata = deployment["metadata"]
        without = metadata["namespace"] not in with_pops
        return without, metadata["creationTimestamp"], metadata["uid"]

    operators = [each for each in listed if _labels(each).get(COMPONENT_LABEL) == _COMPONENT]
    if not operators:
        return ours
    leading = min(operators, key=rank)["metadata"]
    return Release(leading["namespace"], leading["name"].removesuffix(f"-{_COMPONENT}"))


def advice(other: Release, ours: Release) -> str:
    """What to tell the people of a release that stands aside."""
    return (
        f"the release {other.name} in the namespace {other.namespace} leads this cluster, and a "
        f"cluster has one: {ours.name} in {ours.namespace} changes nothing. Remove it: helm "
        f"uninstall {ours.name} -n {ours.namespace}. To have it lead instead: helm uninstall "
        f"{other.name} -n {other.namespace}; it leads {GONE_SECONDS:.0f} s later"
    )


def _labels(found: Object) -> dict[str, str]:
    return found["metadata"].get("labels") or {}
