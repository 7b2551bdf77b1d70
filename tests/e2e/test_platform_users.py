"""A release where the platform says as whom pods run, as OpenShift does, and nobody is root."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from cluster.access import Access, Object
from cluster.clusters import Cluster
from support import openshift
from support.openshift import USER
from support.releases import NAME, NAMESPACE, READY_SECONDS, install, remove
from support.waiting import wait_for

PRIORITY = "dns-first"
VALUES = (
    f"priorityClassName={PRIORITY},operator.replicas=2,core.expose.enabled=true,"
    "core.expose.type=ClusterIP,probes.enabled=true,statusPage.enabled=true"
)
PARTS = {"operator", "core", "tunnel", "status", "edge", "replica", "probe"}
ENFORCE = "pod-security.kubernetes.io/enforce"


@pytest.fixture(scope="module", name="platform")
def _platform(own_cluster: Cluster | None) -> Iterator[Access]:
    """A release with all of its parts, and a Pop whose edges keep zones in a claim."""
    if own_cluster is None:
        raise RuntimeError("this test needs the API server of this machine: unset KUBECONFIG")
    cluster = own_cluster.access
    openshift.begin(cluster)
    cluster.kubectl("create", "priorityclass", PRIORITY, "--value=1000")
    install(cluster, "--set", VALUES)
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "zones", "namespace": NAMESPACE},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    cluster.apply(json.dumps(claim))
    cluster.apply(json.dumps(pop("claimed", {"cacheClaimName": "zones"})))
    zone = {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": {"name": "kept", "namespace": "default"},
        "spec": {"origin": "kept.example", "nameServers": ["ns1.example.net"]},
    }
    cluster.apply(json.dumps(zone))
    cluster.wait("condition=Propagated", READY_SECONDS, "zone/kept", "--namespace=default")
    yield cluster
    cluster.kubectl("delete", "zone", "kept", "--namespace=default")
    openshift.end(cluster)
    remove(cluster)
    cluster.kubectl("delete", "priorityclass", PRIORITY)


def pop(name: str, edge: dict[str, Any]) -> Object:
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Pop",
        "metadata": {"name": name},
        "spec": {"edge": {"replicas": 1} | edge, "service": {"type": "ClusterIP"}},
    }


def progressing(cluster: Access, name: str) -> Object:
    conditions = cluster.get("pop", name).get("status", {}).get("conditions", ())
    found: Object = {each["type"]: each for each in conditions}.get("Progressing", {})
    return found


def edges(name: str) -> tuple[str, ...]:
    of_edges = f"dnsfleet.io/pop={name},app.kubernetes.io/component=edge"
    return ("pods", "--namespace", NAMESPACE, "--selector", of_edges)


def test_every_pod_runs_as_the_user_that_it_is_given(platform: Access) -> None:
    found = platform.items("pods", "--namespace", NAMESPACE)
    assert {each["metadata"]["labels"]["app.kubernetes.io/component"] for each in found} == PARTS
    for pod in found:
        assert pod["spec"]["securityContext"]["runAsUser"] == USER
        assert pod["spec"]["priorityClassName"] == PRIORITY
        name = pod["metadata"]["name"]
        ready = {each["type"]: each["status"] for each in pod["status"]["conditions"]}["Ready"]
        assert ready == "True", name
    (edge,) = platform.items(*edges("claimed"))
    inside = ("exec", edge["metadata"]["name"], "--namespace", NAMESPACE, "--")
    assert platform.kubectl(*inside, "id", "-u").strip() == str(USER)
    assert platform.kubectl(*inside, "id", "-g").strip() == "0"
    kept = platform.kubectl(*inside, "find", "/var/lib/dnsfleet/claimed/zones", "-user", str(USER))
    assert "kept.example" in kept
    assert progressing(platform, "claimed")["reason"] == "Complete"


def test_the_test_of_the_release_passes(platform: Access) -> None:
    platform.helm("test", *NAME)


def test_a_folder_of_the_node_is_prepared_by_whoever_runs_it(
    platform: Access, own_cluster: Cluster
) -> None:
    folder = own_cluster.folder / "prepared"
    platform.apply(json.dumps(pop("folder", {"cacheHostPath": str(folder)})))

    def refusal() -> str:
        return str(progressing(platform, "folder").get("message", ""))

    wait_for("the refusal is told", lambda: "violates PodSecurity" in refusal(), READY_SECONDS)
    assert 'volume type "hostPath"' in refusal()
    assert "runAsUser=0" not in refusal(), "nothing asks for root"

    platform.kubectl("label", "namespace", NAMESPACE, f"{ENFORCE}=privileged", "--overwrite")
    of_edges = edges("folder")[1:]
    # One whose pods were refused waits longer and longer.
    platform.kubectl("delete", "replicasets", *of_edges)
    wait_for("the folder is told", lambda: is_told(platform, str(folder)), READY_SECONDS)
    platform.wait("condition=Ready", READY_SECONDS, "pop/folder")  # it answers all the same
    assert not list(folder.iterdir())

    os.chown(folder, USER, 0)
    platform.kubectl("delete", *edges("folder"), "--wait")
    wait_for("the Pop is well", lambda: is_complete(platform), READY_SECONDS)
    zones = folder / "folder" / "zones"
    wait_for("zones are kept", lambda: any(zones.glob("kept.example*.zone")), READY_SECONDS)
    assert zones.stat().st_uid == USER


def is_told(cluster: Access, folder: str) -> bool:
    told = progressing(cluster, "folder")
    whole = f"user {USER} cannot write {folder} on node "
    return told["reason"] == "CacheNotWritable" and whole in told["message"]


def is_complete(cluster: Access) -> bool:
    return bool(progressing(cluster, "folder")["reason"] == "Complete")
