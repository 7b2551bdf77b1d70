"""What is known of the Deployment or the DaemonSet of the edges."""

from typing import Any

import pytest
from dnsfleet_operator.observed import edge_sets

METADATA = {"name": "pop-fra-edge", "namespace": "dns", "generation": 2}


def deployment(wanted: int, **status: int) -> dict[str, Any]:
    status = {"observedGeneration": 2} | status
    spec = {"replicas": wanted}
    return {"kind": "Deployment", "metadata": METADATA, "spec": spec, "status": status}


def daemon_set(selector: dict[str, str] | None = None, **status: int) -> dict[str, Any]:
    status = {"observedGeneration": 2} | status
    spec = {"template": {"spec": {"nodeSelector": selector or {"dns": "yes"}}}}
    return {"kind": "DaemonSet", "metadata": METADATA, "spec": spec, "status": status}


OUT = {"dns": "yes", "dnsfleet.io/out-of-service": "true"}
WHOLE = {
    "desiredNumberScheduled": 3,
    "currentNumberScheduled": 3,
    "updatedNumberScheduled": 3,
    "numberReady": 3,
}


@pytest.mark.parametrize(
    ("found", "is_out", "wanted", "serves", "rolling"),
    [
        (deployment(2, updatedReplicas=2, replicas=2, readyReplicas=2), False, 2, True, ""),
        (deployment(2, updatedReplicas=2, replicas=2), False, 2, False, ""),
        (deployment(0), True, 0, False, ""),
        (daemon_set(**WHOLE), False, 3, True, ""),
        (daemon_set(**WHOLE | {"numberReady": 2}), False, 3, False, ""),
        (
            daemon_set(**WHOLE | {"updatedNumberScheduled": 1}),
            False,
            3,
            True,
            "1 of 3 edges are of the newest version, 3 run",
        ),
        (daemon_set(**WHOLE | {"observedGeneration": 1}), False, 3, False, "not been looked at"),
        (daemon_set(desiredNumberScheduled=0), False, 0, False, "no node has the labels"),
        (daemon_set(OUT, desiredNumberScheduled=0), True, 0, False, ""),
    ],
)
def test_edges(
    found: dict[str, Any], is_out: bool, wanted: int, serves: bool, rolling: str
) -> None:
    assert edge_sets.is_out(found) is is_out
    assert edge_sets.wanted(found) == wanted
    assert edge_sets.serves(found) is serves
    told = edge_sets.rolling(found, found["kind"])
    assert rolling in told
    assert bool(told) == bool(rolling)


def test_what_is_not_there_yet_is_told() -> None:
    told = edge_sets.rolling(None, "DaemonSet")
    assert told == "the DaemonSet of the edges is not there yet"


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (daemon_set(**WHOLE), ""),
        (daemon_set(**WHOLE | {"currentNumberScheduled": 1}), "2 of 3 nodes have no edge pod"),
        (daemon_set(**WHOLE | {"currentNumberScheduled": 1, "observedGeneration": 1}), ""),
        (deployment(2), ""),
        (None, ""),
    ],
)
def test_refused_pods_are_told_with_what_to_do(found: dict[str, Any] | None, told: str) -> None:
    message = edge_sets.pods_are_missing(found)
    assert message.startswith(told)
    assert bool(message) == bool(told)
    if told:
        label = "kubectl label namespace dns pod-security.kubernetes.io/enforce=privileged"
        assert label in message
        assert "on OpenShift a SecurityContextConstraints has to admit them" in message
