"""The thread that gives the engine the cookie secrets of a file, which somebody else rotates.

Where the file is missing or damaged, the engine goes on with the secrets that it has. With none it
answers as a server without cookies, and no client can prove its address by one.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from dnsfleet import cookies
from dnsfleet_engine import Engine
from dnsfleet_following.workers import Worker
from dnsfleet_io.logs import line

LOOK_SECONDS = 10.0
"""Between looks at the file: short beside the hour that a new secret waits before it is used."""

log = logging.getLogger(__name__)


class CookieSecrets:
    """Gives the secrets of a file to an engine, again whenever they change.

    `given` is called with the number of secrets that the engine has from then on.
    """

    def __init__(self, path: Path, engine: Engine, given: Callable[[int], None]) -> None:
        self._path = path
        self._engine = engine
        self._given = given
        self._text: str | None = None
        self._problem = ""
        self._stopping = threading.Event()
        self.worker = Worker("cookies", self._run)

    def start(self) -> None:
        """Look once, and from then on every LOOK_SECONDS."""
        self.look()
        self.worker.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self.worker.join()

    def look(self) -> None:
        """Read the file, and give its secrets to the engine where they changed."""
        try:
            text = self._path.read_text()
            if text == self._text:
                return
            secrets = cookies.for_engine(cookies.parse(text))
            self._engine.set_cookie_secrets(secrets)
            self._given(len(secrets))
        except OSError as error:
            self._tell(f"{self._path}: {error.strerror}")
        except ValueError as error:  # also undecodable bytes
            self._tell(f"{self._path}: {error}")
        except BaseException as error:
            self._tell(f"{self._path}: {error!r}", trace=True)
        else:
            self._text, self._problem = text, ""
            log.info(line("cookie_secrets", count=len(secrets)))

    def _tell(self, problem: str, trace: bool = False) -> None:
        if problem != self._problem:
            self._problem = problem
            log.warning(line("cookie_secrets_unusable", problem=problem), exc_info=trace)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            self.look()
