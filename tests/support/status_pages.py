"""The status page in tests: a look with a bit of everything, a server, and what is in a page."""

import contextlib
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import NamedTuple

from dnsfleet.replication.edge_words import Word
from dnsfleet_io.app_servers import AppServer
from dnsfleet_status import app, looks
from dnsfleet_status.looks import Alert, Alerts, Change, Hold, Look, Pop, Zone

MARKUP = "<script>alert('x')</script>&\"<img src=x onerror=alert(1)>"
"""What nobody's object may bring into a page as markup."""
PATHS = [path for path, _, _ in app.PAGES]
VOID = frozenset(["meta", "link", "input", "br", "img", "hr"])
"""Elements without an end tag."""


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str


def pop(name: str, *, edges: int = 1, state: str = "Active") -> Pop:
    return Pop(name, "eu-central", state, True, "", edges, edges, 1, 1, 0.0, 12.5, "0.1.0")


def zone(origin: str, lsn: int, pops: frozenset[str] | None = None, message: str = "") -> Zone:
    return Zone(origin, f"dns/{origin[:-1]}", 7, "3.1", lsn, 12, pops, message)


def look(text: str = "some text") -> Look:
    """Two Pops and two zones, the second of which is late at one; `text` is whatever users say."""
    zones = {each.origin: each for each in (zone("a.example.", 4), zone("b.example.", 9))}
    return Look(
        time="2026-11-29T12:00:00+00:00",
        fleet=text,
        pops=(
            pop("fra"),
            looks.Pop(*("iad", text, "Active", False, text, 1, 2, 1, 2, 3.2, None, text)),
        ),
        zones={
            **zones,
            text: Zone(text, text, None, "3.2", 3, None, None, text),
        },
        words={
            "fra": (Word("fra-0", 1, 9),),
            "iad": (Word("iad-0", 1, 4, failing={"b.example.": text}),),
        },
        changes=(
            Change("b.example.", 7, "3.1", "2026-11-29T11:59:58+00:00", None),
            Change("a.example.", 7, "3.1", "2026-11-29T11:59:00+00:00", 0.125),
            Change(text, 6, "2.9", "2026-11-29T11:58:00+00:00", None),
        ),
        holds=(Hold(text, "2026-11-29T11:00:00Z", text, (f"- {text}",), f"kubectl {text}"),),
        problems=(text,),
    )


def alerts(text: str = "some text") -> Alerts:
    """One alert in which everything but the runbook is `text`."""
    return Alerts(
        (Alert(text, text, "2026-11-29T11:00:00Z", text, text, "https://books.example/"),)
    )


@contextlib.contextmanager
def served(
    look_at_fleet: Callable[[], Look] = look, firing: Callable[[], Alerts] = alerts
) -> "Iterator[Site]":
    """The page on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = AppServer(app.make(look_at_fleet, firing), listening)
        server.start()
        try:
            yield Site(listening.getsockname()[1])
        finally:
            server.stop()


class Site(NamedTuple):
    """A page that is served; calls ask it for a path."""

    port: int

    def __call__(self, path: str, **headers: str) -> Reply:
        return get(f"http://127.0.0.1:{self.port}{path}", headers)


def get(url: str, headers: dict[str, str]) -> Reply:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return Reply(reply.status, dict(reply.headers), reply.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, dict(error.headers), error.read().decode())


class Element:
    """One element of a page."""

    def __init__(self, tag: str, attributes: dict[str, str], parent: "Element | None") -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.children: list[Element] = []
        self.content: list[str | Element] = []

    def all(self, *tags: str) -> "list[Element]":
        """Those below it, of these tags or of any, in the order of the page."""
        found = []
        for child in self.children:
            if not tags or child.tag in tags:
                found.append(child)
            found += child.all(*tags)
        return found

    @property
    def text(self) -> str:
        """What is written in it, in one line."""
        parts = (each if isinstance(each, str) else f" {each.text} " for each in self.content)
        return " ".join("".join(parts).split())

    @property
    def parents(self) -> "list[Element]":
        return [] if self.parent is None else [self.parent, *self.parent.parents]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self._at = Element("document", {}, None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs}, self._at)
        self._at.children.append(made)
        self._at.content.append(made)
        if tag not in VOID:
            self._at = made

    def handle_endtag(self, tag: str) -> None:
        assert self._at.tag == tag, f"</{tag}> ends <{self._at.tag}>"
        assert self._at.parent is not None
        self._at = self._at.parent

    def handle_data(self, data: str) -> None:
        self._at.content.append(data)


def parse(text: str) -> Element:
    """The elements of a page; a tag that ends another one than was begun is an error."""
    builder = _Builder()
    builder.feed(text)
    builder.close()
    assert builder._at is builder.root, f"<{builder._at.tag}> is not ended"
    return builder.root
