"""A Redis in memory, with the commands that the fleet uses and the scripts of the publisher.

`tests/integration/core/test_memory_redis.py` holds it to a real Valkey over random calls.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from types import SimpleNamespace
from typing import Any

import redis
from dnsfleet.replication import keys

MOMENTS = 12
"""Positions of the log that a copy is kept of: what a core may lose, or a replica may show."""

_REVISION = re.compile(r"(\d+)\.(\d+)$")
Entry = tuple[bytes, Mapping[bytes, bytes]]


@dataclass
class Data:
    """What a Redis holds."""

    values: dict[str, bytes] = field(default_factory=dict)
    expiring: set[str] = field(default_factory=set)
    """Keys among `values` that will go when time goes by."""
    hashes: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)
    top: int = 0
    """The highest position that the log ever had since it began."""

    def copy(self) -> "Data":
        hashes = {name: dict(each) for name, each in self.hashes.items()}
        return Data(dict(self.values), set(self.expiring), hashes, list(self.log), self.top)

    @property
    def position(self) -> int:
        value = self.values.get(keys.LSN, b"")
        return int(value) if value.isdigit() else 0

    def delete(self, name: str) -> None:
        self.values.pop(name, None)
        self.expiring.discard(name)
        self.hashes.pop(name, None)
        if name == keys.LOG:
            self.log, self.top = [], 0

    def expire(self) -> None:
        """Let all the time pass that chunks stay."""
        for name in list(self.expiring):
            self.delete(name)


class Server:
    """A Redis, and how it was after each of its last publications."""

    def __init__(self) -> None:
        self.data = Data()
        self.moments: deque[Data] = deque(maxlen=MOMENTS)
        self.lost_answer = ""
        """Where the answer of the next publication is to be lost: `refused`, `done`, or `later`,
        which is done with the next one."""
        self.late: Callable[[], list[str]] = list

    def carry_out(self) -> None:
        """Do what is late."""
        self.late()
        self.late = list

    def client(self) -> Any:
        """What `CoreRedis` takes for a client of it."""
        return _Client(self)


class _Client:
    """The part of `redis.Redis` that CoreRedis calls."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.connection_pool = SimpleNamespace(connection_kwargs={})

    def register_script(self, text: str) -> Callable[..., Any]:
        return {
            _script("claim.lua"): self._claim,
            _script("publish.lua"): self._publish,
            _script("end.lua"): self._end,
            _script("acks.lua"): self._acks,
            _script("note.lua"): self._note,
        }[text]

    def pipeline(self, transaction: bool) -> "_Pipeline":
        assert not transaction
        return _Pipeline(self)

    @property
    def _data(self) -> Data:
        return self._server.data

    def time(self) -> tuple[int, int]:
        return 0, 0

    def get(self, name: str) -> bytes | None:
        return self._data.values.get(name)

    def mget(self, names: Sequence[str]) -> list[bytes | None]:
        return [self.get(name) for name in names]

    def set(self, name: str, value: bytes, ex: int) -> None:
        assert ex > 0
        self._data.values[name] = value
        self._data.expiring.add(name)

    def exists(self, *names: str) -> int:
        return sum(name in self._data.values for name in names)

    def hgetall(self, name: str) -> dict[bytes, bytes]:
        return dict(self._data.hashes.get(name, {}))

    def hkeys(self, name: str) -> list[bytes]:
        return list(self._data.hashes.get(name, {}))

    def hmget(self, name: str, fields: Sequence[str]) -> list[bytes | None]:
        found = self._data.hashes.get(name, {})
        return [found.get(each.encode()) for each in fields]

    def hscan(
        self, name: str, cursor: int = 0, count: int | None = None
    ) -> tuple[int, dict[bytes, bytes]]:
        return 0, self.hgetall(name)

    def unlink(self, *names: bytes) -> None:
        for each in names:
            self._data.delete(each.decode())

    def hdel(self, name: str, *fields: str) -> None:
        found = self._data.hashes.get(name, {})
        for each in fields:
            found.pop(each.encode(), None)

    # The scripts: each as the file of its name says

    def _claim(self, keys: Sequence[str], args: Sequence[int]) -> int:
        stored = (self.get(keys[0]) or b"").decode()
        wanted, above, step = args
        known = max(int(stored) if stored.isdigit() else 0, above)
        fence = wanted if wanted > known else known + step
        self._data.values[keys[0]] = b"%d" % fence
        return fence

    def _note(self, keys: Sequence[str], args: Sequence[Any]) -> bytes:
        stored = self.get(keys[0]) or b""
        if stored != _text(args[0]):
            return stored
        found = self._data.hashes.setdefault(keys[1], {})
        for name, value in zip(args[1::2], args[2::2], strict=True):
            if _text(value):
                found[_text(name)] = _text(value)
            else:
                found.pop(_text(name), None)
        return stored

    def _publish(self, keys: Sequence[str], args: Sequence[Any]) -> list[bytes]:
        return self._carry_out(lambda: _publish(self._data, keys, args))

    def _end(self, keys: Sequence[str], args: Sequence[Any]) -> list[bytes]:
        return self._carry_out(lambda: _end(self._data, keys, args))

    def _carry_out(self, script: Callable[[], list[str]]) -> list[bytes]:
        """Run what changes the index, where its answer is not to be lost."""
        self._server.carry_out()
        lost, self._server.lost_answer = self._server.lost_answer, ""

        def run() -> list[str]:
            said = script()
            if said[0] == "ok":
                self._server.moments.append(self._data.copy())
            return said

        if lost == "later":
            self._server.late = run
        elif lost != "refused":
            said = run()
        if lost:
            raise redis.TimeoutError("lost")
        return [part.encode() for part in said]

    def _acks(self, keys: Sequence[str], args: Sequence[Any]) -> tuple[list[bytes], list[bytes]]:
        (hash_,), (prefix, *_) = keys, args
        slots = sorted(name for name in self._data.values if name.startswith(prefix))
        said = [part for name in slots for part in (name.encode(), self._data.values[name])]
        return said, [part for pair in self.hgetall(hash_).items() for part in pair]


class _Pipeline:
    """Calls that are made when it is executed."""

    def __init__(self, client: _Client) -> None:
        self._client = client
        self._calls: list[Callable[[], Any]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        command = getattr(self._client, name)

        def later(*args: Any, **named: Any) -> None:
            self._calls.append(lambda: command(*args, **named))

        return later

    def execute(self) -> list[Any]:
        return [call() for call in self._calls]


def _publish(data: Data, names: Sequence[str], args: Sequence[Any]) -> list[str]:
    """`publish.lua`."""
    fence_key, lsn_key, log, zones, fleet_key, head_key, kept_key, *chunks = names
    fence, lsn, _, origin, revision, follows, head, count, _, left, or_left, fleet, *more = args
    _, kept, _, *kept_no_longer = more
    new, superseded = chunks[:count], chunks[count:]
    stored_fence = data.values.get(fence_key, b"").decode()
    if stored_fence != str(fence):
        return ["fence", stored_fence]
    position = data.values.get(lsn_key, b"0").decode()
    if position not in (str(left), str(or_left)):
        return ["lsn", position]
    if origin:
        said = data.hashes.get(zones, {}).get(origin.encode(), b"").decode()
        match = _REVISION.search(said)
        stored = match[0] if match else ""
        if stored != follows or (stored and _numbers(revision) <= _numbers(stored)):
            return ["revision", stored]
    for name in new:
        if name not in data.values:
            return ["chunk", name]
    if lsn <= data.top:
        data.delete(log)
    fields = {b"zone": origin, b"revision": revision, b"after": position}
    data.log.append((b"%d-0" % lsn, {name: _text(value) for name, value in fields.items()}))
    data.top = lsn
    data.expiring -= set(new)
    data.values[head_key] = head
    if fleet:
        data.values[fleet_key] = fleet
    if origin:
        index = data.hashes.setdefault(zones, {})
        index[origin.encode()] = f"{lsn} {revision}".encode()
    data.values[lsn_key] = b"%d" % lsn
    data.expiring |= {name for name in superseded if name in data.values}
    for other in kept_no_longer:
        data.hashes.get(kept_key, {}).pop(other.encode(), None)
    if kept:
        data.hashes.setdefault(kept_key, {})[origin.encode()] = kept
    return ["ok", position]


def _end(data: Data, names: Sequence[str], args: Sequence[Any]) -> list[str]:
    """`end.lua`."""
    fence_key, lsn_key, zones, manifest_key = names
    fence, lsn, origin, revision, left, or_left = args
    stored_fence = data.values.get(fence_key, b"").decode()
    if stored_fence != str(fence):
        return ["fence", stored_fence]
    position = data.values.get(lsn_key, b"0").decode()
    if position not in (str(left), str(or_left)):
        return ["lsn", position]
    index = data.hashes.setdefault(zones, {})
    match = _REVISION.search(index.get(origin.encode(), b"").decode())
    if (match[0] if match else "") != revision:
        return ["revision", match[0] if match else ""]
    data.values[lsn_key] = b"%d" % lsn
    index.pop(origin.encode(), None)
    data.delete(manifest_key)
    return ["ok", position]


def _numbers(revision: str) -> tuple[int, int]:
    epoch, _, seq = revision.partition(".")
    return int(epoch), int(seq)


def _text(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _script(name: str) -> str:
    return resources.files("dnsfleet_publisher").joinpath(name).read_text()
