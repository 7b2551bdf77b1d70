"""`kubectl dnsfleet dashboard`: which pod it is, and what is carried to it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from dnsfleet_cli.kubectl import status_pages
from dnsfleet_cli.kubectl.pods import Pod
from dnsfleet_cli.troubles import Trouble
from support.status_pages import get, served
from support.waiting import wait_for

SECONDS = 20.0
PODS = [Pod("one", "dnsfleet-status-0", 8081)]


class Pods:
    """Stands in for the cluster: the port of its pod is a port of this machine."""

    def __init__(self, pods: list[Pod], port: int = 0) -> None:
        self.pods = pods
        self.opened = 0
        self._port = port

    def release(self, namespace: str) -> str:
        return namespace or "one"

    def status_pods(self, namespace: str) -> list[Pod]:
        return [pod for pod in self.pods if pod.namespace == namespace]

    def connection(self, pod: Pod) -> socket.socket:
        assert pod in self.pods
        self.opened += 1
        if not self._port:
            raise Trouble("cannot forward a port of pod one/dnsfleet-status-0: forbidden")
        return socket.create_connection(("127.0.0.1", self._port))


@contextmanager
def dashboard(cluster: Any, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    """The address that a dashboard prints; its thread ends with the tests."""
    said: list[str] = []

    def printed() -> str:
        said.append(capsys.readouterr().out)
        return "".join(said).partition(" until Ctrl-C")[0] if "until" in "".join(said) else ""

    thread = threading.Thread(target=status_pages.run, args=(cluster, "", 0), daemon=True)
    thread.start()
    yield wait_for("an address", printed, SECONDS)


def test_pages_come_through_the_pod(capsys: pytest.CaptureFixture[str]) -> None:
    with served() as site:
        cluster = Pods(PODS, site.port)
        with dashboard(cluster, capsys) as url:
            for path in ("", "zones", "style.css"):
                assert get(url + path, {}).status == 200
    assert cluster.opened == 3


def test_a_connection_that_hangs_holds_up_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    with served() as site:
        cluster = Pods(PODS, site.port)
        let_go, hangs = threading.Event(), threading.Event()
        connection = cluster.connection

        def slow_once(pod: Pod) -> socket.socket:
            cluster.connection = connection  # type: ignore[method-assign]
            hangs.set()
            let_go.wait(SECONDS)
            return connection(pod)

        cluster.connection = slow_once  # type: ignore[method-assign]
        with dashboard(cluster, capsys) as url:
            first = threading.Thread(target=get, args=(url, {}))
            first.start()
            assert hangs.wait(SECONDS)
            try:
                assert get(url, {}).status == 200
                assert first.is_alive(), "it still hangs"
            finally:
                let_go.set()
                first.join()


def test_who_may_not_forward_ports_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with dashboard(Pods(PODS), capsys) as url:
        with pytest.raises(OSError, match=r"closed|reset"):
            get(url, {})
        wait_for("why", lambda: "forbidden" in capsys.readouterr().out, SECONDS)


@pytest.mark.parametrize(
    ("pods", "namespace", "told"),
    [
        ([], "", "no Ready pod of a status page in namespace one: install the release with"),
        (PODS, "two", "no Ready pod of a status page in namespace two: "),
        ([Pod("two", "x", 8081)], "", "no Ready pod of a status page in namespace one: "),
    ],
)
def test_without_one_page_it_says_what_to_do(pods: list[Pod], namespace: str, told: str) -> None:
    with pytest.raises(Trouble, match=told):
        status_pages.run(Pods(pods), namespace, 0)  # type: ignore[arg-type]


def test_a_port_that_is_taken_is_trouble() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Trouble, match=f"cannot listen on port {port}: .*; choose another"):
            status_pages.run(Pods(PODS), "", port)  # type: ignore[arg-type]
