"""The process: what it tells the kubelet."""

import socket
from collections.abc import Callable

import pytest
from dnsfleet_externaldns import main
from dnsfleet_io.app_servers import AppServer
from dnsfleet_io.pages import Page
from dnsfleet_io.tcp_connections import Address
from starlette.applications import Starlette
from support.ports import free_port
from support.waiting import wait_for
from support.webhook_rigs import Objects

Pages = dict[str, Callable[[], Page]]

SECONDS = 60.0


def test_health_is_that_of_the_webhook(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that failed is for the kubelet to mend: nobody else starts it again."""
    pages: Pages = {}
    servers: list[AppServer] = []
    seen: list[bytes] = []

    class Health:
        def __init__(self, _place: Address, given: Pages) -> None:
            pages.update(given)

        def start(self) -> None:
            """Nobody asks over the network here."""

    def served(app: Starlette, listening: socket.socket) -> AppServer:
        servers.append(AppServer(app, listening))
        return servers[0]

    def look(_signals: object) -> None:
        wait_for("it serves", lambda: pages["/healthz"]().status == 200, SECONDS)
        servers[0].stop()
        assert pages["/healthz"]().status == 503
        seen.append(pages["/healthz"]().body)

    monkeypatch.setattr(main, "Cluster", lambda _: Objects())
    monkeypatch.setattr(main, "PageServer", Health)
    monkeypatch.setattr(main, "AppServer", served)
    monkeypatch.setattr(main.signal, "pthread_sigmask", lambda *_: None)
    monkeypatch.setattr(main.signal, "sigwait", look)
    monkeypatch.setattr(main.log_setup, "configure", lambda _: None)
    main.main(["--instance=a", f"--port={free_port()}"])
    assert seen == [b"the webhook takes no requests; see the log\n"]
