"""Signals that stop a fleet, in a process of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 30
IMPORTS = """\
import signal
from dnsfleet_cli.up import stop_signals
stop_signals.interrupt()
try:
    import stopped
    print(stopped.whole)
    signal.pause()  # the next signal is the one that was put off
except KeyboardInterrupt:
    print("stops")
"""
STOPPED = """\
import signal
signal.raise_signal(signal.{name})
whole = True
"""
AT_ONCE = """\
import signal
from dnsfleet_cli.up import stop_signals
stop_signals.interrupt()
try:
    signal.raise_signal(signal.{name})
except KeyboardInterrupt:
    print("stops")
stop_signals.ignore()
signal.raise_signal(signal.{name})
print("goes on")
"""


def printed(folder: Path, code: str) -> list[str]:
    """The lines of a program in that folder."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=True, timeout=SECONDS
    )
    return done.stdout.split("\n")[:-1]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_import_comes_to_its_end_first(tmp_path: Path, name: str) -> None:
    (tmp_path / "stopped.py").write_text(STOPPED.format(name=name))
    assert printed(tmp_path, IMPORTS) == ["True", "stops"]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_else_they_interrupt_until_they_are_ignored(tmp_path: Path, name: str) -> None:
    assert printed(tmp_path, AT_ONCE.format(name=name)) == ["stops", "goes on"]
