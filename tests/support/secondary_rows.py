"""What a gate would tell of secondaries, on a page like its own, without a gate."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

from dnsfleet_gate.secondaries.rows import Rows
from dnsfleet_io.pages import Page, PageServer, json_page


def page(rows: Rows, query: str) -> Page:
    """The page for a reader who asks this."""
    fields = parse_qs(query)
    found = rows.page(fields.get("instance", [""])[0], int(fields["after"][0]))
    return json_page(found.model_dump_json().encode())


@contextmanager
def serving(made: Callable[[str], Page]) -> Iterator[int]:
    """Serve a page as that of a gate; the port of loopback."""
    server = PageServer(("127.0.0.1", 0), {}, {"/secondaries": made})
    server.start()
    try:
        yield server.address[1]
    finally:
        server.stop()
