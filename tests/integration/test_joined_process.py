"""The operator in role `pop` as a process, on an API server; core and replica are away."""

import base64
import os
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import pop_specs, public_keys
from dnsfleet.replication.pop_specs import SignedPop
from dnsfleet.replication.revisions import Revision
from dnsfleet_operator.joined.mirror import SIGNED_ANNOTATION
from support.api_servers import APIServer, api_server
from support.ports import free_port
from support.waiting import wait_for

from bench.operator_fleets import OPERATOR

NAMESPACE = "dnsfleet-system"
SECONDS = 40.0
KEY = Ed25519PrivateKey.generate()
PEM = public_keys.to_pem([KEY.public_key()])
SPEC = {"edge": {"replicas": 3, "nodeSelector": {"zone": "a"}}}


def encoded(data: bytes | str) -> str:
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


def objects() -> list[dict[str, object]]:
    """What a cluster has whose Pop somebody edited while no operator ran."""
    join = {
        "core-address": "core.example:6390",
        "username": "pop-fra",
        "password": "secret",
        "public-key": PEM,
        "pop": "fra",
    }
    metadata = {"name": "dnsfleet-join", "namespace": NAMESPACE}
    signed = pop_specs.sign(SignedPop("fra", Revision(7, 2), 3, SPEC, PEM), KEY)
    edited = {"edge": {"replicas": 9, "shards": 8, "nodeSelector": {"zone": "a", "disk": "ssd"}}}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata,
            "data": {key: encoded(text) for key, text in join.items()},
        },
        {
            "apiVersion": "dnsfleet.io/v1alpha1",
            "kind": "Pop",
            "metadata": {"name": "fra", "annotations": {SIGNED_ANNOTATION: encoded(signed)}},
            "spec": edited,
        },
    ]


def replicas(api: APIServer) -> int:
    """How many edges the Pop is to have; -1 while there is no Deployment of them."""
    found = {each["metadata"]["name"]: each for each in api.all("Deployment")}
    edges = found.get("pop-fra-edge")
    return -1 if edges is None else int(edges["spec"]["replicas"])


def test_it_reverts_what_was_edited_and_makes_the_objects_of_its_pop(tmp_path: Path) -> None:
    """Also fields and entries that somebody added, which are not its own to apply away."""
    with api_server(tmp_path / "api", objects()) as api:
        environment = {
            **{key: text for key, text in os.environ.items() if key != "PYTHONPATH"},
            "KUBECONFIG": str(api.kubeconfig),
            "DNSFLEET_ROLE": "pop",
            "DNSFLEET_CORE_HOST": "127.0.0.1",
            "DNSFLEET_CORE_PORT": "1",
            "DNSFLEET_NAMESPACE": NAMESPACE,
            "POD_NAME": "operator-0",
            "DNSFLEET_EDGE_IMAGE": "edge",
            "DNSFLEET_HTTP_PORT": str(free_port()),
        }
        with (tmp_path / "operator.log").open("wb") as log:
            process = subprocess.Popen(OPERATOR, env=environment, stdout=log, stderr=log)
        try:
            wait_for("its edges", lambda: replicas(api) == 3, SECONDS)
            assert api.get("Pop", "fra")["spec"] == SPEC
            for edit in (
                {"edge": {"replicas": 7}},
                {"edge": {"shards": 4}},
                {"edge": {"nodeSelector": {"disk": "ssd"}}},
                {"location": {"region": "eu"}},
            ):
                api.patch("Pop", "fra", "", {"spec": edit})
                wait_for(f"{edit} is gone", lambda: api.get("Pop", "fra")["spec"] == SPEC, SECONDS)
            wait_for("the edges are as before", lambda: replicas(api) == 3, SECONDS)
            asked = {each["plural"] for each in api.lists()}
            assert "pops" in asked
            assert not asked & {"zones", "recordsets", "namespaces"}
        finally:
            process.kill()
            process.wait()
