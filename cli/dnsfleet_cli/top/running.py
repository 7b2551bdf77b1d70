"""Looks at a fleet again and again, and draws it over what was drawn before."""

import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from dnsfleet_cli.top import figures, rendering
from dnsfleet_cli.top.samples import FleetSample
from dnsfleet_cli.troubles import Trouble

INTERVAL_SECONDS = 2.0
"""Between two looks: soon enough to watch, and rates of less jump."""
# xterm, and all that came after it: another screen, no cursor, and back; home, and clear the rest.
_BEGIN, _END = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_HOME, _CLEAR_LINE, _CLEAR_REST = "\x1b[H", "\x1b[K", "\x1b[J"


def run(look: Callable[[], FleetSample], once: bool) -> None:
    """Draw until Ctrl-C; where that is no terminal, or `once`, print one table after two looks.

    Trouble of the first `look` ends it; a later one is shown, and it goes on.
    """
    before = look()
    if once or not sys.stdout.isatty():
        time.sleep(INTERVAL_SECONDS)
        print(_frame(before, look()))
        return
    sys.stdout.write(_BEGIN)
    try:
        with suppress(KeyboardInterrupt):
            _draw(before, before)
            while True:
                time.sleep(INTERVAL_SECONDS)
                try:
                    now = look()
                except Trouble as trouble:
                    _draw(before, replace(before, alerts=(str(trouble),)))
                else:
                    _draw(before, now)
                    before = now
    finally:
        sys.stdout.write(_END)
        sys.stdout.flush()


def _draw(before: FleetSample, now: FleetSample) -> None:
    width, height = shutil.get_terminal_size()
    lines = _frame(before, now, width, height - 1).split("\n")
    sys.stdout.write(_HOME + "".join(f"{line}{_CLEAR_LINE}\n" for line in lines) + _CLEAR_REST)
    sys.stdout.flush()


def _frame(
    before: FleetSample, now: FleetSample, width: int | None = None, height: int | None = None
) -> str:
    return rendering.text(figures.rows(before, now), now.alerts, now.time, width, height)
