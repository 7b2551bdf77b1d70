"""A server answers its pages, and nothing else."""

import errno
import logging
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from dnsfleet_io.listen_addresses import EVERY_ADDRESS
from dnsfleet_io.pages import Page, PageServer, metrics_page, text_page
from prometheus_client import CollectorRegistry, Gauge


def broken() -> Page:
    raise RuntimeError("a defect")


PAGES = {
    "/healthz": lambda: text_page(True, "fine"),
    "/readyz": lambda: text_page(False, "waiting"),
    "/metrics": lambda: Page(200, "text/plain", b"a 1\n"),
    "/broken": broken,
}


def url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def get(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.fixture(params=["127.0.0.1", "::1"])
def base(request: pytest.FixtureRequest) -> Iterator[str]:
    server = PageServer((request.param, 0), PAGES)
    server.start()
    yield url(*server.address)
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
    assert get(base + path) == (status, body)


def test_a_page_that_is_asked_something_gets_the_query() -> None:
    asked = {"/asked": lambda query: text_page(True, f"<{query}>")}
    server = PageServer(("127.0.0.1", 0), PAGES, asked)
    server.start()
    try:
        base = url(*server.address)
        assert get(f"{base}/asked?a=1&b=%20") == (200, "<a=1&b=%20>\n")
        assert get(f"{base}/asked") == (200, "<>\n")
        assert get(f"{base}/metrics?a=1") == (200, "a 1\n")
    finally:
        server.stop()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_star_takes_clients_of_both_families(host: str) -> None:
    server = PageServer((EVERY_ADDRESS, 0), PAGES)
    server.start()
    try:
        for path, body in (("/metrics", "a 1\n"), ("/healthz", "fine\n")):
            assert get(url(host, server.address[1]) + path) == (200, body)
    finally:
        server.stop()


def test_a_page_that_fails_costs_one_answer_and_is_logged(
    base: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    assert get(f"{base}/broken")[0] == 500
    assert get(f"{base}/healthz")[0] == 200
    (record,) = caplog.records
    assert record.getMessage() == "event=page_failed path=/broken"
    assert "a defect" in caplog.text


def test_a_client_that_hangs_up_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    server = PageServer(("127.0.0.1", 0), PAGES)
    server.start()
    with socket.create_connection(server.address) as client:
        # With SO_LINGER 0 a close is a reset, which the server's next read reports.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.sendall(b"GET /hea")
    assert get(f"{url(*server.address)}/healthz")[0] == 200
    server.stop()
    assert caplog.records == []


def test_a_port_in_use_is_named() -> None:
    server = PageServer(("127.0.0.1", 0), {})
    server.start()
    try:
        with pytest.raises(OSError, match="choose another port") as caught:
            PageServer(server.address, {})
        assert caught.value.errno == errno.EADDRINUSE
        assert f"127.0.0.1 port {server.address[1]}" in str(caught.value)
    finally:
        server.stop()


def test_a_start_asks_no_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> str:
        raise AssertionError("the resolver was asked")

    for name in ("getfqdn", "gethostbyaddr", "gethostbyname"):
        monkeypatch.setattr(socket, name, asked)
    server = PageServer(("127.0.0.1", 0), PAGES)
    server.start()
    try:
        assert get(f"{url(*server.address)}/healthz") == (200, "fine\n")
    finally:
        server.stop()


def test_a_registry_is_a_page_in_the_text_format() -> None:
    registry = CollectorRegistry()
    Gauge("zones", "Zones.", registry=registry).set(3)
    page = metrics_page(registry)
    assert (page.status, page.content_type.partition(";")[0]) == (200, "text/plain")
    assert b"\nzones 3.0\n" in page.body
