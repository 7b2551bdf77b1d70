"""An API server in a process of its own, for tests and benchmarks of the whole operator process.

with api_server(folder, objects) as api:
    operator = subprocess.Popen(["dnsfleet-operator"], env={"KUBECONFIG": str(api.kubeconfig), …})
    api.patch("Zone", "a", "dns", {"spec": {"ttl": 60}})
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from support.api_server.kinds import BUILT_IN, Kind, Object, defined
from support.ports import free_port
from support.waiting import wait_for

START_SECONDS = 120.0
"""A hundred thousand objects are read in half a minute."""
ANSWER_SECONDS = 30.0
STOP_SECONDS = 20.0
AGENT = "tests"
"""The name under which this client writes."""
DEFINITIONS = Path(__file__).parents[2] / "crds"


class Written(NamedTuple):
    """What the API server made of a write."""

    object: Any
    """As it is now."""
    accepted: float
    """When the API server took it, as `time.monotonic()`."""


class APIServer:
    """A client that threads may share. Every method raises APIError where the server refuses."""

    def __init__(self, port: int, pid: int, kubeconfig: Path, kinds: Iterable[Kind]) -> None:
        self.pid = pid
        self.kubeconfig = kubeconfig
        self._kinds = {kind.name: kind for kind in kinds}
        self._port = port

    def get(self, kind: str, name: str, namespace: str = "") -> Object:
        """An object."""
        found: Object = self._ask("GET", self._path(kind, name, namespace)).object
        return found

    def all(self, kind: str) -> list[Object]:
        """All objects of a kind, in all namespaces."""
        known = self._kinds[kind]
        group = "apis" if known.group else "api"
        path = f"/{group}/{known.api_version}/{known.plural}"
        return list(self._ask("GET", path).object["items"])

    def create(self, body: Object) -> Written:
        """A new object."""
        namespace = body["metadata"].get("namespace", "")
        return self._ask("POST", self._path(body["kind"], "", namespace), body)

    def patch(self, kind: str, name: str, namespace: str, patch: Object) -> Written:
        """A JSON merge patch of an object."""
        content_type = "application/merge-patch+json"
        return self._ask("PATCH", self._path(kind, name, namespace), patch, content_type)

    def patch_status(self, kind: str, name: str, namespace: str, status: Object) -> Written:
        """A JSON merge patch of the status of an object."""
        path = self._path(kind, name, namespace) + "/status"
        return self._ask("PATCH", path, {"status": status}, "application/merge-patch+json")

    def delete(self, kind: str, name: str, namespace: str = "") -> Written:
        """Delete an object."""
        return self._ask("DELETE", self._path(kind, name, namespace))

    def serve(self, kind: str, served: bool) -> None:
        """Serve a kind or not: its watches end then, and all else is answered by 404."""
        self._ask("DELETE" if served else "PUT", f"/debug/unserved/{self._kinds[kind].plural}")

    def writes(self) -> dict[str, int]:
        """How many writes each plural had so far."""
        return dict(self._ask("GET", "/debug/writes").object)

    def lists(self) -> list[Object]:
        """Each list of another client: `plural`, `by` (who asked), `pages`, `began` and `ended`
        (`time.monotonic()`; None while pages are left)."""
        lists = self._ask("GET", "/debug/lists").object
        return [each for each in lists if each["by"] != AGENT]

    def _path(self, kind: str, name: str, namespace: str) -> str:
        known = self._kinds[kind]
        parts = ["apis" if known.group else "api", known.api_version]
        parts += ["namespaces", namespace] if known.namespaced else []
        return "/" + "/".join([*parts, known.plural, *([name] if name else [])])

    def _ask(
        self, method: str, path: str, body: Object | None = None, content_type: str = ""
    ) -> Written:
        headers = {"Content-Type": content_type or "application/json", "User-Agent": AGENT}
        text = None if body is None else json.dumps(body)
        # One connection for each request: one that is kept may be closed by the server unnoticed.
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_SECONDS)) as connection:
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            said = json.loads(answer.read())
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise APIError(f"{method} {path}: {said['message']} ({answer.status})")
        return Written(said, float(answer.headers.get("Accepted-At", 0)))


class APIError(Exception):
    """The API server refused."""


@contextmanager
def api_server(folder: Path, objects: Iterable[Object] = ()) -> Iterator[APIServer]:
    """An API server with our CRDs and these objects; it ends on leaving.

    `folder` gets its kubeconfig. In `objects`, namespaces come before what is in them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    definitions = [yaml.safe_load(path.read_text()) for path in sorted(DEFINITIONS.iterdir())]
    beginning = folder / "objects.jsonl"
    with beginning.open("w") as lines:
        for each in (*definitions, *objects):
            lines.write(json.dumps(each) + "\n")
    port = free_port()
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(json.dumps(_kubeconfig(port)))
    command = [sys.executable, "-m", "support.api_server", str(port), str(beginning)]
    with (folder / "api-server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=Path(__file__).parents[1])
    kinds = (*BUILT_IN, *map(defined, definitions))
    api = APIServer(port, process.pid, kubeconfig, kinds)
    try:
        wait_for("the API server", lambda: _is_up(process, port), START_SECONDS)
        beginning.unlink()
        yield api
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _is_up(process: subprocess.Popen[bytes], port: int) -> bool:
    if process.poll() is not None:
        raise AssertionError(f"the API server ended with {process.returncode}; see its log")
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)) as connection:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == HTTPStatus.OK
    except OSError:
        return False


def _kubeconfig(port: int) -> dict[str, Any]:
    named = {"cluster": "memory", "user": "tests"}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "memory", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "tests", "user": {}}],
        "contexts": [{"name": "memory", "context": named}],
        "current-context": "memory",
    }
