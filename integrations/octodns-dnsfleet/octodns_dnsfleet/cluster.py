"""The calls to the API server: Zones to read, RecordSets to read, write and delete.

Credentials are those of kubectl: the file that KUBECONFIG names or `~/.kube/config`, and in a pod
without such a file its service account.
"""

import json
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from urllib3.exceptions import HTTPError

from octodns_dnsfleet.errors import DnsfleetError
from octodns_dnsfleet.zones import Object

API_VERSION = "dnsfleet.io/v1alpha1"
PAGE = 500
"""Objects asked for at once, as kubectl does."""
ANSWER_SECONDS = 60.0
"""As long as the API server itself gives a request."""


class ConflictError(DnsfleetError):
    """An object has changed since it was read, or is gone."""


class Cluster:
    """One cluster; threads may share it. Every method raises DnsfleetError where it is refused."""

    def __init__(self, kubeconfig: str | None, context: str | None, manager: str) -> None:
        self._kubeconfig = str(Path(kubeconfig).expanduser()) if kubeconfig else None
        self._context = context
        self._manager = manager

    def zones(self, namespace: str) -> list[Object]:
        """The Zones of a namespace."""
        return self._listed("zones", namespace)

    def zone(self, namespace: str, name: str) -> Object | None:
        """A Zone; None where it is gone."""
        return cast(Object | None, self._asked("get", "zones", namespace, name, missing=True))

    def record_sets(self, namespace: str, selector: str | None = None) -> list[Object]:
        """The RecordSets of a namespace that have these labels."""
        return self._listed("recordsets", namespace, selector)

    def record_set(self, namespace: str, name: str) -> Object | None:
        """A RecordSet; None where it is gone."""
        return cast(Object | None, self._asked("get", "recordsets", namespace, name, missing=True))

    def create(self, wanted: Object) -> Object:
        """Make a RecordSet; ConflictError where there is one of its name."""
        return self._written("post", wanted, body=wanted, field_manager=self._manager)

    def replace(self, changed: Object) -> Object:
        """Write a RecordSet as a whole; ConflictError where it is not at the version named."""
        return self._written("put", changed, body=changed, field_manager=self._manager)

    def delete(self, found: Object) -> Object:
        """Delete a RecordSet; ConflictError where it is not at the version that was found."""
        fixed = {key: found["metadata"][key] for key in ("uid", "resourceVersion")}
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": fixed}
        return self._written("delete", found, body=options)

    @cached_property
    def _client(self) -> Any:
        """Nothing is read or asked before it is needed, so files can be validated where there is
        no cluster."""
        configuration = client.Configuration()
        try:
            config.load_kube_config(
                self._kubeconfig, self._context, client_configuration=configuration
            )
        except config.ConfigException as error:
            if self._kubeconfig or self._context:
                raise DnsfleetError(f"no cluster to talk to: {error}") from None
            self._load_service_account(configuration, error)
        return DynamicClient(client.ApiClient(configuration), discoverer=lambda *_: None)

    def _load_service_account(self, configuration: Any, first: Exception) -> None:
        try:
            config.load_incluster_config(client_configuration=configuration)
        except config.ConfigException as error:
            raise DnsfleetError(f"no cluster to talk to: {first}; {error}") from None

    def _listed(self, plural: str, namespace: str, selector: str | None = None) -> list[Object]:
        found: list[Object] = []
        token: str | None = None
        while True:
            page = self._asked(
                "get", plural, namespace, label_selector=selector, limit=PAGE, _continue=token
            )
            found += page["items"]
            token = page["metadata"].get("continue")
            if not token:
                return found

    def _written(self, method: str, written: Object, **options: Any) -> Object:
        metadata = written["metadata"]
        place = metadata["namespace"], metadata["name"]
        return cast(Object, self._asked(method, "recordsets", *place, **options))

    def _asked(
        self, method: str, plural: str, namespace: str, name: str = "", missing: bool = False,
        **options: Any,
    ) -> Any:  # fmt: skip
        """What the API server answers; None where `missing` and it has no such object."""
        path = f"/apis/{API_VERSION}/namespaces/{namespace}/{plural}"
        if name and method != "post":
            path += f"/{name}"
        verb = method if name else "list"
        what = f"{verb} {plural}{f' {name}' if name else ''} in namespace {namespace}"
        try:
            answer = self._client.request(
                method, path, serialize=False, _request_timeout=ANSWER_SECONDS, **options
            )
            return json.loads(answer.data)
        except ApiException as error:
            if missing and error.status == HTTPStatus.NOT_FOUND:
                return None
            conflict = error.status in (HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND)
            failure = ConflictError if conflict else DnsfleetError
            raise failure(f"{what}: {_said(error)} ({error.status})") from None
        except (HTTPError, OSError, ValueError) as error:
            raise DnsfleetError(f"{what}: no answer of the API server: {error}") from None


def _said(error: Any) -> str:
    """What the API server said to people."""
    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return str(error.reason)
