"""The certificates that may open a connection, by a file that others replace.

An authority signs a certificate for years, and takes none back. So who it signed for gets in only
while the file has the SHA-256 of the certificate, in hexadecimal, one a line.
"""

import hashlib
import logging
from pathlib import Path

from dnsfleet_io.logs import line

log = logging.getLogger(__name__)


class KnownCertificates:
    """Those that the file has now."""

    def __init__(self, path: Path) -> None:
        """OSError for a file that cannot be read."""
        self._path = path
        self._text = path.read_text()
        self._problem = ""

    def look(self) -> None:
        """Read the file again; one that cannot be read is told once, and changes nothing."""
        try:
            self._text, self._problem = self._path.read_text(), ""
        except (OSError, UnicodeDecodeError) as error:
            if str(error) != self._problem:
                self._problem = str(error)
                log.warning(line("known_certificates_unusable", problem=error))

    def has(self, certificate: bytes) -> bool:
        """Whether this one (DER) may come."""
        return hashlib.sha256(certificate).hexdigest() in self._text.split()
