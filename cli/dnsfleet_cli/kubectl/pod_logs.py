"""The logs of the operators and edges of a cluster, as `tracing` takes them.

They are read of the API server, as `kubectl logs` does, and bounded: TAIL_LINES of each container,
CONCURRENT at a time, and of those only the lines are kept that a trace needs. A pod whose container
was started again has a log of the container before too; older ones the kubelet has thrown away.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

from dnsfleet import resources
from dnsfleet.resources import Zone
from dnsfleet_io import stations
from dnsfleet_io.log_bounds import LEFT_OUT
from dnsfleet_publisher.dependencies import wanted_config_maps

from dnsfleet_cli.kubectl import objects
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.kubectl.pods import COMPONENT, selector
from dnsfleet_cli.tracing.following import Log
from dnsfleet_cli.troubles import Trouble

TAIL_LINES = 20_000
"""Of one container: 4 MB, more than a kubelet gives of a busy one by default."""
CONCURRENT = 8
"""Requests at a time: the API server reads each from a kubelet."""
_NEEDED = tuple(
    f"event={each}" for each in (stations.TOLD, stations.ACKED, stations.SEEN, LEFT_OUT)
)
"""In lines that name no zone, and that a trace needs."""


def read(
    cluster: Cluster, namespace: str, zone: str, since_seconds: int
) -> tuple[list[Log], list[str]]:
    """What is needed to trace a zone of a release, and which logs could not be read, and why."""
    pods = cluster.pods(selector("operator", "edge"), namespace)
    one = partial(_read, cluster, zone, since_seconds)
    with ThreadPoolExecutor(CONCURRENT) as threads:
        found = list(threads.map(one, pods))
    return (
        [each for each in found if isinstance(each, Log)],
        [each for each in found if isinstance(each, str)],
    )


def parts(zone: Object, cluster: Cluster) -> set[tuple[str, str]]:
    """Kind and name of all objects that a zone is made of, as far as they are there now."""
    found = {("Zone", objects.name(zone))}
    plain = {key: value for key, value in zone.items() if key != "status"}
    resource, _ = resources.parse(plain, "")
    if isinstance(resource, Zone):
        found |= {
            (each.kind, f"{each.namespace}/{each.name}") for each in wanted_config_maps(resource)
        }
    for each in cluster.record_sets():
        about = objects.value(each, "spec", "zoneRef", default={})
        namespace = about.get("namespace") or each["metadata"]["namespace"]
        if f"{namespace}/{about.get('name')}" == objects.name(zone):
            found.add(("RecordSet", objects.name(each)))
    found |= {("Pop", objects.name(each)) for each in cluster.pops()}
    found |= {("ZoneClass", objects.name(each)) for each in cluster.zone_classes()}
    return found | {("Namespace", zone["metadata"]["namespace"])}


def _read(cluster: Cluster, zone: str, since_seconds: int, pod: Object) -> Log | str:
    metadata, labels = pod["metadata"], pod["metadata"]["labels"]
    component, name = labels[COMPONENT], metadata["name"]
    process = name if component == "operator" else f"{labels['dnsfleet.io/pop']}/{name}"
    lines: list[str] = []
    try:
        for previous in (True, False) if _restarts(pod, component) else (False,):
            lines += cluster.log(pod, component, previous, since_seconds, TAIL_LINES).splitlines()
    except Trouble as trouble:
        return f"{process}: {trouble}"
    cut = len(lines) >= TAIL_LINES or _age(pod) > since_seconds
    needed = (*_NEEDED, f" zone={zone} ")
    kept = [each for each in lines[1:] if any(word in f"{each} " for word in needed)]
    return Log(process, component == "edge", lines[:1] + kept, cut)


def _restarts(pod: Object, container: str) -> int:
    statuses: Sequence[Object] = objects.value(pod, "status", "containerStatuses", default=())
    return next((each["restartCount"] for each in statuses if each["name"] == container), 0)


def _age(pod: Object) -> float:
    """Seconds since the pod started."""
    started: str | None = objects.value(pod, "status", "startTime")
    if started is None:
        return 0.0
    return (datetime.now(UTC) - datetime.fromisoformat(started)).total_seconds()
