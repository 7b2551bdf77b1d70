"""Logs have a bound, older ones are kept, and nobody else may read them."""

import errno
import shutil
from pathlib import Path

import pytest
from dnsfleet_cli.up import logs


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "core.log"


def begin(log: Path, text: bytes) -> None:
    logs.open_new(log)
    with logs.append(log) as file:
        file.write(text)


def contents(log: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in log.parent.iterdir()}


def test_each_run_has_a_new_log_and_those_before_are_kept_up_to_a_number(log: Path) -> None:
    for run in range(logs.LOGS_KEPT + 3):
        begin(log, b"run %d\n" % run)
    last = logs.LOGS_KEPT + 2
    older = {f"core.log.{n}": b"run %d\n" % (last - n) for n in range(1, logs.LOGS_KEPT + 1)}
    assert contents(log) == {"core.log": b"run %d\n" % last, **older}
    assert {path.stat().st_mode & 0o777 for path in log.parent.iterdir()} == {0o600}
    assert log.parent.stat().st_mode & 0o777 == 0o700


def test_a_run_that_said_nothing_takes_no_place(log: Path) -> None:
    begin(log, b"first\n")
    begin(log, b"")
    begin(log, b"last\n")
    assert contents(log) == {"core.log": b"last\n", "core.log.1": b"first\n"}


def test_a_full_disk_costs_the_old_log_and_not_the_bound(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(log, b"0123456789")

    def full(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space left"):
        logs.rotate(log)
    assert log.read_bytes() == b""


def test_a_log_is_rotated_while_its_process_writes_on(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LOG_OCTETS", 10)
    logs.open_new(log)
    with logs.append(log) as process:
        for text in (b"0123456789", b"more", b"next"):
            process.write(text)
            process.flush()
            logs.limit(log)
    assert contents(log) == {"core.log": b"next", "core.log.1": b"0123456789more"}
