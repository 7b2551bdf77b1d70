"""What Alertmanager and Prometheus say, read from servers that answer as they do, or badly."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from threading import enumerate as enumerate_threads

import pytest
from dnsfleet_status import alerts
from dnsfleet_status.looks import Alert, Alerts

LABELS = {"alertname": "DnsfleetPopDown", "severity": "critical", "pop": "fra"}
ANNOTATIONS = {
    "summary": "Pop fra is down",
    "description": "no edge answers",
    "runbook_url": "https://books.example/DnsfleetPopDown.md",
}
SINCE = "2026-11-29T11:00:00Z"
FOUND = Alert(
    "DnsfleetPopDown",
    "critical",
    SINCE,
    "Pop fra is down",
    "no edge answers",
    "https://books.example/DnsfleetPopDown.md",
)


@contextmanager
def answering(body: bytes, asked: list[str] | None = None) -> Iterator[str]:
    """The address of a server that says this to every request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if asked is not None:
                asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def of_alertmanager(labels: dict[str, str], annotations: dict[str, str]) -> dict[str, object]:
    return {"labels": labels, "annotations": annotations, "startsAt": SINCE}


def test_alertmanager_is_asked_for_ours_that_nobody_silenced() -> None:
    asked: list[str] = []
    with answering(json.dumps([of_alertmanager(LABELS, ANNOTATIONS)]).encode(), asked) as url:
        assert alerts.from_alertmanager(url + "/")() == Alerts((FOUND,))
    assert asked == [
        "/api/v2/alerts?filter=alertname%3D~%22Dnsfleet.%2A%22&silenced=false&inhibited=false"
    ]


def test_prometheus_tells_what_fires() -> None:
    def entry(state: str, labels: dict[str, str]) -> dict[str, object]:
        return {"labels": labels, "annotations": ANNOTATIONS, "activeAt": SINCE, "state": state}

    said = [
        entry("firing", LABELS),
        entry("pending", LABELS),
        entry("firing", {**LABELS, "alertname": "NodeDown"}),
    ]
    with answering(json.dumps({"data": {"alerts": said}}).encode()) as url:
        assert alerts.from_prometheus(url)() == Alerts((FOUND,))


def test_the_worst_come_first() -> None:
    labels = [
        {"alertname": "DnsfleetB", "severity": "warning"},
        {"alertname": "DnsfleetA"},
        {"alertname": "DnsfleetC", "severity": "critical"},
    ]
    with answering(json.dumps([of_alertmanager(each, {}) for each in labels]).encode()) as url:
        found = alerts.from_alertmanager(url)()
    assert [each.name for each in found.firing] == ["DnsfleetC", "DnsfleetB", "DnsfleetA"]


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "//evil.example", ""])
def test_a_runbook_that_is_no_web_address_is_no_link(link: str) -> None:
    said = [of_alertmanager(LABELS, {"runbook_url": link})]
    with answering(json.dumps(said).encode()) as url:
        assert alerts.from_alertmanager(url)().firing[0].runbook == ""


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[1]", b'[{"labels": {}}]', b'{"data": {"alerts": [{}]}}', b"\xff", b"null"],
)
@pytest.mark.parametrize("make", [alerts.from_alertmanager, alerts.from_prometheus])
def test_what_cannot_be_read_is_a_problem_and_no_silence(
    make: Callable[[str], Callable[[], Alerts]], body: bytes
) -> None:
    with answering(body) as url:
        found = make(url)()
    assert found.firing == ()
    assert found.problem.startswith(f"Which alerts fire is not known: {url} ")


def test_more_than_a_good_answer_has_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "MAX_OCTETS", 1000)
    with answering(json.dumps([of_alertmanager(LABELS, ANNOTATIONS)] * 10).encode()) as url:
        assert alerts.from_alertmanager(url)().problem


def test_a_server_that_is_not_there_is_a_problem() -> None:
    with answering(b"[]") as url:
        pass
    assert "refused" in alerts.from_alertmanager(url)().problem


@pytest.mark.parametrize(
    "url",
    [
        *("", "prometheus:9090", "file:///etc/passwd", "http://", "http://a b:9090"),
        *("http://prometheus:port", "http://prometheus:0", "http://prometheus:99999", "http://a\n"),
    ],
)
def test_an_address_has_to_be_one(url: str) -> None:
    with pytest.raises(ValueError, match="is no address like http"):
        alerts.from_prometheus(url)


@pytest.mark.parametrize("url", ["http://user:s3cret@host", "http://user:s3cret@host:9093"])
def test_a_password_in_an_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match="has a user or a password") as refused:
        alerts.from_alertmanager(url)
    assert "s3cret" not in str(refused.value)


@contextmanager
def saying(said: bytes, without_end: bool = False) -> Iterator[str]:
    """The address of a server that says this to the first who asks, and then an octet at a time."""
    stop = Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(said)
                while without_end and not stop.wait(0.05):
                    connection.sendall(b"x")

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        stop.set()
        thread.join()


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "reply",
    [
        b"no status line\r\n\r\n",
        OK + b"Content-Length: 9\r\n\r\n[",
        OK + b"Transfer-Encoding: chunked\r\n\r\nff\r\n[",
        OK + b"\r\n" + b"[" * 100_000,
    ],
)
def test_no_answer_breaks_the_page(reply: bytes) -> None:
    with saying(reply) as url:
        found = alerts.from_alertmanager(url)()
    assert found.firing == ()
    assert found.problem.startswith(f"Which alerts fire is not known: {url} does not say it: ")


def test_a_server_that_does_not_end_holds_up_a_page_for_some_seconds_and_one_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alerts, "SECONDS", 0.2)
    with saying(OK, without_end=True) as url:
        ask = alerts.from_alertmanager(url)
        for _ in range(3):
            assert ask().problem.endswith("does not say it: no answer within 0.2 s")
        assert [each.name for each in enumerate_threads()].count("alerts") == 1
