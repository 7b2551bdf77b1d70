"""What may happen in the cluster of a Pop, while it is cut off from the core too."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from cluster.access import Object
from cluster.clusters import Cluster

from support.probe_fleets import is_ready
from support.releases import NAMESPACE
from support.waiting import wait_for

_KILL_ALL = """
ctr="ctr --namespace k8s.io tasks"
for task in $($ctr list --quiet); do $ctr kill --signal SIGKILL $task || true; done
"""
BACK_SECONDS = 120.0
"""A container that was killed again soon has to wait for the kubelet."""


class Disturbances:
    """They return when what they ended has been replaced, which says nothing of answers yet."""

    def __init__(self, place: Cluster, pop: str, cache: Path) -> None:
        """`cache` is the folder in which the edges keep their zones."""
        self._place = place
        self._access = place.access
        self._pop = pop
        self._cache = cache

    def __iter__(self) -> Iterator[tuple[str, Callable[[], None]]]:
        yield "edge pods deleted", lambda: self._replace("edge")
        yield "operator restarted", lambda: self._replace("operator")
        yield "edges deleted with their Deployment", self._delete_deployment
        yield "all containers killed", self._kill_containers
        yield "replica wiped", self.wipe_replica

    def wipe_replica(self) -> None:
        """Have another one come, which holds nothing until the core gives it."""
        self._replace("replica")

    def lose_disk(self) -> str:
        """Delete the edge and what it had kept; the address of the one that comes in its place."""
        before = self._uids("edge")
        shutil.rmtree(self._cache)
        self._delete("edge")

        def address() -> str:
            pods = [pod for pod in self._pods("edge") if pod["metadata"]["uid"] not in before]
            return str(pods[0]["status"].get("podIP", "")) if pods else ""

        return wait_for("another edge", address, BACK_SECONDS)

    def _replace(self, component: str) -> None:
        before = self._uids(component)
        self._delete(component)
        wait_for(f"another {component}", lambda: self._is_new(component, before), BACK_SECONDS)

    def _delete_deployment(self) -> None:
        """Only the operator brings that back."""
        before = self._uids("edge")
        name = f"pop-{self._pop}-edge"
        self._access.kubectl("delete", "deployment", name, "-n", NAMESPACE, "--wait=false")
        wait_for("other edges", lambda: self._is_new("edge", before), BACK_SECONDS)

    def _kill_containers(self) -> None:
        before = self._restarts()
        self._place.node.run("bash", "-c", _KILL_ALL)

        def back() -> bool:
            restarts = self._restarts()
            restarted = all(restarts.get(pod, 0) > count for pod, count in before.items())
            return restarted and all(map(is_ready, self._access.items("pods", "-n", NAMESPACE)))

        wait_for("all containers run again", back, BACK_SECONDS)

    def _restarts(self) -> dict[str, int]:
        """How often the container of each pod was restarted."""
        return {
            pod["metadata"]["name"]: pod["status"]["containerStatuses"][0]["restartCount"]
            for pod in self._access.items("pods", "-n", NAMESPACE)
        }

    def _is_new(self, component: str, before: set[str]) -> bool:
        pods = self._pods(component)
        return bool(pods) and all(
            is_ready(pod) and pod["metadata"]["uid"] not in before for pod in pods
        )

    def _delete(self, component: str) -> None:
        self._access.kubectl("delete", *self._of(component), "--wait=false", "--now")

    def _uids(self, component: str) -> set[str]:
        return {pod["metadata"]["uid"] for pod in self._pods(component)}

    def _pods(self, component: str) -> list[Object]:
        return self._access.items(*self._of(component))

    def _of(self, component: str) -> tuple[str, ...]:
        return ("pods", "-n", NAMESPACE, "-l", f"app.kubernetes.io/component={component}")
