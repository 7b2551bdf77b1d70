"""Downloads from a real TLS server, on a loopback address that counts as public here."""

import hashlib
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from dnsfleet.resources import Reference, Zone
from dnsfleet.resources.documents import Document
from dnsfleet_operator.zones import fetching
from dnsfleet_operator.zones.downloads import THREADS, Downloads
from dnsfleet_operator.zones.fetching import DownloadError
from dnsfleet_publisher.zone_sources import SourceError
from support import tls_servers, yaml_resources

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key with a certificate for 127.0.0.1, which downloads trust."""
    path = tmp_path / "server.pem"
    path.write_bytes(tls_servers.credentials("127.0.0.1"))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    monkeypatch.setattr(fetching, "is_public", lambda _: True)
    return path


@contextmanager
def server(credentials: Path, answer: Callable[[ssl.SSLSocket], None]) -> Iterator[str]:
    """An address that gives this answer to one connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(credentials)

    def serve() -> None:
        plain, _ = listener.accept()
        with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as tls:
            tls.recv(65536)
            answer(tls)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/zone"
        thread.join(20)
        assert not thread.is_alive()


def test_the_content_is_read(credentials: Path) -> None:
    def answer(tls: ssl.SSLSocket) -> None:
        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nzone")

    with server(credentials, answer) as url:
        assert fetching.fetch(url) == b"zone"


@pytest.mark.parametrize("head", [HEAD, b"HTTP/1.1 200 OK\r\nX: "])
def test_a_server_that_goes_on_and_on_is_left(
    credentials: Path, head: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "DOWNLOAD_SECONDS", 1.0)
    left = threading.Event()

    def answer(tls: ssl.SSLSocket) -> None:
        tls.sendall(head)
        while not left.wait(0.05):
            tls.sendall(b"x")

    with server(credentials, answer) as url:
        try:
            with pytest.raises(DownloadError, match="not all of it came within 1 s"):
                fetching.fetch(url)
        finally:
            left.set()


def zone_from(url: str, name: str) -> Zone:
    digest = hashlib.sha256(b"zone").hexdigest()
    file = f"{{url: '{url}', sha256: {digest}}}"
    return yaml_resources.zone(
        f"{{origin: {name}.example, soa: null, zoneFile: {file}}}", name=name
    )


class Server:
    """Answers downloads, and knows how many are in memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fetched: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.ready: queue.SimpleQueue[Reference] = queue.SimpleQueue()
        self.answers = threading.Event()
        monkeypatch.setattr("dnsfleet_operator.zones.downloads.fetch_pinned", self._fetch)
        self.downloads = Downloads(self.ready.put)

    def _fetch(self, url: str, _: str) -> bytes:
        self.fetched.put(url)
        assert self.answers.wait(10)
        return b"zone"

    def ask(self, zone: Zone) -> bytes | None:
        """The content, where it is here."""
        document = Document("Zone", zone, "", 0, {})
        try:
            return self.downloads.read(zone, document).text
        except SourceError as error:
            assert error.violation[0] == "ZoneFilePending"
            return None


def test_what_was_read_is_handed_on_once_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(monkeypatch)
    zone = zone_from("https://one.example/", "one")
    assert server.ask(zone) is None
    server.answers.set()
    assert server.ready.get(timeout=10) == zone.reference
    assert not server.downloads.unchanged(zone.reference)
    assert server.ask(zone) == b"zone"
    assert server.downloads.unchanged(zone.reference)
    assert all(job.content is None for job in server.downloads._jobs.values())
    server.answers.clear()
    assert server.ask(zone) is None, "whoever asks again has it read again"
    server.answers.set()
    server.ready.get(timeout=10)
    server.downloads.drop(zone.reference)
    assert server.downloads._jobs == {}
    server.downloads.close()


def test_no_more_downloads_are_in_memory_than_there_are_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Server(monkeypatch)
    zones = {
        made.reference: made
        for made in (zone_from(f"https://{n}.example/", f"z{n}") for n in range(THREADS + 3))
    }
    for zone in zones.values():
        assert server.ask(zone) is None
    server.answers.set()
    waiting = {server.ready.get(timeout=10) for _ in range(THREADS)}
    assert server.fetched.qsize() == THREADS
    while waiting:
        assert server.ask(zones.pop(waiting.pop())) == b"zone"
        if len(waiting) < len(zones):
            waiting.add(server.ready.get(timeout=10))
            held = [job for job in server.downloads._jobs.values() if job.content is not None]
            assert len(held) <= THREADS
    assert not zones
    server.downloads.close()
