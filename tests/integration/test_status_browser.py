"""The status page in headless Chromium: what its own parser makes of a page, and how it looks."""

import shutil
import subprocess
import zlib
from pathlib import Path

import pytest
from support.status_pages import MARKUP, Site, alerts, look, parse, served

CHROMIUM = ("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
"""As root it has no sandbox; what it loads here is ours."""
SECONDS = 60.0
"""For what takes four: the machine may be busy."""
GROUND = {"light": (0xFF, 0xFF, 0xFF), "dark": (0x14, 0x17, 0x1B)}
SCHEMES = {"dark": 0, "light": 1}
"""Numbers of Chromium's setting for prefers-color-scheme."""


def browse(site: Site, path: str, profile: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Load a page; what Chromium prints, with the messages of its console."""
    command = [*CHROMIUM, f"--user-data-dir={profile}", "--enable-logging=stderr", *options]
    ended = subprocess.run(
        [*command, f"http://127.0.0.1:{site.port}{path}"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    refused = [line for line in ended.stderr.splitlines() if "Content Security Policy" in line]
    assert not refused
    return ended


def first_pixel(png: bytes) -> tuple[int, ...]:
    """Red, green and blue of the corner: no filter of PNG changes the first pixel (RFC 2083)."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    data, position = b"", 8
    while position < len(png):
        length = int.from_bytes(png[position : position + 4])
        if png[position + 4 : position + 8] == b"IDAT":
            data += png[position + 8 : position + 8 + length]
        position += 12 + length
    return tuple(zlib.decompress(data)[1:4])


def test_markup_of_users_makes_no_element(tmp_path: Path) -> None:
    assert shutil.which(CHROMIUM[0]), "install Debian's package chromium"
    with served(lambda: look(MARKUP), lambda: alerts(MARKUP)) as site:
        shown = browse(site, "/", tmp_path, "--dump-dom").stdout
    page = parse(shown.removeprefix("<!DOCTYPE html>"))
    assert not page.all("script", "img")
    assert MARKUP in page.text
    assert [row.children[0].text for row in page.all("tr")] == [
        *("Pop", "fra", "iad"),
        *("Zone", "b.example.", "a.example.", MARKUP),
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_style_is_that_of_the_scheme(tmp_path: Path, scheme: str) -> None:
    picture = tmp_path / "page.png"
    options = (
        f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
        f"--screenshot={picture}",
    )
    with served() as site:
        browse(site, "/zones", tmp_path / "profile", *options)
    assert first_pixel(picture.read_bytes()) == GROUND[scheme]
