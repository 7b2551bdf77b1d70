"""What a round found, as a table: what comes from replies stays in its line."""

import time

import pytest
from dnsfleet.probing.judging import Fault, Replies, Verdict
from dnsfleet.probing.lists import ProbedPop, ProbeList
from dnsfleet.replication.revisions import Revision
from dnsfleet_probe import table
from dnsfleet_probe.prober import Round

ESCAPE = "\x1b[2J\nall is well"


@pytest.mark.parametrize(
    ("where", "text"), [(f"192.0.2.1{ESCAPE}", ""), ("192.0.2.1", f"no answer{ESCAPE}")]
)
def test_text_from_outside_moves_no_cursor_and_begins_no_line(where: str, text: str) -> None:
    pop = ProbedPop("fra", (("192.0.2.1", 53),), answers=1)
    faults = (Fault("fra", "NoAnswer", "192.0.2.1 udp", "", text),)
    verdict = Verdict(pop, (Replies(where, "udp", {}, {}, "no answer"),), (), faults)
    now_ms = time.time_ns() // 1_000_000
    shown = table.text(Round(ProbeList(Revision(1, 1), now_ms, (pop,), ()), (verdict,)))
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 3
    assert r"\x1b[2J\nall is well" in shown
