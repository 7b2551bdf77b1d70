"""From pages to pictures: what rose each second, where there is a gap, and what a picture says."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.signatures import curves, events, page, recordings
from bench.signatures.curves import Span
from bench.signatures.recordings import Point, Recording, Scrape, age, gauge, mean, rate, share

SVG = "{http://www.w3.org/2000/svg}"


def scrapes(*values: float | None, name: str = "queries", **labels: str) -> list[Scrape]:
    """A page a second with one series; None where it could not be read."""
    key = (name, frozenset(labels.items()))
    return [
        Scrape(float(at), None if value is None else {key: value})
        for at, value in enumerate(values)
    ]


def both(first: list[Scrape], second: list[Scrape]) -> list[Scrape]:
    return [
        Scrape(a.at, {**(a.samples or {}), **(b.samples or {})})
        for a, b in zip(first, second, strict=True)
    ]


def values(curve: list[Point]) -> list[float | None]:
    return [each.value for each in curve]


@pytest.mark.parametrize(
    ("counts", "rises"),
    [
        ((5, 8, 8), [3, 0]),
        ((5, 7, None, 9, 10), [2, None, None, 1]),  # nothing is known of two seconds
        ((5, 2, 4), [None, 2]),  # the process began anew
    ],
)
def test_a_rate_is_the_rise_of_a_second(
    counts: tuple[float | None, ...], rises: list[float | None]
) -> None:
    found = rate("queries")({"fra": scrapes(*counts)})
    assert values(found["fra"]) == rises


def test_shards_are_added_and_labels_are_told_apart() -> None:
    recording: Recording = {
        "fra": both(scrapes(1, 3, shard="0", rcode="A"), scrapes(1, 2, shard="1", rcode="A")),
        "iad": both(scrapes(0, 7, shard="0", rcode="A"), scrapes(0, 9, shard="0", rcode="B")),
    }
    assert values(rate("queries")(recording)["fra"]) == [3]
    by_rcode = rate("queries", by="rcode", place="iad")(recording)
    assert {name: values(curve) for name, curve in by_rcode.items()} == {"A": [7], "B": [9]}


def test_a_mean_and_a_share_have_a_gap_where_nothing_happened() -> None:
    sums, counts = scrapes(0, 6, 6, name="t_sum"), scrapes(0, 3, 3, name="t_count")
    assert values(mean("t")({"fra": both(sums, counts)})["fra"]) == [2, None]
    hits, misses = scrapes(0, 3, 3, name="hits"), scrapes(0, 1, 1, name="misses")
    assert values(share("hits", "misses")({"fra": both(hits, misses)})["fra"]) == [75, None]


def test_a_gauge_is_what_it_is_or_what_it_is_more_than_at_first() -> None:
    recording = {"fra": scrapes(None, 1000, 3000)}
    assert values(gauge("queries")(recording)["fra"]) == [None, 1000, 3000]
    since = gauge("queries", scale=0.001, from_first=True)(recording)
    assert values(since["fra"]) == [None, 0, 2]


def test_an_age_is_since_the_moment_that_a_metric_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings.time, "time", lambda: 1002.0)  # at the last page
    found = age("queries")({"fra": scrapes(990, None, 1003)})
    assert values(found["fra"]) == [10, None, 0]


def test_what_no_page_has_is_no_curve() -> None:
    assert gauge("other")({"fra": scrapes(1, 2)}) == {}
    assert rate("other")({"fra": scrapes(1, 2)}) == {}


def picture(title: str = "Event <&>") -> str:
    points = [Point(0, 1.0), Point(1, None), Point(2, 3.0), Point(3, 3.0)]
    return curves.svg(title, {"rate (1/s)": {"fra": points}, "lost": {}}, Span(1.5, 3.5, 5.0))


def test_a_picture_stands_alone_and_is_told_in_words() -> None:
    root = ElementTree.fromstring(picture())
    assert root.attrib["role"] == "img"
    assert [root.findtext(f"{SVG}{each}") for each in ("title", "desc")] == [
        "Event <&>",
        "rate (1/s), fra: 1 before, 3 during, nothing after.",
    ]
    assert "prefers-color-scheme: dark" in (root.findtext(f"{SVG}style") or "")
    assert not re.search(r"href|url\(|<script|@import", picture())


def test_a_line_is_broken_where_nothing_was_read() -> None:
    root = ElementTree.fromstring(picture())
    (line,) = (
        each.attrib["d"]
        for each in root.iter(f"{SVG}path")
        if each.attrib["class"] == "curve c0" and "L" in each.attrib["d"]
    )
    assert [part.count("L") for part in line.split("M")[1:]] == [0, 1]
    assert "not measured" in picture()


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.01234, "0.0123"), (99.5, "99.5"), (999.7, "1,000"), (1e6, "1,000,000")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert curves.number(value) == text


def test_the_page_shows_each_event_that_has_a_picture() -> None:
    """What `make signatures` wrote is in the repository."""
    assert page.PAGE.read_text() == page.text(events.EVENTS)
    shown = set(re.findall(r"images/signatures/([\w-]+)\.svg", page.PAGE.read_text()))
    assert shown == {each.stem for each in page.PICTURES.glob("*.svg")}
    assert shown <= {each.name for each in events.EVENTS}
    assert all(Path(page.picture(each)).stat().st_size < 64 * 1024 for each in shown)
