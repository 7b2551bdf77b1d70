"""What reads files without a fleet waits for their writers, too: `serve` and the zone commands."""

import itertools
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.message
import dns.query
import pytest
from dnsfleet_cli import whole_files
from dnsfleet_cli.main import app
from support.fleet import replace
from support.serving import HOST, SECONDS, Served, serving
from support.waiting import wait_for
from typer.testing import CliRunner

ROUNDS = int(os.environ.get("HALF_WRITES") or 20)
"""`HALF_WRITES=1000` takes about two minutes."""
SEED = 12
NAMES = 200
MAX_PAUSE_SECONDS = 0.06
REWRITE_SECONDS = 1.0
HEAD = "@ 60 SOA ns1 host 1 7200 900 1209600 60\n@ 60 NS ns1.example.net.\n"
MANIFEST = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: one}
spec: {origin: example.com, zoneFile: {path: example.com.zone}}
"""


def text(source: str, generation: int) -> str:
    """A source whose names have an address of their own in each generation."""
    address = f"192.0.{generation // 256}.{generation % 256}"
    lines = "".join(f"{source[0]}{i} 60 A {address}\n" for i in range(NAMES))
    return f"{HEAD}{lines}$INCLUDE included\n" if source == "example.com.zone" else lines


SOURCES = ("example.com.zone", "included")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "zones"
    folder.mkdir()
    for source in SOURCES:
        replace(folder / source, text(source, 1))
    return folder


def answer(served: Served, source: str) -> str:
    """The address of the last name of a source; the RCODE where there is none."""
    query = dns.message.make_query(f"{source[0]}{NAMES - 1}.example.com", "A")
    reply = dns.query.udp(query, HOST, SECONDS, served.port)
    return str(reply.answer[0][0]) if reply.answer else str(reply.rcode())


@contextmanager
def drained(served: Served) -> Iterator[None]:
    """Take what it prints, so that it does not wait for that; it ends with this."""
    assert served.process.stdout is not None
    reader = threading.Thread(target=served.process.stdout.read)
    reader.start()
    try:
        yield
    finally:
        served.process.kill()
        reader.join()


def wait_for_the_watch(served: Served, folder: Path) -> None:
    """It begins a moment after it was asked for."""
    written = 0.0

    def seen() -> bool:
        nonlocal written
        if time.monotonic() - written > REWRITE_SECONDS:
            replace(folder / "included", text("included", 1) + "seen 60 A 192.0.2.1\n")
            written = time.monotonic()
        query = dns.message.make_query("seen.example.com", "A")
        return bool(dns.query.udp(query, HOST, SECONDS, served.port).answer)

    wait_for("the watch", seen, 60)


@pytest.mark.timeout(120 + ROUNDS)
@pytest.mark.parametrize("watch", [True, False], ids=["watch", "hangup"])
def test_serve_answers_no_part_of_a_source(folder: Path, watch: bool) -> None:
    options = ("--zones-dir", folder, *(["--watch"] if watch else []))
    generator = random.Random(SEED)
    with serving(*options) as served, drained(served):
        if watch:
            wait_for_the_watch(served, folder)
        for generation in range(2, 2 + ROUNDS):
            source = generator.choice(SOURCES)
            whole, before = text(source, generation), answer(served, source)
            cut = generator.randrange(len(whole))
            with (folder / source).open("w") as file:
                file.write(whole[:cut])
                file.flush()
                if not watch:
                    served.process.send_signal(signal.SIGHUP)
                until = time.monotonic() + generator.uniform(0, MAX_PAUSE_SECONDS)
                while time.monotonic() < until:
                    assert answer(served, source) == before
                file.write(whole[cut:])
            expected = f"192.0.{generation // 256}.{generation % 256}"
            seen = {before}

            def live(source: str = source, seen: set[str] = seen, want: str = expected) -> bool:
                seen.add(answer(served, source))
                return want in seen

            wait_for(f"{source} in generation {generation}", live, 30)
            assert seen == {before, expected}


def test_serve_tells_of_a_file_that_is_written_for_long(folder: Path, tmp_path: Path) -> None:
    told = tmp_path / "stderr"
    with told.open("w") as stderr, serving("--zones-dir", folder, stderr=stderr) as served:
        with (folder / "included").open("w") as file:
            file.write("x 60 A")
            file.flush()
            served.process.send_signal(signal.SIGHUP)
            line = f"{folder}/included: warning: it is still being written"
            wait_for("the warning", lambda: line in told.read_text(), 60)
            assert answer(served, "included") == "192.0.0.1"
            file.write(" 192.0.2.1\n" + text("included", 2))
        wait_for("all of it", lambda: answer(served, "included") == "192.0.0.2", 30)
    assert told.read_text().count("\n") == 1


COMMANDS: list[Callable[[Path], list[str]]] = [
    lambda folder: ["lint", str(folder / "example.com.zone"), "--origin", "example.com"],
    lambda folder: ["import", str(folder / "example.com.zone"), "--origin", "example.com"],
    lambda folder: ["export", "example.com", "-f", str(folder / "one.yaml")],
]


@pytest.mark.parametrize(
    ("command", "source"),
    [*itertools.product(COMMANDS, SOURCES), (COMMANDS[2], "one.yaml")],
)
def test_a_command_waits_for_all_of_a_file(
    folder: Path, command: Callable[[Path], list[str]], source: str
) -> None:
    replace(folder / "one.yaml", MANIFEST)
    expected = CliRunner().invoke(app, ["zone", *command(folder)])
    assert expected.exit_code == 0, expected.output
    whole = (folder / source).read_text()
    file = (folder / source).open("w")
    file.write(whole[: len(whole) // 2])
    file.flush()

    def finish() -> None:
        file.write(whole[len(whole) // 2 :])
        file.close()

    writer = threading.Timer(0.2, finish)
    writer.start()
    found = CliRunner().invoke(app, ["zone", *command(folder)])
    writer.join()
    assert (found.exit_code, found.output) == (expected.exit_code, expected.output)


@pytest.mark.parametrize(
    ("command", "source", "status"),
    [
        (COMMANDS[0], "example.com.zone", 2),
        (COMMANDS[0], "included", 1),
        (COMMANDS[1], "example.com.zone", 2),
        (COMMANDS[2], "one.yaml", 2),
        (COMMANDS[2], "included", 1),
    ],
)
def test_a_command_says_that_a_file_is_being_written(
    folder: Path,
    command: Callable[[Path], list[str]],
    source: str,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(whole_files, "LATE_SECONDS", 0.1)
    replace(folder / "one.yaml", MANIFEST)
    with (folder / source).open("a"):
        found = CliRunner().invoke(app, ["zone", *command(folder)])
    assert found.exit_code == status
    message = "it is being written; it counts when the program that writes it closes it"
    assert message in found.output
