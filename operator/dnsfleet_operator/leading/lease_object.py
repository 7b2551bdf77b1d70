"""The Lease of the operators of a release, at the API server."""

from dnsfleet_operator.cluster import Cluster, ClusterError, ConflictError, Object


class LeaseObject:
    """See `dnsfleet_kubernetes.leadership.LeaseObject`."""

    failures = ClusterError

    def __init__(self, cluster: Cluster, name: str, namespace: str) -> None:
        self._cluster = cluster
        self.name, self.namespace = name, namespace

    def read(self) -> Object | None:
        """The Lease; None where there is none."""
        return self._cluster.get("Lease", self.name, self.namespace)

    def create(self, lease: Object) -> bool:
        """Make it; whether nobody else had."""
        try:
            self._cluster.create(lease)
        except ConflictError:
            return False
        return True

    def replace(self, lease: Object) -> bool:
        """Write a new version; whether nobody else had written one."""
        try:
            self._cluster.replace(lease)
        except ConflictError:
            return False
        return True
