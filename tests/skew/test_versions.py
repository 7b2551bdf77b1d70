"""A core and a Pop of another cluster, one of them of an older commit (`make skew COMMIT=…`).

Both operators and the edge are processes, on API servers and Valkeys of the test.
"""

import base64
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from dnsfleet.replication import public_keys
from dnsfleet_operator.configuration import CORE, POP
from dnsfleet_operator.pops.configs import ACKS_DATABASE
from support import versions
from support.api_servers import APIError, APIServer, api_server
from support.controlled_fleets import NAMESPACE, edge_pod
from support.edges import EdgeProcess
from support.joined_clusters import OPERATOR_USER
from support.ports import free_port
from support.valkey import Valkey
from support.versions import Version
from support.waiting import wait_for

from bench.operator_objects import item

SECONDS = 90.0
NAME = "fra"
USERS = (
    "user publisher on nopass resetchannels ~dnsfleet:* +@all",
    f"user pop-{NAME} on nopass resetchannels ~dnsfleet:* +@all",
)
OPERATOR = """\
from dnsfleet_operator.joined import terms
terms.address = lambda *_: {replica!r}
from dnsfleet_operator.main import main
main()
"""
"""The replica has no Service here."""


@pytest.fixture(scope="session")
def older(tmp_path_factory: pytest.TempPathFactory) -> Version:
    return versions.older(versions.wanted(), tmp_path_factory.mktemp("older"))


@contextmanager
def operator(
    version: Version, role: str, api: APIServer, core: Valkey, replica: Valkey, log: Path
) -> Iterator[None]:
    """One operator, as long as the context lasts."""
    environment = {
        **os.environ,
        "KUBECONFIG": str(api.kubeconfig),
        "DNSFLEET_ROLE": role,
        "DNSFLEET_NAMESPACE": NAMESPACE,
        "POD_NAME": "operator-0",
        "DNSFLEET_EDGE_IMAGE": "edge",
        "DNSFLEET_CORE_HOST": "127.0.0.1",
        "DNSFLEET_CORE_PORT": str(core.port),
        "DNSFLEET_HTTP_PORT": str(free_port()),
    }
    program = OPERATOR.format(replica=f"127.0.0.1:{replica.port}")
    with log.open("wb") as opened:
        process = subprocess.Popen(
            version.command(program), env=environment, stdout=opened, stderr=opened
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def zone(address: str) -> dict[str, Any]:
    records = [{"name": "www", "type": "A", "data": [address]}]
    return {"origin": "a.example", "nameServers": ["ns1.example.net"], "records": records}


def public_pem(api: APIServer) -> str:
    """Of the core's key; empty until that is made."""
    try:
        entries = api.get("Secret", "dnsfleet-keys", NAMESPACE)["data"]
    except APIError:
        return ""
    return base64.b64decode(entries["publisher.pub"]).decode()


def join_secret(core: Valkey, pem: str) -> dict[str, Any]:
    entries = {
        "core-address": f"127.0.0.1:{core.port}",
        "username": f"pop-{NAME}",
        "password": "any",
        "public-key": pem,
        "pop": NAME,
    }
    data = {key: base64.b64encode(text.encode()).decode() for key, text in entries.items()}
    return item("Secret", "dnsfleet-join", NAMESPACE, data=data)


def condition(api: APIServer, kind: str, name: str, namespace: str, wanted: str) -> Any:
    """Status and generation of a condition; None where there is none."""
    status = api.get(kind, name, namespace).get("status") or {}
    for each in status.get("conditions", ()):
        if each["type"] == wanted:
            return each["status"], each.get("observedGeneration")
    return None


def is_true(api: APIServer, kind: str, name: str, namespace: str, wanted: str) -> bool:
    generation = api.get(kind, name, namespace)["metadata"]["generation"]
    return bool(condition(api, kind, name, namespace, wanted) == ("True", generation))


def edges_spec(api: APIServer) -> Any:
    """What the Pop object of its cluster says of edges; None while there is none."""
    return next((each["spec"].get("edge") for each in api.all("Pop")), None)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("side", [CORE, POP])
def test_a_core_and_a_pop_of_two_versions_work_together(
    older: Version, side: str, tmp_path: Path
) -> None:
    newer = versions.ours()
    of_core, of_pop = (older, newer) if side == CORE else (newer, older)
    beginning = [
        item("Namespace", NAMESPACE),
        item("Namespace", "dns"),
        item("Pop", NAME, spec={"cluster": "agent", "edge": {"shards": 2}}),
        item("Zone", "a", "dns", spec=zone("192.0.2.1")),
    ]
    with ExitStack() as stack:
        core = Valkey(tmp_path / "core", users=USERS)
        stack.callback(core.kill)
        core.start()
        replica = Valkey(tmp_path / "replica", core, users=[OPERATOR_USER])
        stack.callback(replica.kill)
        replica.start()
        with replica.client() as client:
            client.config_set("replica-read-only", "no")
        api = stack.enter_context(api_server(tmp_path / "core-api", beginning))
        far = stack.enter_context(api_server(tmp_path / "pop-api", beginning[:1]))
        stack.enter_context(operator(of_core, CORE, api, core, replica, tmp_path / "core.log"))
        pem = wait_for("the core's key", lambda: public_pem(api), SECONDS)
        far.create(join_secret(core, pem))
        stack.enter_context(operator(of_pop, POP, far, core, replica, tmp_path / "pop.log"))

        wait_for("the spec", lambda: edges_spec(far) == {"shards": 2}, SECONDS)
        edge = EdgeProcess(
            tmp_path / "edge",
            next(iter(public_keys.parse(pem.encode()))),
            edge=f"pop-{NAME}-edge-1",
            replica_url=replica.url,
            core_url=replica.url.removesuffix("0") + str(ACKS_DATABASE),
        )
        edge.before = of_pop.before
        stack.callback(edge.kill)
        edge.start_ready()
        pod = edge_pod(NAME)
        far.create(pod)
        far.patch_status("Pod", pod["metadata"]["name"], NAMESPACE, pod["status"])
        for address in ("192.0.2.1", "192.0.2.2"):
            api.patch("Zone", "a", "dns", {"spec": zone(address)})
            wait_for("an answer", lambda a=address: edge.address("www.a.example.") == a, SECONDS)
            wait_for("proof", lambda: is_true(api, "Zone", "a", "dns", "Propagated"), SECONDS)
        api.patch("Pop", NAME, "", {"spec": {"edge": {"shards": 3, "replicas": 4}}})
        wanted = {"shards": 3, "replicas": 4}
        wait_for("the other spec", lambda: edges_spec(far) == wanted, SECONDS)
        wait_for("its word", lambda: is_true(api, "Pop", NAME, "", "SpecApplied"), SECONDS)
        assert is_true(far, "Pop", NAME, "", "Mirrored")
        said = [(tmp_path / f"{role}.log").read_text() for role in (CORE, POP)]
        assert not any("Traceback" in each for each in said), said
