"""Changed Secrets reach the pods of a component at once, and not when the kubelet looks next.

The kubelet brings a changed Secret into the volumes of a running pod when it syncs that pod, which
it does every minute or so; and at once when the pod itself changes. So an annotation of the pod
says which version of a Secret it is to have:

    Secret written ──▶ annotation of each pod that mounts it ──▶ the kubelet syncs these pods

It is written through the subresource `status`, by which nobody can change what a pod runs. Where it
cannot be written, the Secret comes as late as before, and nothing else waits for that.
"""

import logging
import time
from collections.abc import Callable
from typing import NamedTuple

from dnsfleet_operator.cluster import Cluster, ClusterError, Object
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.objects import COMPONENT_LABEL

PREFIX = "mounted.dnsfleet.io"
"""Begins the annotations of pods, which end with the name of the Secret."""
TIMES = 2
"""Secret and pod come to the kubelet by two watches: at the first time it may have the Secret as it
was. The second time is APART_SECONDS later, or at the look after that."""
APART_SECONDS = 1.5
"""In which a watch brings its news. Below what is between two looks that nothing asked for, so the
second time is at the next one of these; each Pop that somebody changes has another look made."""

_log = logging.getLogger(__name__)


class _Brought(NamedTuple):
    """What was said of one Secret."""

    version: str
    """Which one pods are to have."""
    times: int
    """How often that was said."""
    at: float
    """When last, in seconds of the clock."""


class Mounts:
    """What one leader had the kubelet bring to the pods of one component of its release."""

    def __init__(
        self,
        cluster: Cluster,
        configuration: Configuration,
        component: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cluster = cluster
        self._namespace = configuration.namespace
        self._selector = (
            f"app.kubernetes.io/instance={configuration.release},{COMPONENT_LABEL}={component}"
        )
        self._component = component
        self._clock = clock
        self._brought: dict[str, _Brought] = {}
        """By name of the Secret."""
        self._problem = ""

    def bring(self, secret: Object) -> None:
        """Have a Secret brought, as it is now. To be called at every look; a failure is logged."""
        name, version = secret["metadata"]["name"], secret["metadata"]["resourceVersion"]
        before, now = self._brought.get(name), self._clock()
        times = 0 if before is None or before.version != version else before.times
        if times == TIMES or (before and times and now - before.at < APART_SECONDS):
            return
        try:
            for pod in self._cluster.objects("Pod", self._namespace, self._selector):
                self._annotate(pod, f"{PREFIX}/{name}", f"{version}.{times}")
        except ClusterError as error:
            if str(error) != self._problem:
                _log.warning(
                    "the %s gets Secret %s a minute or two later: %s", self._component, name, error
                )
            self._problem = str(error)
        else:
            self._brought[name], self._problem = _Brought(version, times + 1, now), ""

    def _annotate(self, pod: Object, key: str, value: str) -> None:
        metadata = pod["metadata"]
        others = {
            each: text
            for each, text in (metadata.get("annotations") or {}).items()
            if each.startswith(f"{PREFIX}/")
        }
        self._cluster.apply(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": metadata["name"],
                    "namespace": self._namespace,
                    "uid": metadata["uid"],
                    "annotations": {**others, key: value},
                },
            },
            subresource="status",
        )
