"""After an ack that could not be sent, the next ones are."""

import queue

import pytest
from dnsfleet.replication import formats
from dnsfleet.replication.acks import Ack, Load
from dnsfleet_edge import ack_sender
from dnsfleet_edge.ack_sender import AckSender
from dnsfleet_following.status import Readiness, Status
from support.waiting import wait_for


class Core:
    """A slot for acks whose writes first raise what is in `errors`, and then succeed."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self.sent: queue.SimpleQueue[Ack | None] = queue.SimpleQueue()

    def write(self, ack: Ack) -> None:
        if self.errors:
            raise self.errors.pop()
        self.sent.put(ack)

    def close(self) -> None:
        pass


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Core:
    core = Core()
    monkeypatch.setattr(ack_sender, "bounded_redis_client", lambda *_: core)
    monkeypatch.setattr(ack_sender, "AckSlot", lambda *_: core)
    monkeypatch.setattr(ack_sender, "REPEAT_SECONDS", 0.01)
    return core


LOAD = Load(7, 1, 4096)


def test_an_edge_that_does_not_answer_yet_claims_nothing_and_says_what_it_reads(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "READS", (2, 3))
    status, readiness = Status(), Readiness()
    status.ack = Ack(7, {"a.example.": "why"}, 1)
    sender = AckSender("redis://core", "fra/fra-0", status, readiness, lambda: LOAD, lambda: None)
    sender.start()
    ack = core.sent.get(timeout=5)
    assert ack is not None
    assert ack[:3] == (0, {"a.example.": "why"}, 1)
    assert (ack.reads, ack.load) == (3, LOAD)
    readiness.ready("test")
    wait_for("the claim", lambda: (ack := core.sent.get(timeout=5)) and ack.lsn == 7, 5)
    readiness.leave()
    readiness.drain()
    status.ack = Ack(8, {}, 0)
    wait_for("what it still answers", lambda: (ack := core.sent.get(timeout=5)) and ack.lsn == 8, 5)
    sender.stop()


def test_a_defect_costs_one_ack(
    core: Core, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    core.errors.append(RuntimeError("a defect"))
    status, readiness = Status(), Readiness()
    failures: list[bool] = []
    readiness.ready("test")
    status.ack = Ack(7, {}, 0)
    sender = AckSender(
        "redis://core", "fra/fra-0", status, readiness, lambda: LOAD, lambda: failures.append(True)
    )
    sender.start()
    ack = core.sent.get(timeout=5)
    sender.stop()
    assert ack is not None
    assert (ack.lsn, len(failures)) == (7, 1)
    assert "event=ack_failed" in caplog.text
    assert "Traceback" in caplog.text
    assert sender.worker.problem == ""
