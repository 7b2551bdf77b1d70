"""Zone files from https addresses, read beside the work of the operator.

The digest in the Zone pins the content, so what was read once never has to be read again. What was
read is handed on once, to be parsed, and not kept: a download holds the thread that made it until
then, so that no more than THREADS of them are in memory, however many Zones there are.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from dnsfleet import resources
from dnsfleet.resources import Reference
from dnsfleet.resources.documents import Document
from dnsfleet_publisher.zone_sources import SourceError, Text

from dnsfleet_operator.zones.fetching import DownloadError, fetch_pinned

RETRY_SECONDS = 60.0
"""After a download that failed."""
THREADS = 2
"""Downloads under way at once, each of fetching.MAX_OCTETS at most."""

_log = logging.getLogger(__name__)


class _Job:
    """The download of one Zone."""

    def __init__(self, wanted: tuple[str, str]) -> None:
        """`wanted` are URL and SHA-256."""
        self.wanted = wanted
        self.done = False
        self.told = False
        """Whether somebody has heard how it ended."""
        self.content: bytes | None = None
        self.error: Exception | None = None
        self.failed_at = 0.0
        self.let_go = threading.Event()
        """Set when the content was taken, or nobody wants it any more."""

    @property
    def due_again(self) -> bool:
        """Whether it failed, and long ago."""
        return self.error is not None and time.monotonic() - self.failed_at >= RETRY_SECONDS


class Downloads:
    """Reads what `zoneFile.url` names; `ready` is called, from a thread, with the Zone for which
    something came."""

    def __init__(self, ready: Callable[[Reference], None]) -> None:
        self._ready = ready
        self._pool = ThreadPoolExecutor(THREADS, "download")
        self._jobs: dict[Reference, _Job] = {}

    def close(self) -> None:
        """Start no more downloads."""
        self.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def clear(self) -> None:
        """Nobody will ask for what was read."""
        for reference in list(self._jobs):
            self.drop(reference)

    def drop(self, reference: Reference) -> None:
        """Keep nothing of a Zone."""
        if (job := self._jobs.pop(reference, None)) is not None:
            job.let_go.set()

    def read(self, zone: resources.Zone, document: Document) -> Text:
        """The content of the Zone's address; SourceError while it is not here."""
        del document  # what an address names does not depend on where the Zone was written
        file, reference = zone.spec.zone_file, zone.reference
        if file is None or file.url is None or file.sha256 is None:
            raise SourceError(
                "path", "path is for dnsfleet up; give a url or configMaps here", "Unsupported"
            )
        wanted = (file.url, file.sha256)
        job = self._jobs.get(reference)
        if job is None or job.wanted != wanted or job.due_again or job.let_go.is_set():
            self.drop(reference)
            job = self._jobs[reference] = _Job(wanted)
            self._pool.submit(self._run, reference, job)
        if not job.done:
            raise SourceError("url", f"{file.url} is being read", "ZoneFilePending")
        job.told = True
        if job.content is None:
            raise SourceError("url", f"{file.url}: {job.error}", again=RETRY_SECONDS)
        content, job.content = job.content, None
        job.let_go.set()
        return Text(content, f"{reference}: spec.zoneFile.url")

    def unchanged(self, reference: Reference) -> bool:
        """Whether nothing came since `read`, and nothing that failed is due again."""
        job = self._jobs.get(reference)
        return job is None or (job.told and not job.due_again)

    def _run(self, reference: Reference, job: _Job) -> None:
        if job.let_go.is_set():
            return
        try:
            job.content = fetch_pinned(*job.wanted)
        except Exception as error:
            # What nobody foresaw is one failed download more.
            _log.warning("%s: %s", reference, error, exc_info=not isinstance(error, DownloadError))
            job.error, job.failed_at = error, time.monotonic()
        job.done = True
        self._ready(reference)
        if job.content is not None:
            job.let_go.wait()
            job.content = None
