"""The pages as a browser gets them: what they show, that users' text stays text, and JSON."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from dnsfleet_status import views
from dnsfleet_status.looks import Alerts, Look
from support.status_pages import MARKUP, PATHS, Reply, alerts, look, parse, served

Get = Callable[..., Reply]


@pytest.fixture(scope="module")
def get() -> Iterator[Get]:
    with served() as ask:
        yield ask


def rows(reply: Reply) -> list[list[str]]:
    """The cells of all tables of a page."""
    return [[cell.text for cell in row.children] for row in parse(reply.text).all("tr")]


@pytest.mark.parametrize("path", PATHS)
def test_what_users_write_stays_text(path: str) -> None:
    with served(lambda: look(MARKUP), lambda: alerts(MARKUP)) as get:
        reply = get(path)
        asked = get(f"{path}?zone=%3Cscript%3E%22&pop=%22%3E%3Cimg%3E&page=%3Cb%3E")
    assert (reply.status, asked.status) == (200, 200)
    assert not parse(reply.text).all("script", "img")
    assert not parse(asked.text).all("script", "img", "b")
    for element in parse(reply.text).all():
        assert not [name for name in element.attributes if name.startswith("on")]
    assert MARKUP in parse(reply.text).text  # in the title, if nowhere else


def test_a_zone_with_markup_is_shown_whole() -> None:
    with served(lambda: look(MARKUP)) as get:
        found = rows(get("/zones?zone=script"))
    assert [row[0] for row in found] == ["Zone", MARKUP]


def test_pops_are_in_a_table(get: Get) -> None:
    head, fra, iad = rows(get("/pops"))
    assert head == [
        *("Pop", "Region", "State", "Ready", "Edges ready", "Zones current"),
        *("Lag", "Queries/s", "Version", "Message"),
    ]
    assert fra == ["fra", "eu-central", "Active", "Yes", "1/1", "1/1", "0.0 s", "12.5", "0.1.0", ""]
    assert iad[3:8] == ["No", "1/2", "1/2", "3.2 s", "not known"]


def test_the_matrix_says_in_words_what_is_late(get: Get) -> None:
    _, first, second, _ = rows(get("/zones"))
    assert first == ["a.example.", "7", "3.1", "✓ current", "✓ current", ""]
    assert second[:4] == ["b.example.", "7", "3.1", "✓ current"]
    assert second[4] == "✗ failing 0/1 : iad-0 cannot load it: some text"


def test_filters_stay_in_the_form_and_in_links(get: Get) -> None:
    page = parse(get("/zones?zone=b.ex&late=on&refresh=10").text)
    fields = {each.attributes["name"]: each.attributes for each in page.all("input")}
    assert fields["zone"]["value"] == "b.ex"
    assert "checked" in fields["late"]
    assert fields["refresh"]["value"] == "10"
    links = [each.attributes["href"] for each in page.all("a")]
    assert "/zones?zone=b.ex&late=on&refresh=60" in links
    assert "/zones?zone=b.ex&late=on" in links  # do not refresh
    assert "/zones.json?zone=b.ex&late=on&refresh=10" in links


def test_changes_tell_how_far_they_have_come(get: Get) -> None:
    _, *found = rows(get("/changes"))
    assert [row[4:] for row in found] == [
        ["1/2", "not yet"],
        ["2/2", "after 0.125 s"],
        ["none", "replaced by a newer one"],
    ]


@pytest.mark.parametrize(("held", "shown"), [(views.NEWEST, ""), (11, "All 11 held changes")])
def test_the_first_page_has_the_first_of_many_held_changes(held: int, shown: str) -> None:
    made = look()
    many = replace(made, holds=tuple(replace(made.holds[0], about=f"h{n}") for n in range(held)))
    with served(lambda: many) as get:
        page, found = parse(get("/?refresh=10").text), json.loads(get("/overview.json").text)
    links = [each.text for each in page.all("a") if each.attributes["href"] == "/held?refresh=10"]
    assert links == list(filter(None, ["Held", shown]))
    assert [each["about"] for each in found["holds"]] == [f"h{n}" for n in range(views.NEWEST)]
    assert found["held"] == held


def test_a_held_change_has_its_diff_and_the_command(get: Get) -> None:
    shown = [each.text for each in parse(get("/held").text).all("pre")]
    assert shown == ["- some text", "kubectl some text"]


def test_alerts_that_are_not_known_say_what_to_do() -> None:
    with served(firing=lambda: Alerts(problem="give --alertmanager")) as get:
        for path in ("/alerts", "/"):
            assert "give --alertmanager" in parse(get(path).text).text


def test_an_alert_leads_to_its_runbook(get: Get) -> None:
    links = [each.attributes["href"] for each in parse(get("/alerts").text).all("a")]
    assert "https://books.example/" in links


@pytest.mark.parametrize("path", PATHS)
def test_json_is_the_view(get: Get, path: str) -> None:
    link = next(
        each.attributes["href"]
        for each in parse(get(path).text).all("link")
        if each.attributes["rel"] == "alternate"
    )
    reply = get(link)
    assert reply.headers["content-type"] == "application/json"
    said = json.loads(reply.text)
    assert (said.pop("time"), said.pop("fleet")) == ("2026-11-29T12:00:00+00:00", "some text")
    assert said


def test_the_json_of_the_overview_has_everything_on_the_page() -> None:
    found = views.to_json(look(), views.overview(look(), alerts()))
    assert (found["zones"], len(found["pops"]), len(found["holds"])) == (3, 2, 1)
    assert found["alerts"]["firing"][0]["runbook"] == "https://books.example/"
    assert found["changes"][1] == {
        "origin": "a.example.",
        "serial": 7,
        "revision": "3.1",
        "time": "2026-11-29T11:59:00+00:00",
        "current": 2,
        "pops": 2,
        "superseded": False,
        "seconds": 0.125,
    }


def test_an_empty_fleet_has_all_pages() -> None:
    with served(lambda: Look("", "empty"), Alerts) as get:
        assert [get(path).status for path in PATHS] == [200] * len(PATHS)


def test_only_names_of_this_machine_are_answered(get: Get) -> None:
    assert get("/", Host="localhost:8080").status == 200
    for name in ("evil.example", "10.0.0.7:8080", "localhost.evil.example"):
        assert get("/", Host=name).status == 400
        assert get("/overview.json", Host=name).status == 400


@pytest.mark.parametrize("path", [*PATHS, "/style.css", "/overview.json"])
def test_a_browser_is_told_to_take_nothing_from_elsewhere(get: Get, path: str) -> None:
    headers = get(path).headers
    policy = headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert {"style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy)
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
