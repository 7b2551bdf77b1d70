"""The table of TSIG keys that a gate is told, read again when its file changes.

Where the file is missing or damaged the gate goes on with the keys that it has.
"""

import logging
from pathlib import Path

from dnsfleet import tsig_keys
from dnsfleet.tsig_keys import UsableKey
from dnsfleet_io.logs import line

from dnsfleet_gate import signing
from dnsfleet_gate.signing import Keys

LOOK_SECONDS = 1.0
"""Between looks at the file."""

log = logging.getLogger(__name__)


class KeyFile:
    """The keys of a file, as they were when it could be read last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._problem = ""
        self._text = b""
        self.usable: list[UsableKey] = []
        """All of them."""
        self.by_name: Keys = {}
        """By the name on the wire."""

    def look(self) -> None:
        """Read the file, and take its keys where they changed."""
        try:
            text = self._path.read_bytes()
            if text == self._text:
                return
            found = tsig_keys.decode(text)
        except (OSError, ValueError) as error:
            problem = f"{self._path}: {getattr(error, 'strerror', None) or error}"
            if problem != self._problem:
                self._problem = problem
                log.warning(line("tsig_keys_unusable", problem=problem))
            return
        self._text, self._problem = text, ""
        self.usable, self.by_name = found, signing.key_table(found)
        log.info(line("tsig_keys", keys=",".join(each.name for each in found)))
