"""One edge: how its parts hang together, and the order in which it starts and stops.

    start   HTTP → disk → load what is there → follow → (complete: its turn, bind, ready)
    stop    ready for `drain_seconds` → not ready, answers on → acks, link, engine, disk, HTTP

An edge that is told to stop stays ready first. Under `externalTrafficPolicy: Local` a node gives
its queries to a pod that is terminating only while that is ready, and drops them otherwise, where
it has no other one; its load balancer looks away later, after a few failed checks. Then the edge is
not ready, so that nobody is sent to it any more, not even a client of before who keeps its port. It
answers until that has reached every node: `unready_seconds`, and longer while queries still come.

At addresses of a node (`handover`) an edge binds when it is its turn, and one that is told to stop
hands them over to the next one, or back to the one before it. Only where it is alone there it waits
as said above; the replacement for a pod that somebody deleted may come meanwhile.

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
from collections.abc import Callable, Mapping
from types import FrameType

from dnsfleet.replication import events, public_keys
from dnsfleet.replication.follower import Follower
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet_engine import Engine
from dnsfleet_following.link import Link
from dnsfleet_following.public_key_file import PublicKeyFile
from dnsfleet_following.replica import Replica
from dnsfleet_following.status import Readiness, Status
from dnsfleet_following.workers import Worker
from dnsfleet_io import listen_addresses
from dnsfleet_io.listen_addresses import Address
from dnsfleet_io.logs import line
from dnsfleet_io.pages import Page, PageServer, metrics_page, text_page
from dnsfleet_io.redis_watch import RedisWatch

from dnsfleet_edge import loads
from dnsfleet_edge.ack_sender import AckSender
from dnsfleet_edge.config import Config
from dnsfleet_edge.cookie_secrets import CookieSecrets
from dnsfleet_edge.disk import Contents, Disk, Stored
from dnsfleet_edge.disk_writing import DiskWriter
from dnsfleet_edge.handover import Handover, Hello, others_at
from dnsfleet_edge.late_pages import LatePages
from dnsfleet_edge.metrics import Metrics
from dnsfleet_edge.node_addresses import NODE, chosen
from dnsfleet_edge.refresh_commands import RefreshCommands, load_seconds
from dnsfleet_edge.state_file import LIVE, READY, Verdicts
from dnsfleet_edge.state_writer import StateWriter

# What the link is in the middle of, such as decoding a large zone, may take this long to end.
STOP_SECONDS = 2.0
# How long a complete set from the disk waits for newer revisions: enough for deltas, too short for
# an outage.
CATCH_UP_SECONDS = 2.0
# An edge that is not ready any more answers for so many times `unready_seconds` longer, as long as
# there is no pause between two queries of this part of it.
LATER = 2.0
QUIET = 0.2
# How late an edge that leaves notices one that follows it.
LOOK_SECONDS = 0.2
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
            self._metrics.link,
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
        self._handover = Handover(config.pop, self._steer) if config.is_on_node else None
        self._turn = Worker("turn", self._take_turn)
        self._state: StateWriter | None = None
        if config.state_file is not None:
            self._state = StateWriter(config.state_file, self._verdicts)
        self._serving = Worker("link", self._serve)
        self._catching_up = Worker("catch-up", self._catch_up)
        self._restored = False
        self._source = ""
        self._answering = False
        self._handed_over = False
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
            http = self._page_server(pages)
        except OSError as error:
            log.error(line("cannot_serve", problem=error.strerror))  # noqa: TRY400 - expected
            return _EXIT_FAILED
        http.start()
        log.info(line("started"))
        if self._state is not None:
            self._state.start()
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

    def _page_server(self, pages: Mapping[str, Callable[[], Page]]) -> PageServer | LatePages:
        host, port = self._config.http
        if host == NODE:
            return LatePages((self._config.host_ips[0], port), pages)
        return PageServer((host, port), pages)

    def _drain(self) -> None:
        """Answer until nobody comes any more, or another edge does it."""
        with self._binding:  # it may be about to answer
            answering = self._answering
        if not answering:
            self._readiness.drain()
            return
        seconds = self._config.drain_seconds
        log.info(line("leaving", seconds=seconds))
        self._readiness.leave()
        end = time.monotonic() + seconds
        while not self._hand_over() and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))
        self._readiness.drain()
        if self._handed_over:
            return
        seconds = self._config.unready_seconds
        log.info(line("draining", seconds=seconds))
        time.sleep(seconds)
        self._answer_latecomers(seconds)

    def _answer_latecomers(self, seconds: float) -> None:
        """Answer for up to twice as long while queries come: a node that is busy notices late."""
        end, answered = time.monotonic() + LATER * seconds, -1
        while answered != (answered := loads.read(self._engine).queries) and time.monotonic() < end:
            time.sleep(seconds * QUIET)

    def _hand_over(self) -> bool:
        """Whether another edge has the addresses now, and this one answers no more."""
        if self._handover is None or (other := self._handover.other) is None:
            return False
        log.info(line("handing_over", to=other.where))
        problem: object = "the other edge has ended meanwhile"
        try:
            if other.where == "next":
                self._engine.hand_over(other.sockets)
            else:
                self._engine.hand_back(other.sockets)
            has_it = self._handover.other is other
        except OSError as error:
            problem, has_it = error, False
        if not has_it:
            log.warning(line("handover_failed", problem=problem))
            self._steer()
            return False
        self._stop_acks()
        self._engine.close()
        # The other one steers from now on: it does not wait for clients of this one.
        self._handover.stop()
        self._engine.stop()
        self._handed_over = True
        return True

    def _stop_acks(self) -> None:
        """Say nothing more. What an edge has without answering, nobody is to count on."""
        if self._acks is not None:
            self._acks.stop()

    def _stop(self) -> None:
        self._stop_acks()
        self._link.stop()
        self._serving.join(STOP_SECONDS)
        self._engine.stop()
        if self._handover is not None:
            self._handover.stop()
        if self._state is not None:
            self._state.stop()
        self._keys.stop()
        if self._cookies is not None:
            self._cookies.stop()
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
                self._metrics.link.loads.labels("disk").inc()
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
            if self._source or self._stopping:
                return
            self._source = source
            if self._handover is not None:
                self._turn.start()
                return
        self._bind(None)

    def _take_turn(self) -> None:
        """Bind addresses of the node, once it is known which edge is there already."""
        assert self._handover is not None  # noqa: S101 - it is its thread
        self._readiness.waiting(
            "waiting for its turn: two edges of the Pop are on the node already"
        )
        self._bind(self._handover.turn())

    def _bind(self, before: Hello | None) -> None:
        source = self._source
        with self._binding:
            if self._stopping:
                return
            listen: list[Address] = []
            try:
                listen = self._listen()
                bound = self._engine.start(
                    listen,
                    self._config.shards,
                    self._config.responses_per_second,
                    self._config.exempt,
                    self._config.proxy_protocol_from,
                    joins=before.addresses if before is not None else [],
                    sockets=before.sockets if before is not None else 0,
                )
            except BaseException as error:
                if not isinstance(error, OSError):
                    log.exception(line("start_defect"))
                self._link.stop()
                self._problem = f"cannot answer DNS: {error}{self._blame(listen)}"
                os.kill(os.getpid(), signal.SIGTERM)
                return
            if self._handover is not None:
                sockets = max(self._config.shards, before.sockets if before is not None else 0)
                self._handover.serving(bound, sockets)
                self._status.addresses = tuple(host for host, _ in bound)
            self._readiness.ready(f"answers from its {source}")
            self._answering = True
        problem = self._engine.steering_error()
        if problem is not None:
            log.warning(line("steering_off", problem=problem))
        log.info(line("ready", source=source, listen=",".join(f"{a}#{p}" for a, p in bound)))
        self._changed()

    def _listen(self) -> list[Address]:
        """The addresses to bind; OSError where there is none."""
        hosts = self._config.host_ips, self._config.host_prefixes
        wanted = [
            (found, port)
            for host, port in self._config.listen
            for found in (chosen(*hosts) if host == NODE else [host])
        ]
        return listen_addresses.of_each_family(wanted)

    def _blame(self, listen: list[Address]) -> str:
        """Which edges of other Pops have one of the addresses."""
        others = others_at(listen, self._config.pop) if self._handover is not None else []
        if not others:
            return ""
        return (
            f"; Pop {', '.join(others)} answers there on this node: give each Pop addresses of its "
            "own by hostPrefixes, or nodes of its own by nodeSelector"
        )

    def _steer(self) -> None:
        """Have the kernel give queries to this edge alone."""
        try:
            self._engine.steer()
        except (OSError, RuntimeError) as error:  # the engine may have been stopped meanwhile
            log.warning(line("steering_off", problem=error))

    def _changed(self) -> None:
        if self._acks is not None:
            self._acks.changed()

    def _healthz(self) -> Page:
        return text_page(*self._health())

    def _readyz(self) -> Page:
        return text_page(*self._ready())

    def _verdicts(self) -> Verdicts:
        return {READY: self._ready(), LIVE: self._health()}

    def _health(self) -> tuple[bool, str]:
        problems = [worker.problem for worker in self._workers() if worker.problem]
        return not problems, "; ".join(problems) or "ok"

    def _workers(self) -> list[Worker]:
        parts = [self._writer, self._acks, self._cookies, self._handover, self._state]
        always = [self._serving, self._catching_up, self._keys.worker, self._turn]
        return [*always, *(part.worker for part in parts if part)]

    def _ready(self) -> tuple[bool, str]:
        ready, reason = self._readiness.verdict
        replica = "connected" if self._status.connected else "not connected"
        return ready, f"{reason}; replica {replica}, {len(self._status.zones())} zones"


def _exit_at_once(number: int, _frame: FrameType | None) -> None:
    """The second signal asks to end without waiting."""
    os._exit(128 + number)
