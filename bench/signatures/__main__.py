"""`make signatures`: runs every event, or the ones that are named, and writes pictures and page."""

import _thread
import sys
import tempfile
import threading
from pathlib import Path

from bench import loads
from bench.signatures import curves, events, page, wrong_clock
from bench.signatures.curves import Span
from bench.signatures.events import Event
from bench.signatures.fleets import BASE_RATE, POPS, EventFleet, settle
from bench.signatures.recordings import Recorder

BEFORE_SECONDS, AFTER_SECONDS = 8.0, 12.0
MOST_SECONDS = 240.0
"""For one event; a fleet that hangs must not keep the machine."""


def main() -> int:
    """The exit status: 1 where an event could not be produced."""
    loads.build()
    wanted = sys.argv[1:] or [each.name for each in events.EVENTS]
    failed = []
    for event in events.EVENTS:
        if event.name in wanted:
            print(event.name, flush=True)
            try:
                _bounded(event)
            except Exception as error:
                print(f"  not produced: {error!r}", flush=True)
                failed.append(event.name)
    page.write(events.EVENTS)
    return 1 if failed else 0


def _bounded(event: Event) -> None:
    """Run one event; whatever it does, the program ends it in time."""
    alarm = threading.Timer(MOST_SECONDS, lambda: _give_up(event))
    alarm.daemon = True
    alarm.start()
    try:
        with tempfile.TemporaryDirectory(prefix="dnsfleet-signature-") as folder:
            _run(event, Path(folder))
    finally:
        alarm.cancel()


def _give_up(event: Event) -> None:
    print(f"  {event.name} took more than {MOST_SECONDS:.0f} s", flush=True)
    _thread.interrupt_main()


def _run(event: Event, folder: Path) -> None:
    clock = wrong_clock.environment(folder) if event.clock else None
    with events.cleared(folder), EventFleet(folder, clock) as fleet:
        event.prepare(fleet)
        whole = BEFORE_SECONDS + events.FAULT_SECONDS * 2 + AFTER_SECONDS
        asking = [fleet.ask(pop, whole, BASE_RATE) for pop in POPS]
        try:
            with fleet.changing(), Recorder(fleet.pages()) as recorder:
                settle(BEFORE_SECONDS)
                begin = recorder.now
                event.act(fleet)
                end = recorder.now
                settle(AFTER_SECONDS)
                span = Span(begin, end, recorder.now)
        finally:
            for each in asking:
                each.kill()
                each.wait()
        panels = {name: take(recorder.recording) for name, take in event.panels.items()}
        for name, found in panels.items():
            if not found:
                print(f"  not measured: {name}", flush=True)
        page.picture(event.name).write_text(curves.svg(event.title, panels, span))


if __name__ == "__main__":
    sys.exit(main())
