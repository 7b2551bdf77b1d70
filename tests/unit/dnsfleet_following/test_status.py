"""Once ready, only a drain makes an edge not ready."""

import pytest
from dnsfleet_following.status import Readiness, Verdict

SEQUENCES = [
    ([], Verdict(False, "starting")),
    (["waiting"], Verdict(False, "waiting for it")),
    (["ready"], Verdict(True, "from disk")),
    (["waiting", "ready"], Verdict(True, "from disk")),
    (["ready", "waiting"], Verdict(True, "from disk")),
    (["drain"], Verdict(False, "draining: told to stop")),
    (["ready", "leave"], Verdict(True, "leaving: told to stop")),
    (["ready", "leave", "drain"], Verdict(False, "draining: told to stop")),
    (["ready", "drain"], Verdict(False, "draining: told to stop")),
    (["drain", "ready"], Verdict(False, "draining: told to stop")),
    (["ready", "drain", "waiting"], Verdict(False, "draining: told to stop")),
]


@pytest.mark.parametrize(("calls", "expected"), SEQUENCES, ids=[",".join(c) for c, _ in SEQUENCES])
def test_verdict_after(calls: list[str], expected: Verdict) -> None:
    readiness = Readiness()
    for call in calls:
        match call:
            case "waiting":
                readiness.waiting("waiting for it")
            case "ready":
                readiness.ready("from disk")
            case "leave":
                readiness.leave()
            case "drain":
                readiness.drain()
    assert readiness.verdict == expected
    assert readiness.answers == (calls[:1] == ["ready"] or calls[:2] == ["waiting", "ready"])
