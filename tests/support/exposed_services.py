"""Services and Ingresses as users write them for ExternalDNS, in the namespace `default`.

Who gives a LoadBalancer its address, or a Service its pods, is not there: objects come with it.
"""

from ipaddress import ip_address
from typing import Any, Protocol

Object = dict[str, Any]

NAMESPACE = "default"
PREFIX = "external-dns.kubernetes.io"
PORTS = [{"name": "http", "port": 80}]
BACKEND = {"service": {"name": "web", "port": {"number": 80}}}


class Objects(Protocol):
    """What is needed of a cluster, each by the plural of a kind and a namespace."""

    def apply(self, plural: str, namespace: str, body: Object) -> None:
        """Make an object, or change it, with the status that it has."""

    def delete(self, plural: str, namespace: str, name: str) -> None:
        """Delete an object."""


class Exposed:
    """Makes, changes and deletes them."""

    def __init__(self, cluster: Objects) -> None:
        self._cluster = cluster
        self._there: set[tuple[str, str]] = set()
        """Plural of the kind and name of each object."""

    def balanced(
        self, name: str, hostname: str, *addresses: str, ttl: int | None = None, label: str = ""
    ) -> None:
        """A Service of type LoadBalancer; `label` is the value of its label `dns`."""
        wanted = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {**_metadata(name, hostname, ttl), "labels": {"dns": label}},
            "spec": {"type": "LoadBalancer", "ports": PORTS},
            "status": _status(addresses),
        }
        self._apply("services", wanted)

    def named(self, name: str, hostname: str, target: str) -> None:
        """A Service of type ExternalName."""
        spec = {"type": "ExternalName", "externalName": target}
        service = {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(name, hostname)}
        self._apply("services", {**service, "spec": spec})

    def headless(self, name: str, hostname: str, **pods: str) -> None:
        """A Service without an address, and its pods: name and address."""
        spec = {"clusterIP": "None", "ports": PORTS, "selector": {"app": name}}
        service = {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(name, hostname)}
        self._apply("services", {**service, "spec": spec})
        for pod, address in pods.items():
            self._apply("pods", _pod(name, pod, address))
        slices = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": name, "labels": {"kubernetes.io/service-name": name}},
            "addressType": "IPv4",
            "endpoints": [
                {
                    "addresses": [address],
                    "hostname": pod,
                    "conditions": {"ready": True},
                    "targetRef": {"kind": "Pod", "name": pod, "namespace": NAMESPACE},
                }
                for pod, address in pods.items()
            ],
        }
        self._apply("endpointslices", slices)

    def ingress(self, name: str, host: str, *targets: str) -> None:
        """An Ingress whose controller is at addresses, or at a name."""
        path = {"path": "/", "pathType": "Prefix", "backend": BACKEND}
        wanted = {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": name},
            "spec": {"rules": [{"host": host, "http": {"paths": [path]}}]},
            "status": _status(targets),
        }
        self._apply("ingresses", wanted)

    def delete(self, plural: str, name: str) -> None:
        """Delete an object."""
        self._there.remove((plural, name))
        self._cluster.delete(plural, NAMESPACE, name)

    def clear(self) -> None:
        """Delete all that is there."""
        for plural, name in sorted(self._there):
            self.delete(plural, name)

    def _apply(self, plural: str, body: Object) -> None:
        self._there.add((plural, body["metadata"]["name"]))
        self._cluster.apply(plural, NAMESPACE, body)


def _metadata(name: str, hostname: str, ttl: int | None = None) -> Object:
    annotations = {f"{PREFIX}/hostname": hostname}
    if ttl is not None:
        annotations[f"{PREFIX}/ttl"] = str(ttl)
    return {"name": name, "annotations": annotations}


def _status(targets: tuple[str, ...]) -> Object:
    return {"loadBalancer": {"ingress": [{_kind(each): each} for each in targets]}}


def _kind(target: str) -> str:
    try:
        ip_address(target)
    except ValueError:
        return "hostname"
    return "ip"


def _pod(app: str, name: str, address: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": app}},
        "spec": {
            "hostname": name,
            "subdomain": app,
            "containers": [{"name": "c", "image": "none"}],
            "automountServiceAccountToken": False,
        },
        "status": {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "hostIP": "192.0.2.200",
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }
