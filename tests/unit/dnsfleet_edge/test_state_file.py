"""What probes beside an edge are told, by a file that may be old, damaged or not there."""

from pathlib import Path

import pytest
from dnsfleet_edge import state_file
from dnsfleet_edge.state_file import STALE_SECONDS, Verdicts

SAID: Verdicts = {"ready": (True, "answers"), "live": (False, "the thread link has ended")}


@pytest.mark.parametrize(
    ("question", "age", "yes", "why"),
    [
        ("ready", 0.0, True, "answers"),
        ("ready", STALE_SECONDS, True, "answers"),
        ("live", 0.0, False, "the thread link has ended"),
        ("ready", STALE_SECONDS + 1, False, "for 16 s"),
        ("live", STALE_SECONDS + 1, False, "for 16 s"),
        ("other", 0.0, False, "other"),
    ],
)
def test_a_question(tmp_path: Path, question: str, age: float, yes: bool, why: str) -> None:
    file = tmp_path / "state"
    file.write_text(state_file.text(SAID, 100.0))
    found, told = state_file.verdict(file, question, 100.0 + age)
    assert found is yes
    assert why in told


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"at": 1}', '{"at": "x", "ready": 1}'])
def test_a_file_that_says_nothing(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "state"
    if text is not None:
        file.write_text(text)
    assert state_file.verdict(file, "ready", 1.0)[0] is False
