"""The API server: reading, changing and watching dnsfleet's objects."""

import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml
from dnsfleet.resources.base import DEFAULT_NAMESPACE, GROUP, VERSION
from dnsfleet.violations import printable
from kubernetes import client, config, watch
from kubernetes.config.kube_config import (
    KUBE_CONFIG_DEFAULT_LOCATION,
    KubeConfigLoader,
    KubeConfigMerger,
)

from dnsfleet_cli.kubectl import objects
from dnsfleet_cli.kubectl.api_troubles import telling
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.kubectl.pods import ANSWER_SECONDS, Pods
from dnsfleet_cli.troubles import Trouble

MERGE_PATCH = "application/merge-patch+json"
FIELD_MANAGER = "dnsfleet-cli"
"""Not kubectl-dnsfleet: Flux undoes what a manager wrote whose name begins with kubectl."""

_NO_KUBECONFIG = (AttributeError, KeyError, OSError, TypeError, ValueError, yaml.YAMLError)
"""What the client raises for a file that it cannot read, is no YAML, or has other fields."""


class Cluster(Pods):
    """One cluster: its objects, and its pods.

    Every method raises Trouble where the API server cannot be asked or refuses.
    """

    def __init__(self, kubeconfig: Path | None, context: str | None) -> None:
        path = str(kubeconfig) if kubeconfig else None
        where = path or KUBE_CONFIG_DEFAULT_LOCATION
        try:
            config.load_kube_config(path, context)
            merged = KubeConfigMerger(where).config
            chosen = KubeConfigLoader(merged, active_context=context).current_context["context"]
        except config.ConfigException as error:
            raise Trouble(f"no cluster to talk to: {error}") from None
        except _NO_KUBECONFIG as error:
            why = printable(" ".join(str(error).split()))
            raise Trouble(f"no cluster to talk to: {where} is no kubeconfig: {why}") from None
        self.namespace: str = chosen.get("namespace") or DEFAULT_NAMESPACE
        """Of objects that name none: that of the context, as for `kubectl apply`."""
        super().__init__(client.CoreV1Api())
        self._objects = client.CustomObjectsApi()

    def zones(self, namespace: str = "") -> list[Object]:
        """The Zones of a namespace or, if it is empty, of all, by name."""
        return self._listed("zones", namespace)

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
        with telling(f"list {plural}"):
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
        with telling("list namespaces"):
            return [self._plain(each) for each in self._core.list_namespace().items]

    def config_map(self, name: str, namespace: str) -> Object | None:
        """One ConfigMap; None where there is none."""
        with telling(f"read configmap {namespace}/{name}"):
            try:
                return self._plain(self._core.read_namespaced_config_map(name, namespace))
            except client.ApiException as error:
                if error.status == HTTPStatus.NOT_FOUND:
                    return None
                raise

    def _listed(self, plural: str, namespace: str = "") -> list[Object]:
        with telling(f"list {plural}"):
            found = (
                self._objects.list_namespaced_custom_object(GROUP, VERSION, namespace, plural)
                if namespace
                else self._objects.list_cluster_custom_object(GROUP, VERSION, plural)
            )
        items: list[Object] = found["items"]
        return sorted(items, key=lambda item: objects.name(item))

    def patch_pop(self, name: str, change: dict[str, Any]) -> Object:
        """Merge a change into a Pop; the Pop as it is then."""
        with telling(f"change pop/{name}"):
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

    def annotate_fleet(self, name: str, annotations: dict[str, str]) -> None:
        """Add annotations to a Fleet."""
        with telling(f"change fleet/{name}"):
            self._objects.patch_cluster_custom_object(
                GROUP,
                VERSION,
                "fleets",
                name,
                {"metadata": {"annotations": annotations}},
                field_manager=FIELD_MANAGER,
                _content_type=MERGE_PATCH,
            )

    def create_pop(self, pop: Object) -> None:
        """Make a Pop."""
        with telling(f"create pop/{pop['metadata']['name']}"):
            self._objects.create_cluster_custom_object(
                GROUP, VERSION, "pops", pop, field_manager=FIELD_MANAGER
            )

    def delete_pop(self, pop: Object) -> None:
        """Delete this Pop, and no other one of its name."""
        with telling(f"delete pop/{pop['metadata']['name']}"):
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
        with telling(f"create {kind}/{namespace}/{name}"):
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
        with telling("list services"):
            found = self._core.list_namespaced_service(namespace, label_selector=selector)
        return [self._plain(each) for each in found.items]

    def secrets(self, selector: str, namespace: str) -> list[Object]:
        """The Secrets with these labels, in a namespace or, if it is empty, in all."""
        with telling("list secrets"):
            found = (
                self._core.list_namespaced_secret(namespace, label_selector=selector)
                if namespace
                else self._core.list_secret_for_all_namespaces(label_selector=selector)
            )
        return [self._plain(each) for each in found.items]

    def secret(self, name: str, namespace: str) -> Object:
        """One Secret."""
        with telling(f"read secret {namespace}/{name}"):
            return self._plain(self._core.read_namespaced_secret(name, namespace))

    def annotate_secret(self, secret: Object, annotations: dict[str, str]) -> None:
        """Add annotations to a Secret."""
        metadata = secret["metadata"]
        with telling(f"change secret {metadata['namespace']}/{metadata['name']}"):
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
        with telling(f"create secret {metadata['namespace']}/{metadata['name']}"):
            try:
                self._core.create_namespaced_secret(
                    metadata["namespace"], secret, field_manager=FIELD_MANAGER
                )
            except client.ApiException as error:
                if error.status == HTTPStatus.CONFLICT:
                    return False
                raise
        return True

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
            with telling(f"watch {kind}/{objects.name(item)}"):
                for event in events:
                    if event["type"] == "DELETED":
                        raise Trouble(f"{kind}/{objects.name(item)} was deleted")
                    yield event["object"]
