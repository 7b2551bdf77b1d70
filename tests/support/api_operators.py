"""An operator beside a real API server: it judges objects and publishes to a core of its own.

No edges run, so nothing gets Propagated. What is Accepted, and why not, is as in a cluster.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support.kube_api_servers import TOKEN, KubeAPIServer
from support.ports import free_port
from support.valkey import Valkey

NAMESPACE = "dnsfleet-system"
USERS = ("user publisher on nopass resetchannels ~dnsfleet:* +@all",)
"""The operator makes its own passwords, and the core here takes any."""


@contextmanager
def api_operator(
    api: KubeAPIServer, folder: Path, more: Mapping[str, str] | None = None, token: str = TOKEN
) -> Iterator[Valkey]:
    """An operator that works until leaving; its core. `folder` gets its log.

    `more` are variables of its environment beside the usual ones; `token` says as whom it works.
    """
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    status, said, _ = api.ask("POST", "/api/v1/namespaces", namespace)
    assert status == 201, said
    core = Valkey(folder / "core", users=USERS)
    core.start()
    environment = {
        **os.environ,
        "KUBECONFIG": str(api.kubeconfig(folder / "operator.kubeconfig", token)),
        "DNSFLEET_NAMESPACE": NAMESPACE,
        "POD_NAME": "operator-0",
        "DNSFLEET_EDGE_IMAGE": "edge",
        "DNSFLEET_CORE_HOST": "127.0.0.1",
        "DNSFLEET_CORE_PORT": str(core.port),
        "DNSFLEET_HTTP_PORT": str(free_port()),
        "DNSFLEET_NOTIFY_PORT": str(free_port()),
        **(more or {}),
    }
    environment.pop("PYTHONPATH", None)
    program = Path(sys.executable).with_name("dnsfleet-operator")
    try:
        with (folder / "operator.log").open("wb") as log:
            process = subprocess.Popen([program], env=environment, stdout=log, stderr=log)
        try:
            yield core
        finally:
            process.kill()
            process.wait()
    finally:
        core.kill()
