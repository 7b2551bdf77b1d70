"""Reads what gates tell of secondaries (see `dnsfleet.secondaries.pages`), in threads of its own.

Gates talk to strangers, so what comes from one is bounded in time and octets, and one that is slow
holds up neither the leader nor the reading of others.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import OK, HTTPConnection, HTTPException
from urllib.parse import urlencode

from dnsfleet.secondaries import pages
from dnsfleet.secondaries.pages import MAX_OCTETS, Page
from dnsfleet_io.logs import line

THREADS = 4
"""Gates that are read at once."""
SECONDS = 3.0
"""That a gate may say nothing; it is in the same cluster."""
READ_SECONDS = 8.0
"""For all pages of one read: what is left comes with the next one."""
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
            while not found or (found[-1].more and time.monotonic() < end):
                page = pages.decode(self._get(end))
                found.append(page)
                self._instance, self._after = page.instance, page.position
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
        connection = HTTPConnection(self._address, timeout=SECONDS)
        body = b""
        try:
            connection.request("GET", f"/secondaries?{query}")
            reply = connection.getresponse()
            if reply.status != OK:
                raise ValueError(f"it answers with the status {reply.status}")
            while piece := reply.read1(PIECE):
                body += piece
                if len(body) > MAX_OCTETS or time.monotonic() > end:
                    raise ValueError("the page is too large, or comes too slowly")
        finally:
            connection.close()
        return body


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
