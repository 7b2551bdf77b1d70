"""How the core takes Redis users that were written anew, if need be by a restart (ADR 0051).

The core reads the file of its users when it starts. While it runs, the user `admin` gives it the
same users (see `live_users`), and nothing is interrupted. Where a core does not know that user, or
a right that this version gives, its pod is ended, and the StatefulSet makes another one, on the
same volume.

The Secret says whether that is still to be done: the mark is written together with the users, and
removed when the core has them for good. The kubelet brings a changed Secret into the volume of a
pod up to two minutes late, and the container of a core that starts again in that time reads the
users of before. So a core that runs is given its users again at each look until REREAD_SECONDS have
passed.

A leader that stops between the two leaves the rest to the next one. The pod is looked up after the
users were written: one that is made later has them already, and of one that is found nobody knows.

Where something else writes the Secret and puts former users back, they are written anew each time.
That must not restart the core each time, so it is restarted once and then not again for a while.
"""

import math
import time
from typing import NamedTuple

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
REREAD_SECONDS = 180.0
"""After users were given live, until the file in the core's volume has them for certain. A kubelet
looks at a pod once a minute, and its copy of a Secret may be a minute old: one minute to spare."""


class Taken(NamedTuple):
    """How far the core is with its users."""

    told: str
    """What to tell of that, or what people have to do instead; empty for nothing new."""
    settled: bool
    """Whether nothing is left to do."""


_NOT_YET = Taken("", False)


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
        self._given: float | None = None
        """When the users of today were first given to a core that runs, monotonic seconds."""

    @property
    def given(self) -> bool:
        """Whether the core has them, if it did not start again since."""
        return self._given is not None

    def begin(self) -> None:
        """There are other users to take, or others may have written some."""
        self._given = None

    def take(self, keys: Keys) -> Taken:
        """Have the core take the users of these keys; to be tried again until that is settled.

        ClusterError where the API server is in trouble: to be tried again.
        """
        host, namespace = self._configuration.core_host, self._configuration.namespace
        if host != f"{self._name}.{namespace}.svc":  # as the chart names its own
            return Taken(
                f"the core at {host} is not of this release: give its users the rights that the "
                "entry core.acl says",
                True,
            )
        try:
            found = self._cluster.get("Pod", self._pod, namespace)
            if found is None or "deletionTimestamp" in found["metadata"]:
                return Taken("the core takes them when it starts", True)
            return self._take_now(found, keys)
        except ConflictError:
            return Taken("the core was restarted meanwhile, and has taken them", True)
        except ClusterError as error:
            if error.of_the_server:
                raise
            told = f"the core could not be restarted to take them: {error}; do it: {self._by_hand}"
            return Taken(told, True)

    def _take_now(self, pod: Object, keys: Keys) -> Taken:
        password = keys.entries[redis_users.ADMIN].strip()
        with connect(self._configuration.core(redis_users.ADMIN, password)) as client:
            try:
                live_users.bring(client, keys.entries[CORE_ACL])
            except RefusedError as error:
                return Taken(self._restart(pod, str(error)), True)
            except StoreError:
                return _NOT_YET
        now = time.monotonic()
        if self._given is None:
            self._given = now
            return Taken("the core has taken them", False)
        return Taken("", now - self._given >= REREAD_SECONDS)

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
