"""The two forms of events: lines for people, JSON lines for programs."""

import io
import json

import pytest
from dnsfleet_cli.up import events
from dnsfleet_cli.up.display import JsonLines, Terminal
from rich.console import Console

ROW = events.PopRow("fra", ("127.0.0.1:5301", "[::1]:5301"), 2, "7.1", True)
PAGE = "http://127.0.0.1:30000/"

LINES = [
    (
        events.Propagated("example.com.", 7, "7.1", 3, 0.0412),
        "example.com. serial 7 live at 3/3 Pops in 0.041 s",
    ),
    (events.Removed("a.", 3, 0.5), "a. removed from 3 Pops in 0.500 s"),
    (events.Held("a.", "too much"), "a. held, what it had is served on: too much"),
    (events.Rejected("f:1: spec", "bad [x]", "Bad"), "f:1: spec: bad [x] [Bad]"),
    (events.Warned("f:1", "odd", "Odd"), "f:1: warning: odd [Odd]"),
    (
        events.Exited("core", -9, 0.1, "/s/core.log"),
        "core ended with status -9; starting it again in 0.1 s (see /s/core.log)",
    ),
    (events.Waiting(("fra", "nyc"), "/s"), "still waiting for fra, nyc (see /s)"),
    (events.Stopped(), "stopped"),
]


def on_terminal(event: events.Event) -> str:
    output = io.StringIO()
    terminal = Terminal(Console(file=output, width=100, highlight=False, soft_wrap=True))
    terminal.show(event)
    terminal.close()
    return output.getvalue()


@pytest.mark.parametrize(("event", "line"), LINES)
def test_an_event_is_one_line(event: events.Event, line: str) -> None:
    assert on_terminal(event) == line + "\n"


@pytest.mark.parametrize("event", [events.Started("core", 1), events.Published("a.", 7, "7.1", 12)])
def test_what_a_later_event_completes_is_worth_no_line(event: events.Event) -> None:
    assert on_terminal(event) == ""


def test_a_ready_fleet_is_a_table_and_a_query_to_try() -> None:
    shown = on_terminal(events.Ready((ROW,), ("a.", "b."), 2.04, "dig @127.0.0.1 a.", PAGE))
    for text in ("2 zones at 1 Pop\n", "127.0.0.1:5301  [::1]:5301", "7.1", "ready after 2.0 s"):
        assert text in shown
    assert shown.endswith(f"\n  dig @127.0.0.1 a.\nor look at {PAGE}\n")


def test_programs_get_the_fields_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    JsonLines().show(events.Ready((ROW,), ("a.",), 2.0, "dig", PAGE))
    JsonLines().show(events.Stopped())
    ready, stopped = map(json.loads, capsys.readouterr().out.splitlines())
    assert ready == {
        "event": "ready",
        "pops": [
            {
                "pop": "fra",
                "addresses": ["127.0.0.1:5301", "[::1]:5301"],
                "zones": 2,
                "revision": "7.1",
                "ready": True,
            }
        ],
        "zones": ["a."],
        "seconds": 2.0,
        "dig": "dig",
        "status_page": PAGE,
    }
    assert stopped == {"event": "stopped"}
