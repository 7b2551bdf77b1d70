"""One edge: how its parts hang together, and the order in which it starts and stops.

    start   HTTP → disk → load what is there → follow → (complete: bind, ready)
    stop    ready for `drain_seconds` → not ready, answers on → link, engine, acks, disk, HTTP

An edge that is told to stop stays ready first. Under `externalTrafficPolicy: Local` a node gives
its queries to a pod that is terminating only while that is ready, and drops them otherwise, where
it has no other one; its load balancer looks away later, after a few failed checks. Then the edge is
not ready, so that nobody is sent to it any more, not even a client of before who keeps its port. It
answers until that has reached every node: `unready_seconds`, and longer while queries still come.

Sockets are bound once, when a complete set of zones is loaded: an edge with fewer zones would
answer REFUSED for one that it should have. From then on only a signal ends the answering.

A complete set on the disk is enough to answer from, but it may be older than what this edge
answered before it ended. So the replica gets `CATCH_UP_SECONDS` to bring what is newer. A replica
that cannot be reached is not waited for.

The main thread only waits for a signal. Reading the disk and following are done by one other
thread, so that a signal ends the edge in any phase. The signals are blocked in every thread and
taken by `sigwait`: the kernel may give one to any thread that does not block it, and a Python
handler would then wait until the main thread wakes up by itself. A thread that cannot go on notes
why, and sends the process such a signal.
"""

import logging
import os
import signal
import threading
import time
from types import FrameType

from dnsfleet.replication import events, public_keys
from dnsfleet.replication.follower import Follower
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet_engine import Engine
from dnsfleet_io import listen_addresses
from dnsfleet_io.logs import line
from dnsfleet_io.pages import Page, PageServer, metrics_page, text_page
from dnsfleet_io.redis_watch import RedisWatch

from dnsfleet_edge import loads
from dnsfleet_edge.ack_sender import AckSender
from dnsfleet_edge.config import Config
from dnsfleet_edge.cookie_secrets import CookieSecrets
from dnsfleet_edge.disk import Contents, Disk, Stored
from dnsfleet_edge.disk_writing import DiskWriter
from dnsfleet_edge.link import Link
from dnsfleet_edge.metrics import Metrics
from dnsfleet_edge.public_key_file import PublicKeyFile
from dnsfleet_edge.refresh_commands import RefreshCommands, load_seconds
from dnsfleet_edge.replica import Replica
from dnsfleet_edge.status import Readiness, Status
from dnsfleet_edge.workers import Worker

# What the link is in the middle of, such as decoding a large zone, may take this long to end.
STOP_SECONDS = 2.0
# How long a complete set from the disk waits for newer revisions: enough for deltas, too short for
# an outage.
CATCH_UP_SECONDS = 2.0
# An edge that is not ready any more answers for so many times `unready_seconds` longer, as long as
# there is no pause between two queries of this part of it.
LATER = 2.0
QUIET = 0.2
_STOPS = (signal.SIGTERM, signal.SIGINT)
_EXIT_FAILED = 1

log = logging.getLogger(__name__)


class Edge:
    """The edge that a config describes; `run` starts, serves and stops it."""

    def __init__(self, config: Config, trusted: PublicKeys) -> None:
        self._config = config
        self._engine = Engine(config.identity_text)
        self._readiness = Readiness()
        self._status = Status()
        self._status.keys = tuple(map(public_keys.identify, trusted))
        self._metrics = Metrics(
            self._engine,
            self._readiness,
            self._status,
            zone_series_always=config.zone_series == "Always",
        )
        self._cookies: CookieSecrets | None = None
        if config.cookie_secrets is not None:
            self._cookies = CookieSecrets(
                config.cookie_secrets, self._engine, self._metrics.cookie_secrets.set
            )
        self._disk = Disk(config.state_dir, trusted, config.pop)
        self._writer = DiskWriter(
            self._disk, self._metrics.disk_failures.inc, self._metrics.disk_writes.observe
        )
        self._metrics.watch_disk(self._writer.held_at)
        self._follower = Follower(config.pop, trusted)
        self._link = Link(
            Replica(config.replica_url),
            self._follower,
            self._engine,
            self._status,
            self._metrics,
            self._writer,
            RefreshCommands(config.pop, trusted, lambda: load_seconds(self._engine)),
            complete=self._complete,
            unreachable=self._answer_from_disk,
            changed=self._changed,
        )
        self._keys = PublicKeyFile(config.public_key, trusted, self._link.trust)
        self._acks: AckSender | None = None
        if config.core_url is not None:
            self._acks = AckSender(
                config.core_url,
                f"{config.pop}/{config.edge}",
                self._status,
                self._readiness,
                lambda: loads.read(self._engine),
                self._metrics.ack_failures.inc,
            )
        self._serving = Worker("link", self._serve)
        self._catching_up = Worker("catch-up", self._catch_up)
        self._restored = False
        self._answering = False
        self._binding = threading.Lock()
        self._stopping = False
        self._problem: str | None = None

    def run(self) -> int:
        """Serve until a signal; returns the exit status of the process."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        try:
            return self._run()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _run(self) -> int:
        pages = {
            "/healthz": self._healthz,
            "/readyz": self._readyz,
            "/metrics": lambda: metrics_page(self._metrics.registry),
        }
        try:
            http = PageServer(self._config.http, pages)
        except OSError as error:
            log.error(line("cannot_serve", problem=error.strerror))  # noqa: TRY400 - expected
            return _EXIT_FAILED
        http.start()
        log.info(line("started"))
        if self._acks is not None:
            self._acks.start()
        if self._cookies is not None:
            self._cookies.start()
        self._keys.start()
        self._serving.start()
        watch = RedisWatch(self._config.replica_url, self._metrics.redis)
        signal.sigwait(_STOPS)
        self._stopping = True
        for number in _STOPS:
            signal.signal(number, _exit_at_once)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        if self._problem is None:
            self._drain()
        else:
            log.error(line("cannot_serve", problem=self._problem))
        watch.stop()
        self._stop()
        http.stop()
        log.info(line("stopped"))
        return 0 if self._problem is None else _EXIT_FAILED

    def _drain(self) -> None:
        """Answer until nobody comes any more."""
        if not self._answering:
            self._readiness.drain()
            return
        seconds = self._config.drain_seconds
        log.info(line("leaving", seconds=seconds))
        self._readiness.leave()
        time.sleep(seconds)
        self._readiness.drain()
        seconds = self._config.unready_seconds
        log.info(line("draining", seconds=seconds))
        time.sleep(seconds)
        self._answer_latecomers(seconds)

    def _answer_latecomers(self, seconds: float) -> None:
        """Answer for up to twice as long while queries come: a node that is busy notices late."""
        end, answered = time.monotonic() + LATER * seconds, -1
        while answered != (answered := loads.read(self._engine).queries) and time.monotonic() < end:
            time.sleep(seconds * QUIET)

    def _stop(self) -> None:
        self._link.stop()
        self._serving.join(STOP_SECONDS)
        self._engine.stop()
        self._keys.stop()
        if self._cookies is not None:
            self._cookies.stop()
        if self._acks is not None:
            self._acks.stop()
        self._writer.stop()

    def _serve(self) -> None:
        """The link's thread: what the disk has, then whatever the replica has that is newer."""
        found = self._read_disk()
        self._restore(found.zones)
        self._writer.start((each.manifest.zone for each in found.zones), found.complete)
        if found.complete:
            self._readiness.waiting("looking for newer revisions at the replica")
            self._restored = True
            self._catching_up.start()
        else:
            first, more = found.problems[0], len(found.problems) - 1
            level = logging.INFO if found.new else logging.WARNING
            log.log(level, line("disk_incomplete", problem=first, more_problems=more))
            self._readiness.waiting("waiting for the replica: no complete set of zones on disk")
        self._link.run()

    def _read_disk(self) -> Contents:
        try:
            return self._disk.read()
        except BaseException as error:
            # The replica has all that the disk has.
            log.exception(line("disk_defect", what="start"))
            return Contents([], [repr(error)])

    def _catch_up(self) -> None:
        time.sleep(CATCH_UP_SECONDS)
        self._answer_from_disk()

    def _restore(self, stored: list[Stored]) -> None:
        for each in stored:
            if each.zone is not None:
                self._engine.load(each.zone)
                self._status.loaded(each.manifest)
                self._metrics.loads.labels("disk").inc()
        log.info(line("disk_loaded", zones=len(self._status.zones())))
        self._follower.feed(events.Restored([(each.manifest, each.signed) for each in stored]))

    def _complete(self) -> None:
        self._writer.complete()
        self._answer("replica")

    def _answer_from_disk(self) -> None:
        if self._restored:
            self._answer("disk")

    def _answer(self, source: str) -> None:
        """Bind the sockets, if they are not: from here on this edge needs nothing to answer."""
        with self._binding:
            if self._answering or self._stopping:
                return
            try:
                bound = self._engine.start(
                    listen_addresses.of_each_family(self._config.listen),
                    self._config.shards,
                    self._config.responses_per_second,
                    self._config.exempt,
                    self._config.proxy_protocol_from,
                )
            except BaseException as error:
                if not isinstance(error, OSError):
                    log.exception(line("start_defect"))
                self._link.stop()
                self._problem = f"cannot answer DNS: {error}"
                os.kill(os.getpid(), signal.SIGTERM)
                return
            self._answering = True
        problem = self._engine.steering_error()
        if problem is not None:
            log.warning(line("steering_off", problem=problem))
        self._readiness.ready(f"answers from its {source}")
        log.info(line("ready", source=source, listen=",".join(f"{a}#{p}" for a, p in bound)))
        self._changed()

    def _changed(self) -> None:
        if self._acks is not None:
            self._acks.changed()

    def _healthz(self) -> Page:
        problems = [worker.problem for worker in self._workers() if worker.problem]
        return text_page(not problems, "; ".join(problems) or "ok")

    def _workers(self) -> list[Worker]:
        parts = [self._writer, self._acks, self._cookies]
        always = [self._serving, self._catching_up, self._keys.worker]
        return [*always, *(part.worker for part in parts if part)]

    def _readyz(self) -> Page:
        ready, reason = self._readiness.verdict
        replica = "connected" if self._status.connected else "not connected"
        return text_page(ready, f"{reason}; replica {replica}, {len(self._status.zones())} zones")


def _exit_at_once(number: int, _frame: FrameType | None) -> None:
    """The second signal asks to end without waiting."""
    os._exit(128 + number)
