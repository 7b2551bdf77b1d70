"""What people need who read by keyboard, by screen reader, or in the dark (WCAG 2.2, level AA)."""

import itertools
import re
from collections.abc import Iterator

import pytest
from dnsfleet_status import app
from support.status_pages import PATHS, Element, parse, served

TEXT_CONTRAST = 4.5
"""Of text and its ground (1.4.3)."""
SHAPE_CONTRAST = 3.0
"""Of the line around a field, and of the focus, and its ground (1.4.11)."""
TEXTS = ("text", "quiet", "link", "good", "wait", "bad", "unknown")
GROUNDS = ("ground", "raised")
STYLE = (app.TEMPLATES / "style.css").read_text()


@pytest.fixture(scope="module")
def pages() -> Iterator[dict[str, Element]]:
    with served() as get:
        yield {path: parse(get(f"{path}?refresh=10").text) for path in PATHS}


@pytest.fixture(params=PATHS)
def page(pages: dict[str, Element], request: pytest.FixtureRequest) -> Element:
    return pages[request.param]


def named(element: Element) -> str:
    return element.attributes.get("aria-label") or element.attributes.get("aria-labelledby", "")


def test_a_page_has_a_language_a_title_and_landmarks(page: Element) -> None:
    (html,) = page.all("html")
    assert html.attributes["lang"] == "en"
    (title,) = page.all("title")
    (heading,) = page.all("h1")
    assert title.text.startswith(heading.text)
    assert [len(page.all(tag)) for tag in ("header", "main", "footer")] == [1, 1, 1]
    landmarks = page.all("nav", "section") + [
        each for each in page.all("div") if "role" in each.attributes
    ]
    names = [(each.tag, named(each)) for each in landmarks]
    assert all(name for _, name in names)
    assert len(set(names)) == len(names)


def test_every_table_has_a_caption_and_every_head_a_scope(pages: dict[str, Element]) -> None:
    tables = [table for page in pages.values() for table in page.all("table")]
    assert len(tables) == 5
    for table in tables:
        assert table.children[0].tag == "caption"
        assert table.children[0].text
        assert all(head.attributes["scope"] in ("col", "row") for head in table.all("th"))
        for row in table.all("tbody")[0].all("tr"):
            assert row.children[0].attributes.get("scope") == "row"
        widths = {len(row.children) for row in table.all("tr")}
        assert len(widths) == 1


def test_headings_leave_out_no_level(page: Element) -> None:
    levels = [int(each.tag[1]) for each in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_identifiers_are_unique_and_lead_somewhere(page: Element) -> None:
    known = [each.attributes["id"] for each in page.all() if "id" in each.attributes]
    assert len(set(known)) == len(known)
    for each in page.all():
        assert each.attributes.get("aria-labelledby", known[0]) in known
        link = each.attributes.get("href", "")
        assert not link.startswith("#") or link[1:] in known


def test_the_first_stop_of_the_keyboard_leads_to_the_content(page: Element) -> None:
    stops = [each for each in page.all("a", "input", "button") if "href" in each.attributes]
    assert stops[0].attributes["href"] == "#main"
    assert [each.attributes["id"] for each in page.all("main")] == ["main"]
    assert not [each for each in page.all() if int(each.attributes.get("tabindex", 0)) > 0]


def test_what_scrolls_can_be_reached_by_keyboard(page: Element) -> None:
    scrolling = page.all("pre") + [
        each for each in page.all("div") if each.attributes.get("class") == "wide"
    ]
    for each in scrolling:
        assert each.attributes["tabindex"] == "0"
        assert named(each)


def test_every_field_and_link_has_words(page: Element) -> None:
    for field in page.all("input"):
        if field.attributes.get("type") != "hidden":
            assert [each for each in field.parents if each.tag == "label" and each.text]
    assert all(each.text for each in page.all("a", "button"))


def test_nothing_is_told_by_colour_or_shape_alone(page: Element) -> None:
    for each in page.all("span"):
        if "mark" in each.attributes.get("class", "").split():
            assert re.search("[a-zA-Z]", each.text), each.attributes


def test_a_page_is_only_loaded_again_when_asked(pages: dict[str, Element]) -> None:
    def refreshes(page: Element) -> list[str]:
        metas = [each.attributes for each in page.all("meta")]
        return [each["content"] for each in metas if each.get("http-equiv") == "refresh"]

    with served() as get:
        for path, page in pages.items():
            assert refreshes(page) == ["10"]
            assert refreshes(parse(get(path).text)) == []
            assert refreshes(parse(get(f"{path}?refresh=1").text)) == []  # no choice of ours


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_enough_contrast(scheme: str) -> None:
    colours = scheme_colours(scheme)
    for ground in GROUNDS:
        for text in TEXTS:
            assert contrast(colours[text], colours[ground]) >= TEXT_CONTRAST, (text, ground)
        assert contrast(colours["line"], colours[ground]) >= SHAPE_CONTRAST, ground


def test_every_colour_of_the_style_is_one_that_was_looked_at() -> None:
    rules = STYLE[STYLE.index("* { box-sizing") :]
    used = set(re.findall(r"var\(--([a-z]+)\)", rules))
    assert used == {*TEXTS, *GROUNDS, "line"}
    assert not re.findall(r"#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(", rules)


def scheme_colours(scheme: str) -> dict[str, str]:
    light, dark = STYLE.split("@media (prefers-color-scheme: dark)")
    part = light if scheme == "light" else dark.partition("* {")[0]
    return dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", part))


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
