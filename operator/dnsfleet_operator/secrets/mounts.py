"""Changed Secrets reach the pods of the tunnel at once, and not when the kubelet looks next.

The kubelet brings a changed Secret into the volumes of a running pod when it syncs that pod, which
it does every minute or so; and at once when the pod itself changes. So an annotation of the pod
says which version of a Secret it is to have:

    Secret written ──▶ annotation of each pod of the tunnel ──▶ the kubelet syncs these pods

It is written through the subresource `status`, by which nobody can change what a pod runs. Where it
cannot be written, the Secret comes as late as before, and nothing else waits for that.
"""

import logging

from dnsfleet_operator.cluster import Cluster, ClusterError, Object
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.objects import COMPONENT_LABEL

PREFIX = "mounted.dnsfleet.io"
"""Begins the annotations of pods, which end with the name of the Secret."""
TIMES = 2
"""Secret and pod come to the kubelet by two watches: at the first time it may have the Secret as it
was. The second time is a look later, after two seconds."""

_log = logging.getLogger(__name__)


class TunnelMounts:
    """What one leader had the kubelet bring to the tunnel of its release."""

    def __init__(self, cluster: Cluster, configuration: Configuration) -> None:
        self._cluster = cluster
        self._namespace = configuration.namespace
        self._selector = (
            f"app.kubernetes.io/instance={configuration.release},{COMPONENT_LABEL}=tunnel"
        )
        self._brought: dict[str, tuple[str, int]] = {}
        """By name of the Secret: the version that pods are to have, and how often that was said."""
        self._problem = ""

    def bring(self, secret: Object) -> None:
        """Have a Secret brought, as it is now. To be called at every look; a failure is logged."""
        name, version = secret["metadata"]["name"], secret["metadata"]["resourceVersion"]
        before, times = self._brought.get(name, ("", 0))
        if before != version:
            times = 0
        if times == TIMES:
            return
        try:
            for pod in self._cluster.objects("Pod", self._namespace, self._selector):
                self._annotate(pod, f"{PREFIX}/{name}", f"{version}.{times}")
        except ClusterError as error:
            if str(error) != self._problem:
                _log.warning("the tunnel gets Secret %s a minute or two later: %s", name, error)
            self._problem = str(error)
        else:
            self._brought[name], self._problem = (version, times + 1), ""

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
