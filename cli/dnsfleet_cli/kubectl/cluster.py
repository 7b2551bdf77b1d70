"""The API server: reading and watching dnsfleet's objects, and asking an edge pod directly."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

import dns.exception
import dns.message
import dns.query
import urllib3.exceptions
from dnsfleet.resources.base import GROUP, VERSION
from dnsfleet.violations import printable
from kubernetes import client, config, stream, watch

from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.troubles import RefusedTrouble, Trouble

ANSWER_SECONDS = 5.0
"""How long an answer of an edge may take, including the way through the API server."""
DNS_PORT = 5353
"""The port of an edge's container that has no port by the name dns-tcp."""
REDIS_PORT = 6379
"""The same of a core or a replica, and the name redis."""
HTTP_PORT = 8080
"""The same of a role's pages, and the name http."""
STATUS_PORT = 8081
"""The same of a status page, and the name page."""
COMPONENT = "app.kubernetes.io/component"
"""The label of a pod that says what of dnsfleet it is."""
PAGE_OCTETS = 16 * 1024**2
"""Of a page that is read: an edge of ten thousand zones has 3 MB."""
MERGE_PATCH = "application/merge-patch+json"
FIELD_MANAGER = "dnsfleet-cli"
"""Not kubectl-dnsfleet: Flux undoes what a manager wrote whose name begins with kubectl."""


class Pod(NamedTuple):
    """A Ready pod, and the port of it that is asked."""

    namespace: str
    name: str
    port: int


def selector(*components: str) -> str:
    """A label selector for pods of these components of dnsfleet, and of no other application."""
    return f"app.kubernetes.io/name=dnsfleet,{COMPONENT} in ({', '.join(components)})"


class Cluster:
    """One cluster. Every method raises Trouble where the API server cannot be asked or refuses."""

    def __init__(self, kubeconfig: Path | None, context: str | None) -> None:
        try:
            config.load_kube_config(str(kubeconfig) if kubeconfig else None, context)
        except config.ConfigException as error:
            raise Trouble(f"no cluster to talk to: {error}") from None
        self._objects = client.CustomObjectsApi()
        self._core = client.CoreV1Api()

    def zones(self) -> list[Object]:
        """The Zones of all namespaces, by name."""
        return self._listed("zones")

    def pops(self) -> list[Object]:
        """All Pops, by name."""
        return self._listed("pops")

    def fleets(self) -> list[Object]:
        """The Fleets; none where the cluster does not know the kind."""
        return self._listed_if_known("fleets")

    def zone_classes(self) -> list[Object]:
        """The ZoneClasses; none where the cluster does not know the kind."""
        return self._listed_if_known("zoneclasses")

    def _listed_if_known(self, plural: str) -> list[Object]:
        with _telling(f"list {plural}"):
            try:
                found = self._objects.list_cluster_custom_object(GROUP, VERSION, plural)
            except client.ApiException as error:
                if error.status == HTTPStatus.NOT_FOUND:
                    return []
                raise
        items: list[Object] = found["items"]
        return items

    def record_sets(self) -> list[Object]:
        """The RecordSets of all namespaces, by name."""
        return self._listed("recordsets")

    def namespaces(self) -> list[Object]:
        """All namespaces."""
        with _telling("list namespaces"):
            return [self._plain(each) for each in self._core.list_namespace().items]

    def config_map(self, name: str, namespace: str) -> Object | None:
        """One ConfigMap; None where there is none."""
        with _telling(f"read configmap {namespace}/{name}"):
            try:
                return self._plain(self._core.read_namespaced_config_map(name, namespace))
            except client.ApiException as error:
                if error.status == HTTPStatus.NOT_FOUND:
                    return None
                raise

    def _listed(self, plural: str) -> list[Object]:
        with _telling(f"list {plural}"):
            found = self._objects.list_cluster_custom_object(GROUP, VERSION, plural)
        items: list[Object] = found["items"]
        return sorted(items, key=lambda item: _name(item["metadata"]))

    def patch_pop(self, name: str, change: dict[str, Any]) -> Object:
        """Merge a change into a Pop; the Pop as it is then."""
        with _telling(f"change pop/{name}"):
            found: Object = self._objects.patch_cluster_custom_object(
                GROUP,
                VERSION,
                "pops",
                name,
                change,
                field_manager=FIELD_MANAGER,
                _content_type=MERGE_PATCH,
            )
        return found

    def create_pop(self, pop: Object) -> None:
        """Make a Pop."""
        with _telling(f"create pop/{pop['metadata']['name']}"):
            self._objects.create_cluster_custom_object(
                GROUP, VERSION, "pops", pop, field_manager=FIELD_MANAGER
            )

    def delete_pop(self, pop: Object) -> None:
        """Delete this Pop, and no other one of its name."""
        with _telling(f"delete pop/{pop['metadata']['name']}"):
            conditions = client.V1Preconditions(uid=pop["metadata"]["uid"])
            self._objects.delete_cluster_custom_object(
                GROUP,
                VERSION,
                "pops",
                pop["metadata"]["name"],
                body=client.V1DeleteOptions(preconditions=conditions),
            )

    def create(self, item: Object) -> bool:
        """Make a Zone, a RecordSet or a ConfigMap; false where there is one of this name."""
        namespace, name = item["metadata"]["namespace"], item["metadata"]["name"]
        kind = item["kind"].lower()
        with _telling(f"create {kind}/{namespace}/{name}"):
            try:
                if kind == "configmap":
                    self._core.create_namespaced_config_map(
                        namespace, item, field_manager=FIELD_MANAGER
                    )
                else:
                    self._objects.create_namespaced_custom_object(
                        GROUP, VERSION, namespace, f"{kind}s", item, field_manager=FIELD_MANAGER
                    )
            except client.ApiException as error:
                if error.status == HTTPStatus.CONFLICT:
                    return False
                raise
        return True

    def services(self, selector: str, namespace: str) -> list[Object]:
        """The Services of a namespace with these labels."""
        with _telling("list services"):
            found = self._core.list_namespaced_service(namespace, label_selector=selector)
        return [self._plain(each) for each in found.items]

    def secrets(self, selector: str, namespace: str) -> list[Object]:
        """The Secrets with these labels, in a namespace or, if it is empty, in all."""
        with _telling("list secrets"):
            found = (
                self._core.list_namespaced_secret(namespace, label_selector=selector)
                if namespace
                else self._core.list_secret_for_all_namespaces(label_selector=selector)
            )
        return [self._plain(each) for each in found.items]

    def secret(self, name: str, namespace: str) -> Object:
        """One Secret."""
        with _telling(f"read secret {namespace}/{name}"):
            return self._plain(self._core.read_namespaced_secret(name, namespace))

    def annotate_secret(self, secret: Object, annotations: dict[str, str]) -> None:
        """Add annotations to a Secret."""
        metadata = secret["metadata"]
        with _telling(f"change secret {metadata['namespace']}/{metadata['name']}"):
            self._core.patch_namespaced_secret(
                metadata["name"],
                metadata["namespace"],
                {"metadata": {"annotations": annotations}},
                field_manager=FIELD_MANAGER,
                _content_type=MERGE_PATCH,
            )

    def create_secret(self, secret: Object) -> bool:
        """Make a Secret; false where there is one of this name."""
        metadata = secret["metadata"]
        with _telling(f"create secret {metadata['namespace']}/{metadata['name']}"):
            try:
                self._core.create_namespaced_secret(
                    metadata["namespace"], secret, field_manager=FIELD_MANAGER
                )
            except client.ApiException as error:
                if error.status == HTTPStatus.CONFLICT:
                    return False
                raise
        return True

    def _plain(self, found: Any) -> Object:
        """An object as its JSON says it."""
        plain: Object = self._core.api_client.sanitize_for_serialization(found)
        return plain

    def states(self, item: Object, seconds: float) -> Iterator[Object]:
        """An object as it is now and after each change, for at most `seconds`."""
        meta = item["metadata"]
        kind = item["kind"].lower()
        scope = {"namespace": meta["namespace"]} if meta.get("namespace") else {}
        listing = (
            self._objects.list_namespaced_custom_object
            if scope
            else self._objects.list_cluster_custom_object
        )
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            events = watch.Watch().stream(
                listing,
                group=GROUP,
                version=VERSION,
                plural=f"{kind}s",
                **scope,
                field_selector=f"metadata.name={meta['name']}",
                timeout_seconds=max(1, round(left)),
                _request_timeout=left + ANSWER_SECONDS,
            )
            with _telling(f"watch {kind}/{_name(meta)}"):
                for event in events:
                    if event["type"] == "DELETED":
                        raise Trouble(f"{kind}/{_name(meta)} was deleted")
                    yield event["object"]

    def release(self, namespace: str) -> str:
        """The namespace of the release: the one given, or where the only operator is.

        Labels are no proof: whoever may make pods in any namespace can give them these. So pods of
        other namespaces are never asked. Trouble where there is a choice, or none.
        """
        if namespace:
            return namespace
        found = sorted({each["metadata"]["namespace"] for each in self.pods(selector("operator"))})
        if not found:
            raise Trouble(
                "no operator of dnsfleet in this cluster; give --namespace of the release"
            )
        if len(found) > 1:
            raise Trouble(
                f"operators of dnsfleet in several namespaces; give --namespace, one of: "
                f"{', '.join(found)}"
            )
        return str(found[0])

    def edges(self, pop: str, namespace: str) -> list[Pod]:
        """The Ready edge pods of a Pop, by name."""
        labels = f"dnsfleet.io/pop={pop},{selector('edge')}"
        return self._pods(labels, namespace, "dns-tcp", DNS_PORT)

    def pods(self, labels: str, namespace: str = "") -> list[Object]:
        """The pods with these labels, of a namespace or of all, by name, Ready or not."""
        found = map(self._plain, self._listed_pods(labels, namespace))
        return sorted(found, key=lambda pod: _name(pod["metadata"]))

    def _listed_pods(self, labels: str, namespace: str) -> list[Any]:
        settings = {"label_selector": labels, "_request_timeout": ANSWER_SECONDS}
        with _telling("list pods"):
            if namespace:
                return list(self._core.list_namespaced_pod(namespace, **settings).items)
            return list(self._core.list_pod_for_all_namespaces(**settings).items)

    def log(
        self, pod: Object, container: str, previous: bool, since_seconds: int, lines: int
    ) -> str:
        """The newest lines of a container, or of the one before it; empty where that is gone."""
        metadata = pod["metadata"]
        with _telling(f"read the log of pod {_name(metadata)}"):
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
        return {
            _pod(each, "http", HTTP_PORT): (each.metadata.labels or {}).get("dnsfleet.io/pop", "")
            for each in self._ready_pods(selector(component), namespace)
        }

    def page(self, pod: Pod, path: str, seconds: float) -> str:
        """A page of a pod, of PAGE_OCTETS at most, through the API server's proxy."""
        with _telling(f"read {path} of pod {pod.namespace}/{pod.name}"):
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
        with _telling(f"forward a port of pod {pod.namespace}/{pod.name}"):
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
            _telling(f"ask pod {edge.namespace}/{edge.name}"),
        ):
            connection.setblocking(False)
            return [
                dns.query.tcp(query, edge.name, timeout=ANSWER_SECONDS, sock=connection)
                for query in queries
            ]


def _name(meta: dict[str, Any]) -> str:
    namespace = meta.get("namespace")
    return f"{namespace}/{meta['name']}" if namespace else str(meta["name"])


def _pod(pod: Any, port: str, default: int) -> Pod:
    return Pod(pod.metadata.namespace, pod.metadata.name, _port(pod, port, default))


def _port(pod: Any, name: str, default: int) -> int:
    ports = [port for each in pod.spec.containers for port in each.ports or ()]
    return next((p.container_port for p in ports if p.name == name), default)


def _message(body: str) -> str:
    """The message of the Status object that an API server gives with an error."""
    try:
        found = json.loads(body)["message"]
    except (ValueError, KeyError, TypeError):
        return ""
    return str(found)


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """Turn what goes wrong with the API server into Trouble: what could not be done, and why.

    A pod that is asked through it says some of that, so nothing reaches a terminal as it is.
    """
    try:
        yield
    except client.ApiException as error:
        detail = _message(error.body or "") or str(error.reason)
        refused = error.status == HTTPStatus.FORBIDDEN
        kind = RefusedTrouble if refused else Trouble
        raise kind(f"cannot {what}: {printable(detail)}") from None
    except urllib3.exceptions.MaxRetryError as error:
        raise Trouble(f"cannot {what}: the API server does not answer: {error.reason}") from None
    except (urllib3.exceptions.HTTPError, OSError, EOFError, dns.exception.DNSException) as error:
        raise Trouble(f"cannot {what}: {printable(str(error))}") from None
