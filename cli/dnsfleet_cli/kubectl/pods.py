"""The pods of a release: which they are, their logs and pages, and connections to their ports.

All goes through the API server, so no Service, load balancer or network policy is in between.
"""

from collections.abc import Sequence
from contextlib import closing
from http import HTTPStatus
from typing import Any, NamedTuple

import dns.message
import dns.query
from kubernetes import client, stream

from dnsfleet_cli.kubectl import objects
from dnsfleet_cli.kubectl.api_troubles import telling
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.troubles import Trouble

ANSWER_SECONDS = 5.0
"""How long an answer of an edge may take, including the way through the API server."""
DNS_PORT = 5353
"""The port of an edge's container that has no port by the name dns-tcp."""
REDIS_PORT = 6379
"""The same of a core or a replica, and the name redis."""
HTTP_PORT = 8080
"""The same of a role's pages, and the name http."""
NODE_HTTP_PORT = 15353
"""The same of edges on the network of their node, whose pods name no port."""
EXPOSURE = "dnsfleet.io/exposure"
"""The label that these have, with HostNetwork."""
STATUS_PORT = 8081
"""The same of a status page, and the name page."""
COMPONENT = "app.kubernetes.io/component"
"""The label of a pod that says what of dnsfleet it is."""
WATCH_NAMESPACES = "DNSFLEET_WATCH_NAMESPACES"
"""The environment variable of an operator that has `watchNamespaces` of the chart."""
PAGE_OCTETS = 16 * 1024**2
"""Of a page that is read: an edge of ten thousand zones has 3 MB."""


class Pod(NamedTuple):
    """A Ready pod, and the port of it that is asked."""

    namespace: str
    name: str
    port: int


def selector(*components: str) -> str:
    """A label selector for pods of these components of dnsfleet, and of no other application."""
    return f"app.kubernetes.io/name=dnsfleet,{COMPONENT} in ({', '.join(components)})"


class Pods:
    """The pods of one cluster, by its API server; Trouble where that cannot be asked or refuses."""

    def __init__(self, core: client.CoreV1Api) -> None:
        self._core = core

    def release(self, namespace: str) -> str:
        """The namespace of the release: the one given, or where the only operator is.

        Labels are no proof: whoever may make pods in any namespace can give them these. So pods of
        other namespaces are never asked. Trouble where there is a choice, or none.
        """
        if namespace:
            return namespace
        found = sorted({each["metadata"]["namespace"] for each in self.pods(selector("operator"))})
        if not found:
            raise Trouble("no operator of dnsfleet in this cluster; say where the release is")
        if len(found) > 1:
            raise Trouble(
                "operators of dnsfleet in several namespaces; say where the release is, one of: "
                f"{', '.join(found)}"
            )
        return str(found[0])

    def watched_namespaces(self, namespace: str) -> frozenset[str]:
        """Whose Zones and RecordSets the operators of a release read; empty for all.

        Empty too while no operator runs.
        """
        return frozenset(
            name
            for pod in self.pods(selector("operator"), namespace)
            for container in pod["spec"]["containers"]
            for variable in container.get("env") or ()
            if variable["name"] == WATCH_NAMESPACES
            for name in variable.get("value", "").split(",")
            if name
        )

    def edges(self, pop: str, namespace: str) -> list[Pod]:
        """The Ready edge pods of a Pop, by name."""
        labels = f"dnsfleet.io/pop={pop},{selector('edge')}"
        return self._pods(labels, namespace, "dns-tcp", DNS_PORT)

    def pods(self, labels: str, namespace: str = "") -> list[Object]:
        """The pods with these labels, of a namespace or of all, by name, Ready or not."""
        found = map(self._plain, self._listed_pods(labels, namespace))
        return sorted(found, key=lambda pod: objects.name(pod))

    def _listed_pods(self, labels: str, namespace: str) -> list[Any]:
        settings = {"label_selector": labels, "_request_timeout": ANSWER_SECONDS}
        with telling("list pods"):
            if namespace:
                return list(self._core.list_namespaced_pod(namespace, **settings).items)
            return list(self._core.list_pod_for_all_namespaces(**settings).items)

    def log(
        self, pod: Object, container: str, previous: bool, since_seconds: int, lines: int
    ) -> str:
        """The newest lines of a container, or of the one before it; empty where that is gone."""
        metadata = pod["metadata"]
        with telling(f"read the log of pod {objects.name(pod)}"):
            try:
                found: str = self._core.read_namespaced_pod_log(
                    metadata["name"],
                    metadata["namespace"],
                    container=container,
                    previous=previous,
                    since_seconds=since_seconds,
                    tail_lines=lines,
                )
            except client.ApiException as error:
                if previous and error.status == HTTPStatus.BAD_REQUEST:
                    return ""
                raise
        return found

    def redis_pods(self, labels: str, namespace: str) -> list[Pod]:
        """The Ready pods of cores or replicas with these labels, by name."""
        return self._pods(labels, namespace, "redis", REDIS_PORT)

    def scraped(self, component: str, namespace: str) -> dict[Pod, str]:
        """The Ready pods of a component with the port of their pages, and the Pop of each."""
        found = {}
        for each in self._ready_pods(selector(component), namespace):
            labels = each.metadata.labels or {}
            port = NODE_HTTP_PORT if labels.get(EXPOSURE) == "HostNetwork" else HTTP_PORT
            found[_pod(each, "http", port)] = labels.get("dnsfleet.io/pop", "")
        return found

    def page(self, pod: Pod, path: str, seconds: float) -> str:
        """A page of a pod, of PAGE_OCTETS at most, through the API server's proxy."""
        with telling(f"read {path} of pod {pod.namespace}/{pod.name}"):
            found = self._core.connect_get_namespaced_pod_proxy_with_path(
                f"{pod.name}:{pod.port}",
                pod.namespace,
                path,
                _request_timeout=seconds,
                _preload_content=False,
            )
            page: bytes = found.read(PAGE_OCTETS + 1, decode_content=True)
            found.close()
            if len(page) > PAGE_OCTETS:
                raise OSError(f"it has more than {PAGE_OCTETS} octets")
            return page.decode(errors="replace")

    def status_pods(self, namespace: str) -> list[Pod]:
        """The Ready pods of the status page, by name."""
        return self._pods(selector("status"), namespace, "page", STATUS_PORT)

    def _pods(self, labels: str, namespace: str, port: str, default: int) -> list[Pod]:
        return sorted(_pod(each, port, default) for each in self._ready_pods(labels, namespace))

    def _ready_pods(self, labels: str, namespace: str) -> list[Any]:
        return [
            pod
            for pod in self._listed_pods(labels, namespace)
            if any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions or ())
        ]

    def connection(self, pod: Pod) -> Any:
        """A connected socket to the port of a pod, through the API server (port-forward)."""
        with telling(f"forward a port of pod {pod.namespace}/{pod.name}"):
            # The client does nothing else while it opens this, so it has an own one each time.
            forward = stream.portforward(
                client.CoreV1Api(client.ApiClient()).connect_get_namespaced_pod_portforward,
                pod.name,
                pod.namespace,
                ports=str(pod.port),
            )
        return forward.socket(pod.port)

    def ask(self, edge: Pod, queries: Sequence[dns.message.Message]) -> list[dns.message.Message]:
        """Replies of an edge over one TCP connection through the API server (port-forward)."""
        with (
            closing(self.connection(edge)) as connection,
            telling(f"ask pod {edge.namespace}/{edge.name}"),
        ):
            connection.setblocking(False)
            return [
                dns.query.tcp(query, edge.name, timeout=ANSWER_SECONDS, sock=connection)
                for query in queries
            ]

    def _plain(self, found: Any) -> Object:
        """An object as its JSON says it."""
        plain: Object = self._core.api_client.sanitize_for_serialization(found)
        return plain


def _pod(pod: Any, port: str, default: int) -> Pod:
    return Pod(pod.metadata.namespace, pod.metadata.name, _port(pod, port, default))


def _port(pod: Any, name: str, default: int) -> int:
    ports = [port for each in pod.spec.containers for port in each.ports or ()]
    return next((p.container_port for p in ports if p.name == name), default)
