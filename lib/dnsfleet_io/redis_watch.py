"""How a Redis is, for /metrics: how soon it answers, its memory, and how far its copy has come.

A thread asks over one connection of its own, at a fixed pace. A scrape shows what came last and
asks nothing, so neither a scrape nor the work waits for a Redis that hangs, however many scrape.

The time of an answer is that of a PING. The commands of the role itself would tell less: XREAD
waits on purpose, one reply has five octets and another a megabyte, and where nothing changes there
are none. Every PING asks for the same, and waits for what keeps Redis busy as any other command
does. It is the time that this process sees, with the network and its own scheduling in it. An
answer that does not come within DEADLINE_SECONDS is counted as slower than every bucket.

What was told is shown until the next question. When that is not answered it is shown no more: an
old value of a Redis that is away would look like one of a Redis that is well.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import redis
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis import exceptions

from dnsfleet_io.logs import line
from dnsfleet_io.redis_clients import FAILURES, Server, bounded_redis_client

CORE, REPLICA = "core", "replica"
"""Values of the label `redis`."""

PING_SECONDS = 1.0
"""Between two PINGs: 15 of them in a scrape interval of 15 s, for some 100 octets a second."""
INFO_SECONDS = 5.0
"""Between two looks at memory and replication: three in a scrape interval of 15 s. Each takes Redis
about 0.1 ms, and has 4 kB."""
DEADLINE_SECONDS = 2.0
"""How long an answer may take, a connection too."""
OLD_SECONDS = INFO_SECONDS + 4 * DEADLINE_SECONDS
"""What was told so long ago is not shown, even if the thread still waits for an answer."""
RESPONSE_BUCKETS = (1e-4, 2.5e-4, 5e-4, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)
"""Seconds: from a Redis on the same machine to one that swaps."""

_DEFECT = "defect"
_UNUSED_KEY = "dnsfleet:writable"
"""Nobody makes it; the user of the publisher may write keys of such names."""

log = logging.getLogger(__name__)


class State(NamedTuple):
    """How a Redis is. None stands for what it did not tell."""

    memory: float | None = None
    memory_max: float | None = None
    """Octets; 0 for no limit."""
    fragmentation: float | None = None
    offset: float | None = None
    link_up: bool | None = None
    """Only of a replica."""
    writable: bool | None = None
    """Only of a core."""


class RedisMetrics(Collector):
    """What /metrics says of one Redis. It outlives the watches that fill it."""

    def __init__(self, registry: CollectorRegistry, kind: str) -> None:
        """`kind` is CORE or REPLICA."""
        self.kind = kind
        self._newest: tuple[float, State] | None = None
        """When that was told, and what."""
        responses = Histogram(
            "dnsfleet_redis_response_seconds",
            f"How long Redis took to answer a PING, which it gets every {PING_SECONDS:g} s; where "
            f"no answer came for {DEADLINE_SECONDS:g} s only the bucket +Inf counts it.",
            ["redis"],
            buckets=RESPONSE_BUCKETS,
            registry=registry,
        )
        self._responses = responses.labels(kind)
        registry.register(self)

    def answered(self, seconds: float) -> None:
        """A PING was answered after so many seconds, or not at all within them."""
        self._responses.observe(seconds)

    def show(self, state: State | None) -> None:
        """Show this from now on; None for nothing."""
        self._newest = None if state is None else (time.monotonic(), state)

    def _state(self) -> State:
        """What was told last, unless it is old."""
        newest = self._newest
        if newest is None or time.monotonic() - newest[0] > OLD_SECONDS:
            return State()
        return newest[1]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The state as gauges."""
        state = self._state()
        yield self._family(
            "memory_bytes",
            "Memory that Redis uses, as it compares it with its limit: without what waits for its "
            "file, and what replicas have not taken yet beyond the backlog.",
            state.memory,
        )
        yield self._family(
            "memory_max_bytes",
            "Memory that Redis may use before it refuses writes (maxmemory); 0 for no limit.",
            state.memory_max,
        )
        yield self._family(
            "memory_fragmentation_ratio",
            "Memory that the system gave to Redis, to what Redis uses of it.",
            state.fragmentation,
        )
        yield self._family(
            "replication_offset_bytes",
            "How far the stream of replication has come: what the core has written into it, or a "
            "replica has taken of it. Both count from the same beginning.",
            state.offset,
        )
        if self.kind == REPLICA:
            yield self._family("link_up", "1 while the replica follows its core.", state.link_up)
        else:
            yield self._family(
                "writable",
                "1 when the core takes writes, 0 when it answers and refuses them: it is out of "
                "memory, cannot write its files, or is a replica.",
                state.writable,
            )

    def _family(self, name: str, text: str, value: float | None) -> GaugeMetricFamily:
        text += " No series while Redis does not answer."
        family = GaugeMetricFamily(f"dnsfleet_redis_{name}", text, labels=["redis"])
        if value is not None:
            family.add_metric([self.kind], float(value))
        return family


class RedisWatch:
    """Asks one Redis until it is stopped."""

    def __init__(self, where: str | Server, metrics: RedisMetrics) -> None:
        """`where` is a URL or the parts of one. It begins at once."""
        self._client = bounded_redis_client(where, DEADLINE_SECONDS)
        self._metrics = metrics
        self._logged_in = False
        self._told = ""
        """Why there are no values, as it was logged."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="redis-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask no more, and show nothing more; a question that is under way ends by itself."""
        self._stopping.set()
        self._metrics.show(None)

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopping.is_set():
            try:
                self._ping()
                if time.monotonic() >= due:
                    self._show(self._ask())
                    due = time.monotonic() + INFO_SECONDS
                    self._tell("")
            except (exceptions.ConnectionError, exceptions.TimeoutError):
                due = self._forget()  # the work that needs this Redis logs that
            except FAILURES as error:
                due = self._forget()
                self._tell(str(error) or type(error).__name__)
            except Exception:  # whatever a server makes the client do, the thread goes on
                due = self._forget()
                if self._told != _DEFECT:
                    log.exception(line("redis_watch_defect", redis=self._metrics.kind))
                self._told = _DEFECT
            self._stopping.wait(PING_SECONDS)
        with contextlib.suppress(redis.RedisError):
            self._client.close()

    def _forget(self) -> float:
        """Show nothing, log in anew, and ask at once; that is the time from when to ask."""
        self._logged_in = False
        self._show(None)
        return time.monotonic()

    def _tell(self, problem: str) -> None:
        """Log why a Redis that is there tells nothing, once until it does; empty: it does."""
        if problem and not self._told:
            log.warning(line("redis_tells_nothing", redis=self._metrics.kind, problem=problem))
        elif self._told and not problem:
            log.info(line("redis_tells_again", redis=self._metrics.kind))
        self._told = problem

    def _show(self, state: State | None) -> None:
        if not self._stopping.is_set():
            self._metrics.show(state)

    def _ping(self) -> None:
        try:
            if not self._logged_in:
                self._client.ping()  # not timed: it connects and logs in too
                self._logged_in = True
            began = time.monotonic()
            self._client.ping()
        except exceptions.TimeoutError:
            self._metrics.answered(DEADLINE_SECONDS)
            raise
        self._metrics.answered(time.monotonic() - began)

    def _ask(self) -> State:
        memory, replication = self._client.info("memory"), self._client.info("replication")
        offset = "slave" if replication.get("role") == "slave" else "master"
        state = State(
            memory=_counted(memory),
            memory_max=_number(memory, "maxmemory"),
            fragmentation=_number(memory, "mem_fragmentation_ratio"),
            offset=_number(replication, f"{offset}_repl_offset"),
        )
        if self._metrics.kind == CORE:
            return state._replace(writable=self._takes_writes())
        return state._replace(link_up=replication.get("master_link_status") == "up")

    def _takes_writes(self) -> bool:
        """Whether a write would be taken, found out by one that never changes anything.

        Redis refuses each command that may write before it looks at what it would do. To put
        nothing into a string makes no key, and nothing of it is replicated.
        """
        try:
            self._client.setrange(_UNUSED_KEY, 0, "")
        except exceptions.ResponseError:
            return False
        return True


def _counted(memory: dict[str, Any]) -> float | None:
    """What Redis compares with its limit: without buffers that come and go."""
    used, apart = _number(memory, "used_memory"), _number(memory, "mem_not_counted_for_evict")
    return used if used is None or apart is None else used - apart


def _number(info: dict[str, Any], key: str) -> float | None:
    value = info.get(key)
    if not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:  # an integer above 10^308
        return None
