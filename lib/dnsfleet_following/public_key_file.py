"""The thread that notices when the file with the publisher's public keys changes.

Where the file is missing or damaged, the edge goes on with the keys that it has: with others, or
with none, it would take no news.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from dnsfleet.replication import public_keys
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet_io.logs import line

from dnsfleet_following.config_files import ConfigError
from dnsfleet_following.workers import Worker

LOOK_SECONDS = 2.0
"""Between looks at the file: short beside the minute in which a node brings a changed ConfigMap."""

log = logging.getLogger(__name__)


def read(path: Path) -> PublicKeys:
    """The Ed25519 keys in a PEM file; ConfigError names the file."""
    try:
        return public_keys.parse(path.read_bytes())
    except OSError as error:
        problem = f"cannot read it: {error.strerror}"
    except ValueError as error:
        problem = str(error)
    raise ConfigError(f"public key {path}: {problem}, give the file that the publisher wrote")


class PublicKeyFile:
    """Calls `changed` with the keys of a file whenever they are others than before."""

    def __init__(
        self, path: Path, known: PublicKeys, changed: Callable[[PublicKeys], None]
    ) -> None:
        self._path = path
        self._known = known
        self._changed = changed
        self._problem = ""
        self._stopping = threading.Event()
        self.worker = Worker("public keys", self._run)

    def start(self) -> None:
        """Look every LOOK_SECONDS."""
        self.worker.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self.worker.join()

    def look(self) -> None:
        """Read the file, and tell of its keys where they changed."""
        try:
            found = public_keys.parse(self._path.read_bytes())
        except OSError as error:
            self._tell(f"{self._path}: {error.strerror}")
            return
        except ValueError as error:
            self._tell(f"{self._path}: {error}")
            return
        self._problem = ""
        if found != self._known:
            self._changed(found)
            self._known = found
            log.info(line("public_keys", keys=",".join(map(public_keys.identify, found))))

    def _tell(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            log.warning(line("public_keys_unusable", problem=problem))

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                self.look()
            except BaseException:
                log.exception(line("public_keys_defect"))
