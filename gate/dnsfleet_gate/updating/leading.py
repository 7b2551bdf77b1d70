"""Which gate takes updates: the one that holds a Lease, and a Service leads to it.

    Lease NAME             who leads (see `dnsfleet_kubernetes.leases`)
    Service NAME           has no selector, so Kubernetes makes no EndpointSlice for it
    EndpointSlice NAME     the address of the gate that leads, written by that gate

All three have one name, and each call names it, so the rights of a gate end there. That is why
new objects are made by calls that have the name in their path: PUT for the Lease, which creates one
where there is none, and server-side apply for the EndpointSlice. The latter belongs to the Service,
and goes with it.

The EndpointSlice is written again and again, as somebody may have changed or deleted it. A gate
that does not lead any more leaves it to the next one.
"""

import json
import logging
import threading
from ipaddress import ip_address
from typing import Any

from dnsfleet_io.logs import line
from dnsfleet_kubernetes import calls
from dnsfleet_kubernetes.calls import APPLY, RefusedError, UnavailableError, written
from dnsfleet_kubernetes.leadership import Leadership
from kubernetes import client

from dnsfleet_gate.config import UpdateSettings

MANAGER = "dnsfleet-gate"
WRITE_SECONDS = 10.0
"""Between writes of the EndpointSlice: how long clients miss it where somebody deleted it."""
RETRY_SECONDS = 1.0
"""After a write that failed."""
TIMEOUT_SECONDS = 5.0
"""For one answer of the API server; several fit between two renewals that may fail."""

Object = dict[str, Any]
log = logging.getLogger(__name__)


class LeaseError(Exception):
    """The API server did not do what was asked about the Lease."""


class LeaseObject:
    """See `dnsfleet_kubernetes.leadership.LeaseObject`."""

    failures = LeaseError

    def __init__(self, api: client.ApiClient, name: str, namespace: str) -> None:
        self._leases = client.CoordinationV1Api(api)
        self.name, self.namespace = name, namespace

    def read(self) -> Object | None:
        """The Lease; None where there is none."""
        try:
            answer = self._sent("read", self._leases.read_namespaced_lease)
        except RefusedError as error:
            if error.reason == "NotFound":
                return None
            raise LeaseError(str(error)) from error
        found: Object = json.loads(answer.data)
        return found

    def create(self, lease: Object) -> bool:
        """Make it; whether nobody else had."""
        return self.replace(lease)

    def replace(self, lease: Object) -> bool:
        """Write a new version; whether nobody else had written one."""
        try:
            self._sent("write", self._leases.replace_namespaced_lease, lease)
        except RefusedError as error:
            if error.reason in ("Conflict", "UnprocessableEntity"):  # the latter without a version
                return False
            raise LeaseError(str(error)) from error
        return True

    def _sent(self, verb: str, send: Any, *body: Object) -> Any:
        try:
            return written(
                f"{verb} lease {self.namespace}/{self.name}",
                send,
                *(self.name, self.namespace, *body),
                _preload_content=False,
                _request_timeout=TIMEOUT_SECONDS,
            )
        except UnavailableError as error:
            raise LeaseError(str(error)) from error


class Leading:
    """Whether this gate takes updates; while it does, the Service leads to it."""

    def __init__(self, api: client.ApiClient, settings: UpdateSettings, port: int) -> None:
        """`port` is where it answers, UDP and TCP."""
        self._settings = settings
        self._port = port
        self._services = client.CoreV1Api(api)
        self._slices = client.DiscoveryV1Api(api)
        self._event = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="endpoint-slice", daemon=True)
        lease = LeaseObject(api, settings.name, settings.namespace)
        self._leadership = Leadership(lease, settings.pod_name, self._event.set)
        self._problem = ""

    def leads(self) -> bool:
        """Whether this gate takes updates now."""
        return self._leadership.leads

    @property
    def problem(self) -> str:
        """Why the Lease or the EndpointSlice cannot be had; empty where nothing is wrong."""
        return self._leadership.problem or self._problem

    def start(self) -> None:
        """Begin to try, once this gate can answer."""
        self._thread.start()
        self._leadership.start()

    def stop(self) -> None:
        """Stop leading, and let another gate begin at once."""
        self._stopping = True
        self._event.set()
        self._leadership.stop()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping:
            self._event.clear()
            seconds = self._write() if self.leads() else WRITE_SECONDS
            self._event.wait(seconds)

    def _write(self) -> float:
        """Have the Service lead here; in how many seconds to do so again."""
        try:
            self._apply()
        except (UnavailableError, RefusedError) as error:
            if str(error) != self._problem:
                log.warning(line("endpoint_slice_not_written", problem=error))
            self._problem = str(error)
            return RETRY_SECONDS
        except Exception as error:  # a defect must not end the thread: no client would come here
            log.exception(line("endpoint_slice_defect"))
            self._problem = str(error)
            return RETRY_SECONDS
        self._problem = ""
        return WRITE_SECONDS

    def _apply(self) -> None:
        name, namespace = self._settings.name, self._settings.namespace
        options: Object = {"_preload_content": False, "_request_timeout": TIMEOUT_SECONDS}
        what = f"{namespace}/{name}"
        found = written(
            f"read service {what}",
            self._services.read_namespaced_service,
            name,
            namespace,
            **options,
        )
        written(
            f"write endpointslice {what}",
            self._slices.patch_namespaced_endpoint_slice,
            *(name, namespace, endpoint_slice(self._settings, self._port, json.loads(found.data))),
            field_manager=MANAGER,
            force=True,
            _content_type=APPLY,
            **options,
        )


def connected(settings: UpdateSettings, port: int) -> Leading:
    """Of the cluster that this pod is in; ConfigException where there is none."""
    return Leading(calls.connect(), settings, port)


def endpoint_slice(settings: UpdateSettings, port: int, service: Object) -> Object:
    """The EndpointSlice with which a Service leads to this pod alone."""
    family = ip_address(settings.pod_ip).version
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": settings.name,
            "namespace": settings.namespace,
            "labels": {
                "kubernetes.io/service-name": settings.name,
                "endpointslice.kubernetes.io/managed-by": MANAGER,
            },
            "ownerReferences": [
                {
                    "apiVersion": "v1",
                    "kind": "Service",
                    "name": settings.name,
                    "uid": service["metadata"]["uid"],
                }
            ],
        },
        "addressType": f"IPv{family}",
        "endpoints": [
            {
                "addresses": [settings.pod_ip],
                "conditions": {"ready": True},
                "nodeName": settings.node_name,
                "targetRef": {
                    "kind": "Pod",
                    "name": settings.pod_name,
                    "namespace": settings.namespace,
                },
            }
        ],
        "ports": [
            {"name": "dns-udp", "port": port, "protocol": "UDP"},
            {"name": "dns-tcp", "port": port, "protocol": "TCP"},
        ],
    }
