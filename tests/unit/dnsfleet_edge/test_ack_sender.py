"""Acks are sent on after an ack that could not be."""

import queue

import pytest
from dnsfleet.replication import acks
from dnsfleet.replication.acks import Ack
from dnsfleet_edge import ack_sender
from dnsfleet_edge.ack_sender import AckSender
from dnsfleet_edge.readiness import Readiness
from dnsfleet_edge.status import Status


class Core:
    """Takes the place of a Redis client; each call ends as `errors` says, then well."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.sent: queue.SimpleQueue[Ack | None] = queue.SimpleQueue()

    def hset(self, _key: str, field: str, value: bytes) -> None:
        assert field == "fra/fra-0"
        if self.errors:
            raise self.errors.pop()
        self.sent.put(acks.decode(value))

    def close(self) -> None:
        pass


def test_a_defect_costs_one_ack(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    core, status, readiness = Core(RuntimeError("a defect")), Status(), Readiness()
    monkeypatch.setattr(ack_sender, "redis_client", lambda *_: core)
    monkeypatch.setattr(ack_sender, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(ack_sender, "REPEAT_SECONDS", 0.01)
    failures: list[bool] = []
    readiness.ready("test")
    status.ack = Ack(7, {}, 0)
    sender = AckSender(
        "redis://core", "fra/fra-0", status, readiness, lambda: failures.append(True)
    )
    sender.start()
    ack = core.sent.get(timeout=5)
    sender.stop()
    assert ack is not None
    assert (ack.lsn, len(failures)) == (7, 1)
    assert "event=ack_failed" in caplog.text
    assert "Traceback" in caplog.text
    assert sender.worker.problem == ""
