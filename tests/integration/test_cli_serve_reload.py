"""`dnsfleet serve` takes changed master files while it answers: whole zones, no query lost."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import pytest
from support.fleet import replace
from support.serving import HOST, SECONDS, Served, serving
from support.waiting import wait_for

RECORDS = 2_000
"""Enough for a reload to take some milliseconds, in which queries must be answered."""


REWRITE_SECONDS = 3.0
"""Longer than any watcher waits for a file to be whole."""


def zone(serial: int) -> str:
    """A zone in which every record says which version it is of."""
    head = f"@ 60 IN SOA ns1 host {serial} 7200 900 1209600 60\n@ 60 IN NS ns1\nns1 A 192.0.2.1\n"
    return head + "".join(f"t{n} 60 IN TXT v{serial}\n" for n in range(RECORDS))


def version(served: Served, origin: str = "example.com", number: int = 0) -> int | None:
    """The version that a name is answered from; None where it is not served."""
    query = dns.message.make_query(f"t{number}.{origin}", "TXT")
    reply = dns.query.udp(query, HOST, SECONDS, served.port)
    if reply.rcode() == dns.rcode.REFUSED:
        return None
    assert reply.rcode() == dns.rcode.NOERROR
    return int(reply.answer[0][0].strings[0][1:])


class Asking:
    """Asks all the time, one query after the other; each must be answered."""

    def __init__(self, served: Served) -> None:
        self.versions: list[int | None] = []
        self.failed: list[Exception] = []
        self._served = served
        self._stopping = threading.Event()

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                number = len(self.versions) % RECORDS
                self.versions.append(version(self._served, number=number))
        except Exception as error:
            self.failed.append(error)

    def stop(self) -> None:
        self._stopping.set()


@contextmanager
def asking(served: Served) -> Iterator[Asking]:
    """Queries under way; at the end none was lost, and no version came back."""
    asker = Asking(served)
    thread = threading.Thread(target=asker.run)
    thread.start()
    try:
        yield asker
    finally:
        asker.stop()
        thread.join(2 * SECONDS)
    assert not asker.failed
    assert asker.versions == sorted(asker.versions, key=lambda number: number or 0)


def follows(served: Served, path: Path, text: str, origin: str, expected: int) -> None:
    """Write a file, now and then once more, until it is answered: a watch begins a moment after it
    was asked for."""
    written = 0.0

    def answered() -> bool:
        nonlocal written
        if time.monotonic() - written > REWRITE_SECONDS:
            replace(path, text)
            written = time.monotonic()
        return version(served, origin) == expected

    wait_for(f"{origin} at version {expected}", answered, 60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    replace(tmp_path / "example.com.zone", zone(1))
    return tmp_path


@pytest.fixture
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `serve` writes its findings."""
    return tmp_path_factory.mktemp("told") / "stderr"


def test_no_query_is_lost_while_files_are_loaded_again(folder: Path) -> None:
    with serving("--zones-dir", folder) as served, asking(served) as asker:
        for serial in range(2, 12):
            replace(folder / "example.com.zone", zone(serial))
            served.process.send_signal(signal.SIGHUP)
            wait_for(f"version {serial}", lambda s=serial: asker.versions[-1:] == [s], 30)


def test_a_zone_that_does_not_load_stays(folder: Path, told: Path) -> None:
    replace(folder / "other.zone", zone(1))
    with told.open("w") as stderr, serving("--zones-dir", folder, stderr=stderr) as served:
        replace(folder / "example.com.zone", zone(2) + "bad A 192.0.2.300\n")
        replace(folder / "other.zone", zone(3))
        replace(folder / "new.zone", zone(4))
        served.process.send_signal(signal.SIGHUP)
        wait_for("the other zone", lambda: version(served, "other") == 3, 30)
        wait_for("the new zone", lambda: version(served, "new") == 4, 30)
        assert version(served) == 1
        line = f"{folder}/example.com.zone:{RECORDS + 4}: "
        wait_for("the error", lambda: line in told.read_text(), 30)
        wait_for("what stays", lambda: "example.com. stays at serial 1" in told.read_text(), 30)

        (folder / "other.zone").unlink()
        replace(folder / "example.com.zone", zone(5))
        served.process.send_signal(signal.SIGHUP)
        wait_for("the mended zone", lambda: version(served) == 5, 30)
        gone = "other. has no file any more, stays at serial 3"
        wait_for("the zone without a file", lambda: gone in told.read_text(), 30)
        assert version(served, "other") == 3


def test_changes_are_watched_with_what_is_included(folder: Path, told: Path) -> None:
    (folder / "parts").mkdir()
    part = folder / "parts" / "records"
    replace(part, "t0 60 IN TXT v1\n")
    head = "@ 60 IN SOA ns1 host 1 7200 900 1209600 60\n@ 60 IN NS ns1\nns1 A 192.0.2.1\n"
    replace(folder / "included.zone", head + "$INCLUDE parts/records\n")
    with told.open("w") as stderr, serving("--zones-dir", folder, "--watch", stderr=stderr) as it:
        follows(it, folder / "example.com.zone", zone(2), "example.com", 2)
        follows(it, part, "t0 60 IN TXT v3\n", "included", 3)
        follows(it, folder / "new.zone", zone(4), "new", 4)
        replace(part, "t0 60 IN TXT\n")
        wait_for("the error", lambda: f"{part}:1: " in told.read_text(), 30)
        assert version(it, "included") == 3
        assert "example.com. " not in told.read_text()


def test_only_what_changed_is_loaded_again(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "real"
    replace(outside, zone(1))
    (folder / "linked.zone").symlink_to(outside)
    with serving("--zones-dir", folder, "--watch") as served:
        follows(served, outside, zone(2), "linked", 2)
        assert version(served) == 1
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(SECONDS) == 0
        assert served.process.stdout is not None
        assert not [line for line in served.process.stdout if line.startswith("example.com.")]
