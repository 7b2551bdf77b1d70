"""`python -m support.api_server PORT OBJECTS`: the API over HTTP, until a signal.

OBJECTS is a file of the objects that are there from the beginning, one per line, in JSON.

Beside the API it answers /readyz, and two pages for benchmarks: /debug/writes has the number of
writes for each plural, /debug/lists has when each list began and ended. Each answer to a write has
the header `Accepted-At`: when the write was taken. These times are of CLOCK_MONOTONIC, which
`time.monotonic()` gives in every process of a machine. PUT of /debug/unserved/PLURAL ends all
watches of a kind and has 404 for all that is asked of it; DELETE has it served again.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from support.api_server.cluster import MemoryAPI
from support.api_server.kinds import Kind, Object, discovery
from support.api_server.storage import Key, Page, Storage, told
from support.api_server.writing import RefusedError, Writer

MAX_BODY = 4 << 20
"""Octets of an object: more than etcd takes."""
WATCH_SECONDS = 1800.0
"""How long a watch lasts whose request does not say how long."""
ACCEPTED = "Accepted-At"
_JSON = "application/json"
_APPLY, _MERGE = "application/apply-patch+yaml", "application/merge-patch+json"


class _Target(NamedTuple):
    """What a path names; the name is empty where it means all objects."""

    kind: Kind
    key: Key
    subresource: str


class Server:
    """The handlers of requests, and their counts."""

    def __init__(self, api: MemoryAPI) -> None:
        self._api = api
        self._writes: Counter[str] = Counter()
        self._lists: dict[tuple[str, int], Object] = {}
        self._unserved: set[str] = set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The answer to any request."""
        try:
            if request.path == "/readyz":
                return web.Response(text="ok")
            if request.path == "/debug/writes":
                return web.json_response(self._writes)
            if request.path == "/debug/lists":
                return web.json_response(list(self._lists.values()))
            if request.path.startswith("/debug/unserved/"):
                return self._serve(request)
            if request.path.rstrip("/") == "/version":
                return web.Response(text='{\n  "gitVersion": "v0.0.0"\n}\n', content_type=_JSON)
            found = discovery(request.path, self._api.kinds)
            if found is not None:
                return web.json_response(found)
            return await self._answer(request, self._target(request.path))
        except RefusedError as error:
            return web.json_response(_status(error), status=error.code)

    def _serve(self, request: web.Request) -> web.Response:
        plural = request.path.rpartition("/")[2]
        if request.method == "PUT":
            self._unserved.add(plural)
            for kind in self._api.kinds:
                if kind.plural == plural:
                    self._api.storage(kind).wake()
        else:
            self._unserved.discard(plural)
        return web.json_response({})

    def _target(self, path: str) -> _Target:
        parts = path.strip("/").split("/")
        core = parts[0] == "api"
        api_version = parts[1] if core else "/".join(parts[1:3])
        rest = parts[2:] if core else parts[3:]
        namespace = ""
        if rest[:1] == ["namespaces"] and len(rest) > 2 and rest[2] != "status":
            namespace, rest = rest[1], rest[2:]
        plural, name, subresource = (*rest, "", "", "")[:3]
        return _Target(self._api.kind((api_version, plural)), (namespace, name), subresource)

    async def _answer(self, request: web.Request, target: _Target) -> web.StreamResponse:
        if target.kind.plural in self._unserved:
            return web.Response(status=404, text="404 page not found")
        if request.method != "GET":
            return await self._write(request, target)
        if target.key[1]:
            return _sent(self._api.get(target.kind, target.key))
        if request.query.get("watch") in ("true", "True", "1"):
            return await self._watch(request, target)
        return self._list(request, target)

    async def _write(self, request: web.Request, target: _Target) -> web.Response:
        text = await request.read()
        body = json.loads(text) if text else {}
        # No await from here on: no other request sees half of a write.
        key = target.key
        agent = request.headers.get("User-Agent", "unknown").partition("/")[0]
        manager = request.query.get("fieldManager", agent)
        writer = Writer(manager, "Update", target.subresource)
        match request.method, request.content_type:
            case "POST", _:
                data = self._api.create(target.kind, key[0], body, writer)
            case "PUT", _:
                data = self._api.replace(target.kind, key, body, writer)
            case "PATCH", content if content == _APPLY:
                writer = Writer(manager, "Apply", target.subresource)
                data = self._api.apply(target.kind, key, body, writer)
            case "PATCH", content if content == _MERGE:
                data = self._api.merge(target.kind, key, body, writer)
            case "DELETE", _:
                preconditions = body.get("preconditions") or {}
                data = json.dumps(self._api.delete(target.kind, key, preconditions)).encode()
            case method, content:
                raise RefusedError(
                    415, "UnsupportedMediaType", f"{method} {content}: not known here"
                )
        self._writes[target.kind.plural] += 1
        return web.Response(
            body=data,
            status=201 if request.method == "POST" else 200,
            content_type=_JSON,
            headers={ACCEPTED: f"{time.monotonic():.6f}"},
        )

    def _list(self, request: web.Request, target: _Target) -> web.Response:
        began, query = time.monotonic(), request.query
        page = self._api.storage(target.kind).page(
            target.key[0],
            query.get("labelSelector", ""),
            int(query.get("limit", 0)),
            query.get("continue", ""),
            self._api.version,
        )
        answer = _sent(_list_text(target.kind, page))
        plural, agent = target.kind.plural, request.headers.get("User-Agent", "unknown")
        new = {"plural": plural, "by": agent.partition("/")[0], "began": began, "pages": 0}
        noted: Object = self._lists.setdefault((plural, page.number), new)
        noted["pages"] += 1
        noted["ended"] = None if page.token else time.monotonic()
        return answer

    async def _watch(self, request: web.Request, target: _Target) -> web.StreamResponse:
        query, storage = request.query, self._api.storage(target.kind)
        if query.get("sendInitialEvents") == "true":
            raise RefusedError(422, "Invalid", "sendInitialEvents: not known here; list first")
        seconds = float(query.get("timeoutSeconds", WATCH_SECONDS))
        stream = web.StreamResponse(headers={"Content-Type": _JSON})
        await stream.prepare(request)
        watch = _Watch(
            storage,
            target.key[0],
            query.get("labelSelector", ""),
            int(query.get("resourceVersion") or self._api.version),
            lambda: target.kind.plural not in self._unserved,
        )
        try:
            async with asyncio.timeout(seconds):
                await watch.tell(stream)
        except TimeoutError:
            if query.get("allowWatchBookmarks") == "true" and not storage.since(watch.version):
                await stream.write(_bookmark(target.kind, self._api.version))
        except RefusedError as error:
            line = {"type": "ERROR", "object": _status(error)}
            await stream.write(json.dumps(line).encode() + b"\n")
        except ConnectionError:
            return stream  # nobody reads any more
        await stream.write_eof()
        return stream


@dataclass
class _Watch:
    """One watch of the objects of a kind."""

    storage: Storage
    namespace: str
    selector: str
    version: int
    """The version up to which it got every event."""
    is_served: Callable[[], bool]

    async def tell(self, stream: web.StreamResponse) -> None:
        """Send event after event while it is served; RefusedError where it is too far behind."""
        news = asyncio.Event()
        self.storage.listeners.add(news.set)
        try:
            while self.is_served():
                news.clear()
                events = self.storage.since(self.version)
                lines = [told(event, self.namespace, self.selector) for event in events]
                if text := b"".join(filter(None, lines)):
                    await stream.write(text)
                if events:
                    self.version = events[-1].version
                else:
                    await news.wait()
        finally:
            self.storage.listeners.discard(news.set)


def _list_text(kind: Kind, page: Page) -> bytes:
    metadata: Object = {"resourceVersion": str(page.version)}
    if page.token:
        metadata |= {"continue": page.token, "remainingItemCount": page.left}
    head = {"kind": f"{kind.name}List", "apiVersion": kind.api_version, "metadata": metadata}
    return json.dumps(head).encode()[:-1] + b',"items":[' + b",".join(page.items) + b"]}"


def _bookmark(kind: Kind, version: int) -> bytes:
    metadata = {"resourceVersion": str(version)}
    whole = {"kind": kind.name, "apiVersion": kind.api_version, "metadata": metadata}
    return json.dumps({"type": "BOOKMARK", "object": whole}).encode() + b"\n"


def _status(error: RefusedError) -> Object:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": str(error),
        "reason": error.reason,
        "code": error.code,
    }


def _sent(data: bytes) -> web.Response:
    return web.Response(body=data, content_type=_JSON)


def main() -> None:
    port, objects = int(sys.argv[1]), Path(sys.argv[2])
    api = MemoryAPI()
    with objects.open("rb") as lines:
        for line in lines:
            api.load(json.loads(line))
    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_route("*", "/{path:.*}", Server(api).answer)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None, shutdown_timeout=0.1)


main()
