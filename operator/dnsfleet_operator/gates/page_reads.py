"""Reads what gates tell of secondaries (see `dnsfleet.secondaries.pages`), in threads of its own.

Gates talk to strangers, so what comes from one is bounded in time and octets, and one that is slow
holds up neither the leader nor the reading of others.
"""

import logging
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from http.client import OK, HTTPException, HTTPResponse
from io import BytesIO
from urllib.parse import urlencode, urlsplit

from dnsfleet.secondaries import pages
from dnsfleet.secondaries.pages import MAX_OCTETS, Page
from dnsfleet_io.logs import line

THREADS = 4
"""Gates that are read at once."""
SECONDS = 3.0
"""That a gate may say nothing; it is in the same cluster."""
READ_SECONDS = 8.0
"""For all pages of one read: what is left comes with the next one."""
MAX_PAGES = 20
"""Of one read: all of them are kept until the leader takes them. 200,000 rows come in a minute."""
PIECE = 64 * 1024
"""Octets that are read at a time."""

log = logging.getLogger(__name__)


class GateReader:
    """Reads the pages of one gate, each row once."""

    def __init__(self, address: str) -> None:
        """`address` is HOST:PORT."""
        self._address = address
        self._instance, self._after = "", 0
        self.problem = ""
        """Why it could not be read the last time."""

    def read(self) -> list[Page]:
        """What changed since the last read; nothing where the gate cannot be read."""
        found: list[Page] = []
        end = time.monotonic() + READ_SECONDS
        try:
            for _ in range(MAX_PAGES):
                page = pages.decode(self._get(end))
                found.append(page)
                self._instance, self._after = page.instance, page.position
                if not page.more or time.monotonic() > end:
                    break
        except (OSError, HTTPException, ValueError) as error:
            problem = str(error).partition("\n")[0]
            if problem != self.problem:
                log.warning(line("gate_not_read", gate=self._address, problem=problem))
            self.problem = problem
        else:
            self.problem = ""
        return found

    def _get(self, end: float) -> bytes:
        """One page. It follows no redirection and no proxy: a gate says only what it is asked."""
        query = urlencode({"instance": self._instance, "after": self._after})
        request = f"GET /secondaries?{query} HTTP/1.0\r\nHost: {self._address}\r\n\r\n"
        with HTTPResponse(_Received(self._exchange(request.encode(), end))) as reply:  # type: ignore[arg-type]
            reply.begin()
            if reply.status != OK:
                raise ValueError(f"it answers with the status {reply.status}")
            return reply.read()

    def _exchange(self, request: bytes, end: float) -> bytes:
        """All that comes until the gate closes the connection, as HTTP/1.0 has it.

        `http.client` would wait for as long as each next octet of a header comes in time.
        """
        parts = urlsplit(f"//{self._address}")
        found = bytearray()
        with closing(socket.create_connection((parts.hostname, parts.port), SECONDS)) as connection:
            connection.sendall(request)
            while piece := connection.recv(PIECE):
                found += piece
                if len(found) > MAX_OCTETS or time.monotonic() > end:
                    raise ValueError("the page is too large, or comes too slowly")
        return bytes(found)


class _Received:
    """What came already, in the place of a socket."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def makefile(self, _mode: str) -> BytesIO:
        return BytesIO(self._octets)


class PageReads:
    """Reads gates again and again."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "gate-pages")
        self._readers: dict[str, GateReader] = {}
        self._under_way: dict[str, Future[list[Page]]] = {}
        self._tried: set[str] = set()

    def take(self) -> Iterator[tuple[str, Page]]:
        """What came since, with the name of its gate."""
        for name, future in list(self._under_way.items()):
            if future.done():
                del self._under_way[name]
                self._tried.add(name)
                for page in future.result():
                    yield name, page

    def begin(self, gates: Mapping[str, str]) -> None:
        """Have these gates read, by name; those that are being read are not read twice."""
        for gone in self._readers.keys() - gates.keys():
            del self._readers[gone]
        for name, address in gates.items():
            reader = self._readers.setdefault(name, GateReader(address))
            if name not in self._under_way:
                self._under_way[name] = self._threads.submit(reader.read)

    def again(self) -> None:
        """Have all rows read once more, as there may be others that count."""
        self._readers.clear()

    @property
    def all_tried(self) -> bool:
        """Whether each gate was read, or could not be, at least once."""
        return self._readers.keys() <= self._tried

    def close(self) -> None:
        """Read no more; what is under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)
