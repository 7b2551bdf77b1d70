"""What `top` draws: each file in `top` is a fleet as it is shown."""

from pathlib import Path

import pytest
from dnsfleet_cli.top import rendering
from dnsfleet_cli.top.figures import BAD, DOWN, WELL, Row

FOLDER = Path(__file__).with_name("top")

DOWN_POP = Row("nrt", 0, 2, None, None, None, None, None, None, None, DOWN, ("no page of a, b",))
LATE_POP = Row(
    "fra",
    2,
    2,
    12_000,
    0.4,
    31e-6,
    1.24e-3,
    0.5,
    0.021,
    61.25,
    BAD,
    ("61 s behind", "2.1% SERVFAIL"),
)
GOOD_POP = Row("a-long-name", 2, 2, 7, 1_234_567.8, 1e-6, 0.25, 0.999, 0.0, 0.0, WELL, ())
FLEET = [DOWN_POP, LATE_POP, GOOD_POP]
ALERTS = [f"DnsfleetPopDown [critical] pop=p{number}\x1b[2J" for number in range(7)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nothing_known", rendering.text([], None, "12:00:00")),
        ("all_well", rendering.text([GOOD_POP], [], "12:00:00")),
        ("attention", rendering.text(FLEET, ALERTS[:1], "12:00:00")),
        ("many_alerts", rendering.text(FLEET, ALERTS, "12:00:00")),
        ("narrow", rendering.text(FLEET, None, "12:00:00", width=60, height=5)),
    ],
)
def test_it_is_drawn_as_before(name: str, text: str) -> None:
    assert f"{text}\n" == (FOLDER / f"{name}.txt").read_text()
