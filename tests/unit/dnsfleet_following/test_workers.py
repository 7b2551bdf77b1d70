"""A thread that ends by itself says why."""

import logging
import threading

import pytest
from dnsfleet_following.workers import Worker


class Panic(BaseException):
    """As a panic of the engine appears in Python."""


@pytest.mark.parametrize("error", [RuntimeError("a defect"), Panic("a defect")])
def test_what_ended_a_thread_is_kept_and_logged(
    caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    def work() -> None:
        raise error

    worker = Worker("disk", work)
    worker.start()
    worker.join(5)
    assert worker.problem == f"the thread disk has ended: {error!r}"
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (
        logging.CRITICAL,
        "event=thread_ended thread=disk",
    )
    assert "a defect" in caplog.text


def test_a_thread_that_works_or_was_stopped_has_no_problem() -> None:
    stop = threading.Event()
    worker = Worker("disk", lambda: stop.wait(5) and None)
    worker.start()
    assert worker.problem == ""
    stop.set()
    worker.join(5)
    assert worker.problem == ""
