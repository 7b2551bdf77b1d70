"""A real kube-apiserver with etcd, and nothing else of a cluster, on the loopback.

What the API server itself decides (schemas, CEL, admission policies) is asked of it here, in
seconds, without a node or root. There are no controllers: what is created stays as it is.

with kube_api_server(folder) as api:
    api.create(object)
    warnings = api.try_out(object)
"""

import http.client
import json
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml
from cluster import builds
from cluster.certificates import Authority
from dnsfleet.crds import definitions

from support.ports import free_port
from support.waiting import wait_for

Object = dict[str, Any]

START_SECONDS = 120.0
STOP_SECONDS = 20.0
ANSWER_SECONDS = 60.0
TOKEN = "tests"
GUEST = "guest"
"""The name and the token of a user who has only the rights that a test binds."""
PLURALS = {
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
    "CustomResourceDefinition": "customresourcedefinitions",
    "RecordSet": "recordsets",
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
    "Zone": "zones",
}
NAMESPACED = frozenset({"RecordSet", "Zone"})


class KubeAPIServer:
    """A client of the API server, for one thread."""

    def __init__(self, port: int, authority: Path) -> None:
        self.port = port
        self.authority = authority
        """The certificate that its own is signed by."""
        self._context = ssl.create_default_context(cafile=authority)
        self._connection = self._connected()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def kubeconfig(self, path: Path, token: str = TOKEN) -> Path:
        """Write a file for another client, who has this token; its path."""
        place = {"server": f"https://127.0.0.1:{self.port}"}
        cluster = {**place, "certificate-authority": str(self.authority)}
        named = {"cluster": "tests", "user": "tests"}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "tests", "cluster": cluster}],
            "users": [{"name": "tests", "user": {"token": token}}],
            "contexts": [{"name": "tests", "context": named}],
            "current-context": "tests",
        }
        path.write_text(json.dumps(content))
        return path

    def ask(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        token: str = TOKEN,
        content: str = "application/json",
    ) -> tuple[int, Any, list[str]]:
        """Status, answer (text where it is no JSON), and the texts of its warnings (RFC 7234)."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": content}
        text = None if body is None else json.dumps(body)
        self._connection.request(method, path, text, headers)
        answer = self._connection.getresponse()
        content = answer.read().decode()
        is_json = answer.headers.get_content_type() == "application/json"
        told = [_warning_text(each) for each in answer.headers.get_all("Warning") or []]
        return answer.status, json.loads(content) if is_json else content, told

    def create(self, body: Object) -> list[str]:
        """Create an object; the warnings. AssertionError says why it was refused."""
        return self._post(body, "")

    def try_out(self, body: Object) -> list[str]:
        """What `create` would give, without anything that stays."""
        return self._post(body, "?dryRun=All")

    def is_told_of(self, body: Object) -> bool:
        """Whether `try_out` warns of it."""
        return bool(self.try_out(body))

    def metrics(self) -> list[str]:
        """The lines of its metrics."""
        _, text, _ = self.ask("GET", "/metrics")
        return list(text.splitlines())

    def _post(self, body: Object, query: str) -> list[str]:
        place = "namespaces/default/" if body["kind"] in NAMESPACED else ""
        path = f"/apis/{body['apiVersion']}/{place}{PLURALS[body['kind']]}{query}"
        status, said, told = self.ask("POST", path, body)
        assert status == HTTPStatus.CREATED, said
        return told

    def is_ready(self) -> bool:
        """Whether it answers and all its parts have started."""
        try:
            return self.ask("GET", "/readyz")[0] == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = self._connected()
            return False

    def _connected(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=ANSWER_SECONDS, context=self._context
        )


def _warning_text(header: str) -> str:
    """The text of `299 - "TEXT"`, in which quotes and backslashes have a backslash before them."""
    quoted = header.split(" ", 2)[2]
    return quoted[1:-1].replace('\\"', '"').replace("\\\\", "\\")


@contextmanager
def kube_api_server(folder: Path) -> Iterator[KubeAPIServer]:
    """An API server with a namespace `default` and our definitions; it ends on leaving.

    `folder` gets its files.
    """
    programs = builds.programs()
    authority = Authority(folder)
    authority.issue_key_pair("service-accounts")
    authority.issue("apiserver", "kube-apiserver", hosts=["127.0.0.1"])
    tokens = folder / "tokens.csv"
    tokens.write_text(f"{TOKEN},admin,admin,system:masters\n{GUEST},{GUEST},{GUEST}\n")
    etcd, peer, port = free_port(), free_port(), free_port()
    commands: dict[str, list[str | Path]] = {
        "etcd": [
            programs["etcd"],
            f"--data-dir={folder / 'etcd'}",
            f"--listen-client-urls=http://127.0.0.1:{etcd}",
            f"--advertise-client-urls=http://127.0.0.1:{etcd}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ],
        "kube-apiserver": [
            programs["kube-apiserver"],
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            f"--secure-port={port}",
            f"--etcd-servers=http://127.0.0.1:{etcd}",
            "--service-cluster-ip-range=10.79.0.0/16",
            f"--tls-cert-file={folder / 'apiserver.crt'}",
            f"--tls-private-key-file={folder / 'apiserver.key'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={folder / 'service-accounts.pub'}",
            f"--service-account-signing-key-file={folder / 'service-accounts.key'}",
            f"--token-auth-file={tokens}",
            "--authorization-mode=RBAC",
        ],
    }
    with ExitStack() as stack:
        for name, command in commands.items():
            log = stack.enter_context((folder / f"{name}.log").open("wb"))
            process = subprocess.Popen(command, stdout=log, stderr=log)
            stack.callback(_end, process)
        with closing(KubeAPIServer(port, folder / "ca.crt")) as api:
            wait_for("the API server is ready", api.is_ready, START_SECONDS)
            wait_for("it has namespaces", lambda: _has_namespace(api), START_SECONDS)
            for text in definitions.render().values():
                api.create(yaml.safe_load(text))
            yield api


def _has_namespace(api: KubeAPIServer) -> bool:
    return api.ask("GET", "/api/v1/namespaces/default")[0] == HTTPStatus.OK


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(STOP_SECONDS)
