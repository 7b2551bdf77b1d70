"""How the core takes Redis users that were written anew, if need be by a restart (ADR 0051).

The core reads the file of its users when it starts. While it runs, the user `admin` gives it the
same users (see `live_users`), and nothing is interrupted. Where a core does not know that user, or
a right that this version gives, its pod is ended, and the StatefulSet makes another one, on the
same volume.

The Secret says whether that is still to be done: the mark is written together with the users, and
removed when the core has them. So a leader that stops between the two leaves the rest to the next
one. The pod is looked up after the users were written: one that is made later has them already, and
of one that is found nobody knows.

Where something else writes the Secret and puts former users back, they are written anew each time.
That must not restart the core each time, so it is restarted once and then not again for a while.
"""

import math
import time

from dnsfleet_publisher import live_users, redis_users
from dnsfleet_publisher.core_redis import connect
from dnsfleet_publisher.key_secrets import CORE_ACL, Keys
from dnsfleet_publisher.live_users import RefusedError
from dnsfleet_publisher.store_errors import StoreError

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


class CoreUsers:
    """Has the core of the release take its users."""

    def __init__(self, cluster: Cluster, configuration: Configuration) -> None:
        self._cluster = cluster
        self._configuration = configuration
        self._name = f"{configuration.release}-core"
        self._pod = f"{self._name}-0"
        self._by_hand = (
            f"kubectl -n {configuration.namespace} rollout restart statefulset/{self._name}"
        )
        self._last = -math.inf
        """When it was restarted, monotonic seconds."""

    def take(self, keys: Keys) -> str:
        """Have the core take the users of these keys; what to tell of that, or what people have to
        do instead. Empty where the core does not answer: to be tried again.

        ClusterError where the API server is in trouble: to be tried again.
        """
        host, namespace = self._configuration.core_host, self._configuration.namespace
        if host != f"{self._name}.{namespace}.svc":  # as the chart names its own
            return (
                f"the core at {host} is not of this release: give its users the rights that the "
                "entry core.acl says"
            )
        try:
            found = self._cluster.get("Pod", self._pod, namespace)
            if found is None or "deletionTimestamp" in found["metadata"]:
                return "the core takes them when it starts"
            return self._take_now(found, keys)
        except ConflictError:
            return "the core was restarted meanwhile, and has taken them"
        except ClusterError as error:
            if error.of_the_server:
                raise
            return f"the core could not be restarted to take them: {error}; do it: {self._by_hand}"

    def _take_now(self, pod: Object, keys: Keys) -> str:
        password = keys.entries[redis_users.ADMIN].strip()
        with connect(self._configuration.core(redis_users.ADMIN, password)) as client:
            try:
                live_users.bring(client, keys.entries[CORE_ACL])
            except RefusedError as error:
                return self._restart(pod, str(error))
            except StoreError:
                return ""
        return "the core has taken them"

    def _restart(self, pod: Object, why: str) -> str:
        if time.monotonic() - self._last < SPACING_SECONDS:
            return (
                "the core was restarted for that less than an hour ago, and is not restarted again "
                "so soon: see that nothing else writes the Secret. If users were put back since "
                f"then: {self._by_hand}"
            )
        self._cluster.delete(pod)
        self._last = time.monotonic()
        return f"the core (pod {self._pod}) was restarted to take them ({why})"


def _annotations(secret: Object) -> dict[str, str]:
    return dict(secret["metadata"].get("annotations") or {})


def _annotated(secret: Object, annotations: dict[str, str]) -> Object:
    return {**secret, "metadata": {**secret["metadata"], "annotations": annotations}}
