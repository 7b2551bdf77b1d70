"""The operator's pages are reached by both families."""

import urllib.request

import pytest
from dnsfleet_operator.http import HTTPServer


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_pages_come_over_both_families(host: str) -> None:
    server = HTTPServer(0, lambda: b"a 1\n", {"/healthz": lambda: ""})
    server.start()
    try:
        for path, body in (("/metrics", b"a 1\n"), ("/healthz", b"ok\n")):
            with urllib.request.urlopen(f"http://{host}:{server.port}{path}", timeout=5) as page:
                assert (page.status, page.read()) == (200, body)
    finally:
        server.stop()
