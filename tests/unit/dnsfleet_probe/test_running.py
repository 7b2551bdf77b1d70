"""What an exporter logs of faults: each once while it lasts, though zones are asked for in turn."""

import dns.message
import pytest
from dnsfleet.probing.judging import UDP, Fault, Replies, Verdict
from dnsfleet.probing.lists import ProbedPop, ProbeList
from dnsfleet.replication.revisions import Revision
from dnsfleet_probe import running
from dnsfleet_probe.prober import Round

FAULT, ENDED = "event=fault", "event=fault_ended"
ADDRESS = "192.0.2.1:53"
POP = ProbedPop("fra", (("192.0.2.1", 53),))


class Log:
    """The rounds of one prober, and the events that each has logged."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog
        self._lasting: frozenset[Fault] = frozenset()
        caplog.set_level("INFO", running.__name__)

    def round(
        self, *answered: str, behind: tuple[str, ...] = (), problem: str = "", pop: bool = True
    ) -> list[str]:
        """A round with a reply for each of these zones; the events that it logged."""
        self._caplog.clear()
        soa = dict.fromkeys((*answered, *behind), dns.message.Message())
        where = f"{ADDRESS} {UDP}"
        faults = [Fault("fra", "Behind", where, zone, "serial 1") for zone in behind]
        if problem:
            faults.append(Fault("fra", "NoAnswer", where, "", problem))
        verdict = Verdict(POP, (Replies(ADDRESS, UDP, {}, soa, problem),), (), tuple(faults))
        listed = ProbeList(Revision(1, 1), 0, (POP,), ())
        found = Round(listed, (verdict,) if pop else ())
        self._lasting = running._log_faults(found, self._lasting)
        return [each.getMessage().split()[0] for each in self._caplog.records]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Log:
    return Log(caplog)


def test_a_fault_is_told_once_while_its_zone_is_not_asked_for(log: Log) -> None:
    assert log.round(behind=("a.example.",)) == [FAULT]
    assert log.round("b.example.") == []
    assert log.round(behind=("a.example.",)) == []
    assert log.round(problem="no answer") == [FAULT]
    assert log.round(behind=("a.example.",)) == [ENDED]  # it answers again, and the old one
    assert log.round("a.example.") == [ENDED]
    assert log.round("a.example.") == []


def test_faults_of_a_pop_that_is_not_asked_any_more_end(log: Log) -> None:
    log.round(behind=("a.example.",))
    assert log.round(pop=False) == [ENDED]


def test_only_so_many_faults_are_remembered(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MAX_LASTING", 2)
    log.round(behind=("a.example.", "b.example.", "c.example."))
    assert log.round("z.example.") == [ENDED]
    assert log.round(behind=("a.example.", "b.example.")) == []
