"""`dnsfleet trace` after a fleet of `dnsfleet up` ran: the way of a change, as its logs tell it."""

import itertools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dnsfleet_cli.tracing import following
from dnsfleet_cli.up import tracing
from dnsfleet_io import log_reading
from support import logged_events
from support.fleet import Fleet, replace
from support.up_runs import pops, zone
from support.waiting import wait_for

READY_SECONDS = 60.0
HEAD = {"time", "level", "logger", "pop", "edge", "event", "traceback"}
STATIONS = [
    *(("seen", "up"), ("planned", "up"), ("published", "up")),
    *((name, process) for process in ("fra/0", "iad/0") for name in ("told", "loaded", "acked")),
    ("propagated", "up"),
]


def is_seen(station: following.Station) -> bool:
    """Whether a change was seen in the file of its zone."""
    return station.name == "seen" and station.fields["object"].endswith("one.yaml")


@pytest.fixture(scope="module", name="state")
def _state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a fleet in which two zones were made, one was changed, and one removed.

    The one is changed until an event of the file system told of it. A look at all files, which
    comes now and then, may be first: what it finds has no `seen`. Or the event tells of the file
    alone that was written first, to be given the name of the other.
    """
    root = tmp_path_factory.mktemp("trace")
    files, state = root / "manifests", root / "state"
    files.mkdir()
    replace(files / "pops.yaml", pops("fra", "iad"))
    replace(files / "one.yaml", zone("one", "192.0.2.1"))
    replace(files / "two.yaml", zone("two", "192.0.2.1"))
    with Fleet(files, state, 2) as fleet:
        fleet.wait("ready", READY_SECONDS)
        changes = itertools.count(2)

        def change() -> bool:
            after = len(fleet.events)
            replace(files / "one.yaml", zone("one", f"192.0.2.{next(changes)}"))
            fleet.wait("propagated", READY_SECONDS, after=after)
            found = following.follow("one.example.", tracing.read(state))
            seen = None if found is None else found.stations[0]
            return seen is not None and is_seen(seen)

        wait_for("a change that was seen", change, READY_SECONDS)
        after = len(fleet.events)
        replace(files / "two.yaml", "# retired\n")
        fleet.wait("removed", READY_SECONDS, after=after)
    yield state


def trace(state: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "dnsfleet_cli", "trace", *arguments]
    ended = subprocess.run(
        [*command, "--state-dir", str(state)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return ended.returncode, ended.stdout


def test_a_change_is_followed_from_the_file_to_each_edge(state: Path) -> None:
    found = following.follow("one.example.", tracing.read(state))
    assert found is not None
    assert [(each.name, each.process) for each in found.stations] == STATIONS
    assert found.missing == []
    assert len(found.changes) >= 2
    assert is_seen(found.stations[0])
    loaded = [each for each in found.stations if each.name == "loaded"]
    assert [each.fields["revision"] for each in loaded] == [found.revision] * 2


def test_the_first_publication_is_told_by_its_position(state: Path) -> None:
    newest = following.follow("one.example.", tracing.read(state))
    assert newest is not None
    first = newest.changes[0]
    code, told = trace(state, "one.example", "--lsn", str(first))
    assert code == 0
    assert re.search(rf"^LSN +{first}$", told, re.MULTILINE)
    assert re.search(r"^loaded +iad/0 ", told, re.MULTILINE)


def test_a_removal_is_followed_too(state: Path) -> None:
    found = following.follow("two.example.", tracing.read(state))
    assert found is not None
    names = [(each.name, each.process) for each in found.stations]
    assert ("removed", "up") in names
    assert names[-1] == ("propagated", "up")
    dropped = [each.fields["event"] for each in found.stations if each.name == "loaded"]
    assert dropped == ["zone_dropped"] * 2


def test_what_is_not_there_is_told(state: Path, tmp_path: Path) -> None:
    assert trace(state, "three.example") == (
        1,
        "no line of 3 logs tells of a change of three.example.\n",
    )
    code, told = trace(tmp_path, "one.example")
    assert (code, "is not there: name the folder of the fleet with --state-dir" in told) == (
        2,
        True,
    )


def test_every_line_of_edges_and_of_up_has_the_fields_that_are_documented(state: Path) -> None:
    documented = logged_events.documented()
    lines = [each for log in tracing.read(state) for each in log.lines]
    entries = [log_reading.read(each) for each in lines]
    assert None not in entries, lines
    for each in entries:
        if each is not None and each.event:
            assert each.fields.keys() <= HEAD | documented[each.event], each
    assert {each.event for each in entries if each} >= {"zone_published", "told", "acked"}
