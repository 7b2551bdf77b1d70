"""The three pages, and nothing else."""

import errno
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from dnsfleet_edge.http import HTTPServer, Page, text_page


@pytest.fixture(params=["127.0.0.1", "::1"])
def base(request: pytest.FixtureRequest) -> Iterator[str]:
    pages = {
        "/healthz": lambda: text_page(True, "fine"),
        "/readyz": lambda: text_page(False, "waiting"),
        "/metrics": lambda: Page(200, "text/plain", b"a 1\n"),
    }
    server = HTTPServer((request.param, 0), pages)
    server.start()
    host, port = server.address
    yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    server.stop()


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/healthz", 200, "fine\n"),
        ("/healthz?verbose", 200, "fine\n"),
        ("/readyz", 503, "waiting\n"),
        ("/metrics", 200, "a 1\n"),
        ("/", 404, "not found\n"),
        ("/metrics/", 404, "not found\n"),
    ],
)
def test_pages(base: str, path: str, status: int, body: str) -> None:
    try:
        with urllib.request.urlopen(base + path, timeout=5) as response:
            assert (response.status, response.read().decode()) == (status, body)
    except urllib.error.HTTPError as error:
        with error:
            assert (error.code, error.read().decode()) == (status, body)


def test_a_port_in_use_is_named() -> None:
    server = HTTPServer(("127.0.0.1", 0), {})
    server.start()
    try:
        with pytest.raises(OSError, match="choose another port") as caught:
            HTTPServer(server.address, {})
        assert caught.value.errno == errno.EADDRINUSE
        assert f"127.0.0.1 port {server.address[1]}" in str(caught.value)
    finally:
        server.stop()
