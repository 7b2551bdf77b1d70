"""An API server with an operator, an edge that answers and a gate that takes updates: no nodes.

Every process is the real one. They have one core and no replicas of it, no rights but those of an
administrator, and no kubelet: `keys` brings the gate what the operator gives it.

    with served_cluster(folder) as cluster:
        cluster.apply("zones", "default", zone)
        cluster.edge.ask("www.example.com")
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from dnsfleet import tsig_keys
from dnsfleet_kubernetes import calls

from support.api_operators import NAMESPACE, api_operator
from support.edges import EdgeProcess
from support.kube_api_servers import KubeAPIServer, kube_api_server
from support.ports import free_port
from support.valkey import Valkey
from support.waiting import wait_for

Object = dict[str, Any]

SECONDS = 60.0
UPDATES = "dnsfleet-gate-updates"
PUBLIC_KEY = "publisher.pub"
GROUPS = {
    "dnsendpoints": "/apis/externaldns.k8s.io/v1alpha1",
    "endpointslices": "/apis/discovery.k8s.io/v1",
    "ingresses": "/apis/networking.k8s.io/v1",
    "recordsets": "/apis/dnsfleet.io/v1alpha1",
    "tsigkeys": "/apis/dnsfleet.io/v1alpha1",
    "zones": "/apis/dnsfleet.io/v1alpha1",
}


class ServedCluster(NamedTuple):
    """A fleet of one edge."""

    api: KubeAPIServer
    edge: EdgeProcess
    gate: int
    """The port of the gate."""
    keys: Path
    """The file in which the gate finds its keys."""

    def path(self, plural: str, namespace: str, name: str = "") -> str:
        """Where objects are, or one of them; those of no namespace have an empty one."""
        scope = f"/namespaces/{namespace}" if namespace else ""
        place = f"{GROUPS.get(plural, '/api/v1')}{scope}/{plural}"
        return f"{place}/{name}" if name else place

    def apply(self, plural: str, namespace: str, body: Object) -> None:
        """Make an object, or change it, with the status that it has."""
        parts = ["", "/status"] if "status" in body else [""]
        for part in parts:
            path = self.path(plural, namespace, body["metadata"]["name"]) + part
            query = "?fieldManager=tests&force=true"
            status, said, _ = self.api.ask("PATCH", path + query, body, content=calls.APPLY)
            assert status in (200, 201), said

    def get(self, plural: str, namespace: str, name: str) -> Object:
        """An object; empty where there is none."""
        status, said, _ = self.api.ask("GET", self.path(plural, namespace, name))
        return dict(said) if status == 200 else {}

    def items(self, plural: str, namespace: str) -> list[Object]:
        """All objects of a kind in a namespace."""
        return list(self.api.ask("GET", self.path(plural, namespace))[1]["items"])

    def delete(self, plural: str, namespace: str, name: str) -> None:
        """Delete an object."""
        status, said, _ = self.api.ask("DELETE", self.path(plural, namespace, name))
        assert status in (200, 202), said

    def wait_for_condition(self, plural: str, namespace: str, name: str, condition: str) -> None:
        """Wait until a condition of an object is true, as it is now."""
        what = f"{plural} {name} is {condition}"
        wait_for(what, lambda: self._is(condition, self.get(plural, namespace, name)), SECONDS)

    @staticmethod
    def _is(condition: str, item: Object) -> bool:
        return any(
            each["type"] == condition
            and each["status"] == "True"
            and each["observedGeneration"] == item["metadata"]["generation"]
            for each in item.get("status", {}).get("conditions", ())
        )

    @property
    def gate_log(self) -> str:
        """What the gate has logged."""
        return self.keys.with_name("gate.log").read_text()

    def give_keys(self) -> None:
        """Bring the gate the keys that the operator gives it, as the kubelet does."""
        found = self.get("secrets", NAMESPACE, "dnsfleet-tsig-keys")
        fresh = self.keys.with_suffix(".fresh")
        fresh.write_bytes(base64.b64decode(found["data"]["tsig-keys.json"]))
        fresh.rename(self.keys)


@contextmanager
def served_cluster(folder: Path) -> Iterator[ServedCluster]:
    """A fleet without zones; `folder` gets its files."""
    with (
        kube_api_server(folder) as api,
        api_operator(api, folder, {"DNSFLEET_GATE": "true"}) as core,
    ):
        secret = f"/api/v1/namespaces/{NAMESPACE}/secrets/dnsfleet-keys"
        wait_for("the operator has keys", lambda: api.ask("GET", secret)[0] == 200, SECONDS)
        text = base64.b64decode(api.ask("GET", secret)[1]["data"][PUBLIC_KEY])
        public = load_pem_public_key(text)
        assert isinstance(public, Ed25519PublicKey)
        (folder / PUBLIC_KEY).write_bytes(text)
        edge = EdgeProcess(folder / "edge", public, replica_url=core.url, core_url=core.url)
        edge.start_ready()
        try:
            with _gate(folder, api, core) as port:
                yield ServedCluster(api, edge, port, folder / "tsig-keys.json")
        finally:
            edge.kill()


@contextmanager
def _gate(folder: Path, api: KubeAPIServer, core: Valkey) -> Iterator[int]:
    """A gate that takes updates; its port."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": UPDATES},
        "spec": {"ports": [{"port": 53, "protocol": "UDP"}]},
    }
    path = f"/api/v1/namespaces/{NAMESPACE}/services"
    status, said, _ = api.ask("POST", path, service)
    assert status == 201, said
    (folder / "tsig-keys.json").write_bytes(tsig_keys.encode([]))
    port = free_port()
    config = {
        "listen": [["127.0.0.1", port]],
        "http": ["127.0.0.1", free_port()],
        "replica_url": core.url,
        "public_key": str(folder / PUBLIC_KEY),
        "tsig_keys": str(folder / "tsig-keys.json"),
        "updates": {"namespace": NAMESPACE, "name": UPDATES},
    }
    (folder / "gate.json").write_text(json.dumps(config))
    environment = {
        **os.environ,
        "KUBECONFIG": str(api.kubeconfig(folder / "gate.kubeconfig")),
        "POD_NAME": "gate-0",
        "POD_IP": "192.0.2.1",
        "NODE_NAME": "node",
    }
    program = Path(sys.executable).with_name("dnsfleet-gate")
    lease = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/{UPDATES}"
    with (folder / "gate.log").open("wb") as log:
        process = subprocess.Popen(
            [program, folder / "gate.json"], env=environment, stdout=log, stderr=log
        )
    try:
        wait_for("the gate leads", lambda: api.ask("GET", lease)[0] == 200, SECONDS)
        yield port
    finally:
        process.kill()
        process.wait()
