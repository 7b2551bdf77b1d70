"""A process logs from the level on that its environment names, in one form whatever happens."""

import subprocess
import sys
from collections.abc import Mapping

import pytest
from dnsfleet_io import log_reading, log_setup

PROGRAM = """\
import logging, threading, warnings
from dnsfleet_io import log_setup
log_setup.configure({ENVIRONMENT}, pop="fra")
for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
    logging.getLogger("dnsfleet_following.link").log(level, "own")
    logging.getLogger("kubernetes.client.rest").log(level, "of a library")
warnings.warn("deprecated")
thread = threading.Thread(target=lambda: 1 / 0)
thread.start(); thread.join()
raise RuntimeError("the end")
"""


def logged(environment: Mapping[str, str]) -> list[dict[str, str]]:
    """The fields of all that a program writes on standard error."""
    program = PROGRAM.replace("{ENVIRONMENT}", repr(dict(environment)))
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    found = [log_reading.read(each) for each in ended.stderr.splitlines()]
    assert None not in found, ended.stderr
    return [each.fields for each in found if each is not None]


@pytest.mark.parametrize(
    ("level", "own", "others"),
    [
        ("", ["info", "warning", "error"], ["info", "warning", "error"]),
        ("debug", ["debug", "info", "warning", "error"], ["info", "warning", "error"]),
        ("warning", ["warning", "error"], ["warning", "error"]),
        ("error", ["error"], ["error"]),
    ],
)
def test_a_level_is_where_a_log_begins(level: str, own: list[str], others: list[str]) -> None:
    lines = logged({log_setup.LEVEL_VARIABLE: level})
    assert all(each["pop"] == "fra" for each in lines)
    assert [each["level"] for each in lines if each.get("msg") == "own"] == own
    assert [each["level"] for each in lines if each.get("msg") == "of a library"] == others
    ends = [each for each in lines if each["level"] == "critical"]
    assert [each["event"] for each in ends] == ["thread_crashed", "crashed"]
    assert "ZeroDivisionError" in ends[0]["traceback"]
    assert "the end" in ends[1]["traceback"]


def test_what_was_left_out_is_told_when_the_process_ends_at_the_level_that_it_had() -> None:
    """By `logging.shutdown`, which an edge calls before it ends by `os._exit`."""
    program = """\
import logging, os
from dnsfleet_io import log_setup
from dnsfleet_io.logs import line
log_setup.configure({"DNSFLEET_LOG_LEVEL": "warning"})
for number in range(103):
    logging.getLogger("dnsfleet_edge").warning(line("zone_withheld", zone=f"z{number}."))
logging.shutdown()
os._exit(0)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    last = log_reading.read(ended.stderr.splitlines()[-1])
    assert last is not None
    assert (last.event, last.number("lines")) == ("lines_left_out", 3)
    assert last.fields["level"] == "warning"


def test_warnings_of_python_are_lines() -> None:
    assert any("deprecated" in each.get("msg", "") for each in logged({}))


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(
        log_setup.LevelError,
        match="DNSFLEET_LOG_LEVEL: 'loud' is no level, set one of debug, info, warning, error",
    ):
        log_setup.level({log_setup.LEVEL_VARIABLE: "loud"})
