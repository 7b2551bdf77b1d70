"""A prober that asks once, or again and again as an exporter."""

import json
import logging
import random
import signal
import sys
import threading
import time

from dnsfleet.probing.judging import Fault
from dnsfleet.probing.lists import LIST_SECONDS
from dnsfleet_io.listen_addresses import Address
from dnsfleet_io.logs import line
from dnsfleet_io.pages import PageServer, metrics_page, text_page

from dnsfleet_probe import table
from dnsfleet_probe.asking import StoppedError
from dnsfleet_probe.metrics import ProbeMetrics
from dnsfleet_probe.prober import Prober, Round, Source
from dnsfleet_probe.replica import UnreadableError

JITTER = (0.8, 1.2)
"""Times LIST_SECONDS, by chance: probers that started together must not ask together."""
STALLED_SECONDS = 300.0
"""Without the end of a round for so long a prober is stuck, and is to be started again. The longest
round, of as many Pops without an answer as a list may have, takes 270 s."""
MAX_LASTING = 1_000
"""Faults of zones that wait for their turn: of those above it the end is logged, and they are told
anew. Zones that are removed meanwhile have no other end."""

log = logging.getLogger(__name__)


def once(place: str, source: Source, as_json: bool) -> int:
    """Ask once, print what was found, and give the exit status."""
    try:
        found = Prober(place, source, threading.Event()).round()
    except UnreadableError as error:
        print(f"nothing was asked: {error}", file=sys.stderr)
        return table.UNKNOWN
    print(json.dumps(table.as_json(found)) if as_json else table.text(found))
    return table.status(found)


def export(place: str, source: Source, http: Address) -> None:
    """Ask until SIGTERM or SIGINT, and serve /metrics; OSError where that cannot be served."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    metrics, last = ProbeMetrics(), time.monotonic()

    def alive() -> bool:
        return time.monotonic() - last < STALLED_SECONDS

    server = PageServer(
        http,
        {
            "/metrics": lambda: metrics_page(metrics.registry),
            "/healthz": lambda: text_page(alive(), "ok" if alive() else "no round ended lately"),
        },
    )
    server.start()
    log.info(line("started", place=place, http=server.address[1]))
    prober, chance = Prober(place, source, stopping), random.Random()  # noqa: S311 - no secret
    told, lasting = "", frozenset[Fault]()
    while not stopping.is_set():
        try:
            found = prober.round()
        except UnreadableError as error:
            if str(error) != told:
                told = str(error)
                log.warning(line("nothing_to_ask", problem=told))
        except StoppedError:
            break
        else:
            told = ""
            metrics.take(found)
            lasting = _log_faults(found, lasting)
        last = time.monotonic()
        stopping.wait(LIST_SECONDS * chance.uniform(*JITTER))
    server.stop()


def _log_faults(found: Round, before: frozenset[Fault]) -> frozenset[Fault]:
    """Log each fault once, while it lasts; what lasts now.

    Zones come in turn, so that of a zone lasts until there is another reply for it at that place.
    """
    heard: dict[tuple[str, str], set[str]] = {}
    for verdict in found.verdicts:
        for each in verdict.replies:
            heard[verdict.pop.name, f"{each.address} {each.transport}"] = set(each.soa)
    now = frozenset(fault for verdict in found.verdicts for fault in verdict.faults)
    waiting = [
        fault
        for fault in before
        if fault.zone and fault.zone not in heard.get((fault.pop, fault.where), {fault.zone})
    ]
    lasting = now.union(sorted(waiting)[:MAX_LASTING])
    for fault in sorted(now - before):
        log.warning(line("fault", fault=fault))
    for fault in sorted(before - lasting):
        log.info(line("fault_ended", fault=fault))
    return lasting
