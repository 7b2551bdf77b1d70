"""What the log says of refused updates."""

import dns.rcode
import pytest
from dnsfleet_gate.refused_updates import AGAIN_SECONDS, MOST_KNOWN, RefusedUpdates
from dnsfleet_gate.updating.outcomes import DONE, Outcome

WRONG = Outcome(dns.rcode.REFUSED, "the key is not for www.example.org. A")
TOLD = (
    'event=update_refused key=k. zone=example.org. reason="the key is not for www.example.org. A"'
)


def test_a_reason_is_told_once_in_ten_minutes(caplog: pytest.LogCaptureFixture) -> None:
    times = [0.0, 1.0, AGAIN_SECONDS - 1, AGAIN_SECONDS, AGAIN_SECONDS + 1]
    refused = RefusedUpdates(iter(times).__next__)
    for _ in times:
        refused.tell("k.", "example.org.", WRONG)
    assert caplog.messages == [TOLD, TOLD]


def test_keys_zones_and_reasons_are_told_apart(caplog: pytest.LogCaptureFixture) -> None:
    refused = RefusedUpdates(lambda: 0.0)
    for key, zone, why in (
        ("k.", "a.", "x"),
        ("l.", "a.", "x"),
        ("k.", "b.", "x"),
        ("k.", "a.", "y"),
    ):
        refused.tell(key, zone, Outcome(dns.rcode.REFUSED, why))
    assert len(caplog.messages) == 4


@pytest.mark.parametrize(
    "outcome",
    [
        DONE,
        Outcome(dns.rcode.YXDOMAIN),  # a prerequisite: the client knows best
        Outcome(dns.rcode.SERVFAIL, "others came before, and nothing was done"),  # it tries again
    ],
)
def test_what_is_no_refusal_is_not_told(outcome: Outcome, caplog: pytest.LogCaptureFixture) -> None:
    RefusedUpdates(lambda: 0.0).tell("k.", "example.org.", outcome)
    assert caplog.messages == []


def test_only_so_many_are_remembered(caplog: pytest.LogCaptureFixture) -> None:
    refused = RefusedUpdates(lambda: 0.0)
    for number in (*range(MOST_KNOWN + 1), 0, MOST_KNOWN):
        refused.tell("k.", "example.org.", Outcome(dns.rcode.REFUSED, f"reason {number}"))
    assert [each.rpartition(" ")[2] for each in caplog.messages[MOST_KNOWN:]] == [
        f'{MOST_KNOWN}"',
        '0"',
    ]
