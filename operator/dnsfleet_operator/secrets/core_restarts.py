"""The restart by which the core takes Redis users that were written anew (ADR 0027).

The core reads the file of its users when it starts, and nobody may tell it to do so at another
time. So its pod is ended, and the StatefulSet makes another one, on the same volume.

The Secret says whether that is still to be done: the mark is written together with the users, and
removed when the pod was ended. So a leader that stops between the two leaves the rest to the next
one. The pod is looked up after the users were written: one that comes later has them already, and
of one that is found nobody knows, so it is ended.

Where something else writes the Secret and puts former users back, they are written anew each time.
That must not restart the core each time, so it is restarted once and then not again for a while.
"""

import math
import time

from dnsfleet_operator.cluster import Cluster, ClusterError, ConflictError, Object
from dnsfleet_operator.configuration import Configuration

MARK = "dnsfleet.io/restart-core"
"""The annotation of the Secret that says that the core runs with users of before."""
SPACING_SECONDS = 3600.0
"""Between two restarts by one operator: no upgrade needs two, and people have time to notice."""


def marked(secret: Object) -> Object:
    """The Secret, saying that the core has to be restarted."""
    return _annotated(secret, {**_annotations(secret), MARK: "true"})


def unmarked(secret: Object) -> Object:
    """The Secret, no longer saying so."""
    kept = {key: value for key, value in _annotations(secret).items() if key != MARK}
    return _annotated(secret, kept)


def is_due(secret: Object) -> bool:
    """Whether the Secret says that the core has to be restarted."""
    return MARK in _annotations(secret)


class CoreRestart:
    """Restarts the core of the release."""

    def __init__(self, cluster: Cluster, configuration: Configuration) -> None:
        self._cluster = cluster
        self._namespace = configuration.namespace
        self._host = configuration.core_host
        self._name = f"{configuration.release}-core"
        self._by_hand = f"kubectl -n {self._namespace} rollout restart statefulset/{self._name}"
        self._last = -math.inf
        """When it was restarted, monotonic seconds."""

    def restart(self) -> str:
        """End the pod of the core; what to tell of that, or what people have to do instead.

        ClusterError where the API server is in trouble: to be tried again.
        """
        if self._host != f"{self._name}.{self._namespace}.svc":  # as the chart names its own
            return (
                f"the core at {self._host} is not of this release: give its users the rights that "
                "the entry core.acl says"
            )
        if time.monotonic() - self._last < SPACING_SECONDS:
            return (
                "the core was restarted for that less than an hour ago, and is not restarted again "
                "so soon: see that nothing else writes the Secret. If users were put back since "
                f"then: {self._by_hand}"
            )
        pod = f"{self._name}-0"
        try:
            found = self._cluster.get("Pod", pod, self._namespace)
            if found is None:
                return "the core takes them when it starts"
            self._cluster.delete(found)
        except ConflictError:
            return "the core was restarted meanwhile, and has taken them"
        except ClusterError as error:
            if error.of_the_server:
                raise
            return f"the core could not be restarted to take them: {error}; do it: {self._by_hand}"
        self._last = time.monotonic()
        return f"the core (pod {pod}) was restarted to take them"


def _annotations(secret: Object) -> dict[str, str]:
    return dict(secret["metadata"].get("annotations") or {})


def _annotated(secret: Object, annotations: dict[str, str]) -> Object:
    return {**secret, "metadata": {**secret["metadata"], "annotations": annotations}}
