"""Deployments as releases of the chart leave them in a cluster, for tests without one."""

from dnsfleet_operator.cluster import Object


def operator(namespace: str, created: str, release: str = "dnsfleet") -> Object:
    """Of the operator of a release; `created` is RFC 3339."""
    return _deployment(f"{release}-operator", namespace, created, "operator", {})


def edges(namespace: str, created: str, pop: str = "fra") -> Object:
    """Of the edges of a Pop of the release in a namespace."""
    labels = {"dnsfleet.io/pop": pop, "app.kubernetes.io/managed-by": "dnsfleet"}
    return _deployment(f"pop-{pop}-edge", namespace, created, "edge", labels)


def _deployment(
    name: str, namespace: str, created: str, component: str, labels: dict[str, str]
) -> Object:
    common = {"app.kubernetes.io/name": "dnsfleet", "app.kubernetes.io/component": component}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"{namespace}/{name} {created}",
            "creationTimestamp": created,
            "labels": common | labels,
        },
    }
