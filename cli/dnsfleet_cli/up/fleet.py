"""`dnsfleet up` from beginning to end: from the first look at the files to the last process.

    files ──look──▶ zones ──publish──▶ core ══▶ replicas ──▶ edges ──acks──▶ told

The Pops come first. Only their documents are needed to start every process, and an edge answers
from what it has on its disk, so a restart of ten thousand zones does not wait for their manifests
to be parsed.

After that one thread, the main one, does all of it in a loop that is driven by an inbox: changed
files from the watcher, starts and exits from the supervisor. Each round costs what changed. Between
changes the loop wakes up by itself: often while a publication is on its way, to hear the acks;
every CHECK_SECONDS to ask whether the core still has what was published; soon, while a file is half
written, because no event tells that it is whole; and now and then to compare the stamps of all
files, because a watcher can miss a change.
"""

import math
import queue
import time
from collections.abc import Callable, Set
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from dnsfleet.replication.manifests import Manifest
from dnsfleet.resources import Pop

from dnsfleet_cli.document_files import DocumentFiles
from dnsfleet_cli.options import UpOptions
from dnsfleet_cli.troubles import Trouble
from dnsfleet_cli.up import (
    events,
    observing,
    own_log,
    redis_servers,
    state_files,
    stations,
    stop_signals,
)
from dnsfleet_cli.up.desired import Desired, DesiredReader
from dnsfleet_cli.up.display import JsonLines, Terminal
from dnsfleet_cli.up.first_pops import first_pops
from dnsfleet_cli.up.gate import LocalGate
from dnsfleet_cli.up.last_good import SETTLE_SECONDS
from dnsfleet_cli.up.lasting_pops import LastingPops
from dnsfleet_cli.up.pops import Pops, active, first_query, free_ports, rows
from dnsfleet_cli.up.propagation import Propagation
from dnsfleet_cli.up.publication import Publication, Unavailable
from dnsfleet_cli.up.side_services import Host, SideServices
from dnsfleet_cli.up.state import StateFolder
from dnsfleet_cli.up.status_looks import Changes, Parts
from dnsfleet_cli.up.supervisor import Exited, Started, Supervisor
from dnsfleet_cli.up.watching import Watcher
from dnsfleet_cli.whole_files import WholeFiles

ACK_SECONDS = 0.01
"""Between looks at the acks while something is on its way; one costs about 0.7 ms."""
IDLE_SECONDS = 0.5
"""Between looks at the acks when nothing is: an edge may report that it cannot load a zone."""
CHECK_SECONDS = 5.0
"""Between questions whether the core still has what was published, and at least between looks at
all files."""
LOOK_SHARE = 0.002
"""Of the time may go into looks at all files: in a large folder they become rarer."""
MAX_LOOK_SECONDS = 60.0
"""Between looks at all files at most: a change that the watcher missed waits no longer."""
START_SECONDS = 5.0
"""The longest that a start waits for files that are being written."""
RETRY_SECONDS = 0.2
"""After the core could not be reached."""
PATIENCE_SECONDS = 15.0
"""Between two lines about Pops that are not ready."""


@dataclass(frozen=True)
class Changed:
    """Files changed, or zones of primaries where there are no paths."""

    paths: set[Path]
    at: float
    """Monotonic seconds."""


def run(options: UpOptions) -> None:
    """Run a fleet until SIGINT or SIGTERM; Trouble, with nothing left running, if it cannot."""
    display = JsonLines() if options.json else Terminal()
    stop_signals.interrupt()
    try:
        with ExitStack() as stack:
            stack.callback(display.close)
            try:
                Fleet(options, display.show, stack).run()
            finally:
                stop_signals.ignore()  # a second signal must not interrupt the ending
    except KeyboardInterrupt:
        display.show(events.Stopped())


class Fleet:
    """All roles of a fleet on this machine; `stack` ends what it starts."""

    def __init__(
        self, options: UpOptions, show: Callable[[events.Event], None], stack: ExitStack
    ) -> None:
        """Start every process, then read the files; nothing is published before `run`."""
        self._began = time.monotonic()
        changes = Changes()
        show = changes.noting(show)
        self._show = show
        self._options = options
        if options.observe:
            observing.check_installed()
        self._inbox: queue.SimpleQueue[Changed | Started | Exited] = queue.SimpleQueue()
        self._state = StateFolder(options.state_dir, show)
        stack.callback(self._state.close)
        stack.callback(own_log.begin(self._state.log(own_log.NAME)))
        key = self._state.private_key()  # None: see below, the core decides
        self._files = WholeFiles()
        updates = None
        if options.gate is not None:
            updates = state_files.folder(self._state.updates)
        files = DocumentFiles([*options.paths, *([updates] if updates else [])], self._files)
        pops, reader = first_pops(files), None
        if not active(pops):  # there may be some in a pipe; if not, this tells what is wrong
            reader = self._read(files, stack)
            pops = reader.desired.pops
        ports = free_ports(options, pops)
        self._gate = None
        if options.gate is not None:
            self._gate = LocalGate(options.gate, self._state, ports)
        self._watcher = Watcher(
            lambda paths: self._inbox.put(Changed(paths, time.monotonic())),
            ignore=self._state.root,
            besides=updates,
        )
        stack.callback(self._watcher.close)
        if options.watch:  # before the files are read: what changes meanwhile is heard
            self._watcher.watch(files.trees, files.folders)
        supervisor = Supervisor(self._inbox.put)
        stack.callback(supervisor.close)
        core = redis_servers.start_core(options.redis_url, self._state, supervisor, ports, show)
        if key is None:
            emptied = redis_servers.how_to_empty(options.redis_url, self._state)
            key = self._state.make_private_key(redis_servers.has_zones(core), emptied)
        self._pops = Pops(options, self._state, core, supervisor)
        self._lasting = LastingPops(show)
        self._propagation = Propagation(time.time_ns() // 1_000_000)
        self._run_pops(self._lasting.decide(pops, (), frozenset()))
        self._reader = reader or self._read(files, stack)
        if self._gate is not None:
            self._gate.update(self._reader.desired.tsig_keys)
            heard = self._reader.hear_notify()
            heard.start()
            stack.callback(heard.stop)
            self._gate.start(core, supervisor, heard.port)
        self._publication = Publication(core, key, show)
        stack.callback(self._publication.close)
        self._reader.transfers.live = self._publication.load
        parts = Parts(
            self._publication, self._propagation, self._pops, self._reader.desired.zones, changes
        )
        host = Host(self._state, supervisor, ports)
        self._beside = SideServices(parts, host, options.observe)
        stack.callback(self._beside.stop)
        self._told_ready = False
        self._told_waiting = math.inf
        self._told_trouble = False
        self._since = math.inf
        self._due = self._look_due = self._began

    def _read(self, files: DocumentFiles, stack: ExitStack) -> DesiredReader:
        """Read all files for the first time."""
        reader = DesiredReader(
            files,
            self._state.accepted,
            self._show,
            lambda: self._inbox.put(Changed(set(), time.monotonic())),
        )
        stack.callback(reader.close)
        reader.look(None)
        deadline = time.monotonic() + START_SECONDS
        while self._files.wait < deadline - time.monotonic():
            time.sleep(self._files.wait)
            self._look(reader, frozenset())
        return reader

    def run(self) -> None:
        """Publish, tell when every Pop is ready, then follow the files; never returns."""
        try:
            self._publish()
        except Unavailable as trouble:
            raise Trouble(str(trouble)) from None
        self._beside.start()
        self._told_waiting = time.monotonic()
        while True:
            changed = self._wait()
            self._publication.look_at_signatures()
            try:
                due = self._publication.unfinished or time.monotonic() >= self._due
                if changed is not None or due:
                    self._follow(changed)
                self._hear()
            except Unavailable as trouble:
                self._tell_core_down(trouble)

    def _wait(self) -> Changed | None:
        """Report what processes do, until files changed or until it is time for the next look."""
        busy = self._propagation.pending or not self._told_ready
        deadline = time.monotonic() + (ACK_SECONDS if busy else IDLE_SECONDS)
        deadline = min(deadline, self._due)
        changed: Changed | None = None
        while True:
            try:
                wait = 0.0 if changed else max(0.0, deadline - time.monotonic())
                message = self._inbox.get(timeout=wait)
            except queue.Empty:
                return changed
            match message:
                case Started(name, pid, started_ms):
                    role, _, pop = name.partition("/")
                    if role == "edge":
                        self._propagation.started_ms[pop] = started_ms
                    self._show(events.Started(name, pid))
                case Exited(name, code, seconds, log):
                    self._show(events.Exited(name, code, seconds, str(log)))
                case Changed(paths):
                    changed = Changed(paths | changed.paths, changed.at) if changed else message

    def _follow(self, changed: Changed | None) -> None:
        """Look at the files and publish what differs."""
        now = time.monotonic()
        self._since = min(self._since, changed.at if changed else now)
        if changed is not None:
            stations.seen(changed.paths, changed.at)
        if self._options.watch or changed is not None:
            self._look(self._reader, changed.paths if changed else frozenset())
        if self._options.watch and now >= self._look_due:
            self._look_at_all()
        for manifest in self._publish():
            self._propagation.published(manifest, self._since)
        self._since = math.inf

    def _look(self, reader: DesiredReader, changed: Set[Path] | None) -> None:
        self._files.look()
        reader.look(changed, self._files.late)

    def _look_at_all(self) -> None:
        began = time.monotonic()
        self._look(self._reader, None)
        now = time.monotonic()
        pause = max(CHECK_SECONDS, (now - began) / LOOK_SHARE)
        self._look_due = now + min(pause, MAX_LOOK_SECONDS)

    def _publish(self) -> list[Manifest]:
        """Bring Pops and core to what is desired; the new manifests."""
        desired = self._with_lasting_pops(self._reader.desired)
        self._run_pops(desired.pops)
        if self._gate is not None:
            self._gate.update(desired.tsig_keys)
        self._beside.pops_changed()
        made = self._publication.publish(desired)
        more = self._reader.published(made, self._publication.contents)
        self._told_trouble = False
        self._beside.core_down("")
        self._reader.save()
        settling = self._reader.unsettled or self._lasting.settling
        wait = min(SETTLE_SECONDS if settling else CHECK_SECONDS, self._files.wait)
        self._due = time.monotonic() + (0.0 if more else wait)
        if self._options.watch:
            self._watcher.watch(self._reader.trees, self._reader.folders)
        return made

    def _with_lasting_pops(self, desired: Desired) -> Desired:
        """What is desired, and the Pops that have to run on without a document."""
        kept, proven = set(self._lasting.kept), set(self._pops.running)
        if self._lasting.gone(desired.pops):
            proven.difference_update(self._late())
        pops = self._lasting.decide(desired.pops, self._publication.manifests.values(), proven)
        if self._lasting.kept != kept:
            desired.unpublished.update(desired.zones)  # their placement may differ
        return replace(desired, pops=pops)

    def _late(self) -> list[str]:
        """The Pops that do not prove that they answer all zones; all while the core is away."""
        try:
            acks = self._publication.acks()
        except Unavailable:
            return list(self._pops.running)
        positions, manifests = self._publication.positions, self._publication.manifests
        return self._propagation.late(acks, positions, manifests, self._publication.newest_lsn)

    def _run_pops(self, pops: list[Pop]) -> None:
        """Run these Pops and no others."""
        self._state.rotate_cookie_secrets(int(time.time()))
        self._pops.update(pops)
        self._propagation.pops = set(self._pops.running)

    def _hear(self) -> None:
        """Report what the edges have acknowledged."""
        acks = self._publication.acks()
        now = time.monotonic()
        positions = self._publication.positions
        for event in self._propagation.hear(acks, positions, now):
            stations.told(event)
            self._show(event)
        self._beside.heard(acks)
        if self._told_ready:
            if self._gate is not None:
                self._gate.tell(self._show)
            return
        published, newest = self._publication.manifests, self._publication.newest_lsn
        late = self._propagation.late(acks, positions, published, newest)
        if not late:
            self._tell_ready(now)
        elif now - self._told_waiting >= PATIENCE_SECONDS:
            self._told_waiting = now
            self._show(events.Waiting(tuple(late), str(self._state.logs)))

    def _tell_ready(self, now: float) -> None:
        self._told_ready = True
        manifests = self._publication.manifests
        desired = self._reader.desired.zones
        zones = [
            zone.resource
            for origin, zone in desired.items()
            if origin in manifests and not zone.resource.is_catalog
        ]
        pops = self._pops.running
        self._show(
            events.Ready(
                rows(pops.values(), list(manifests.values())),
                tuple(sorted(manifests)),
                now - self._began,
                first_query(zones, pops.values()),
                self._beside.status_page,
            )
        )
        self._beside.ready(self._show)

    def _tell_core_down(self, trouble: Unavailable) -> None:
        """Say once that the core does not answer, and try again soon."""
        problem = f"{trouble}; edges answer what they have"
        self._beside.core_down(problem)
        if not self._told_trouble:
            self._told_trouble = True
            self._show(events.Warned("core", problem, "CoreDown"))
        self._due = time.monotonic() + RETRY_SECONDS
