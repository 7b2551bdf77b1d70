"""The certificates of one end of a TLS connection, read from files that others replace.

A file of authorities may hold several: while one follows another, both count.
"""

import logging
import math
import ssl
from pathlib import Path
from typing import NamedTuple

from cryptography import x509

from dnsfleet_io.logs import line

log = logging.getLogger(__name__)


class Files(NamedTuple):
    """The files of one end, PEM."""

    certificate: Path
    key: Path
    authorities: Path
    """What has signed the certificate of the other end."""


def first_end(pem: bytes) -> float:
    """When the first of some certificates ends, Unix time in seconds; NaN where that is unknown.

    OpenSSL takes some that are not understood here; these count, and nobody is warned.
    """
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError:
        return math.nan
    return min(each.not_valid_after_utc.timestamp() for each in found)


class Certificates:
    """What one end shows and trusts, as its files are now."""

    def __init__(self, files: Files, server: bool) -> None:
        """OSError or ssl.SSLError for files that cannot be used."""
        self._files = files
        self._purpose = ssl.Purpose.CLIENT_AUTH if server else ssl.Purpose.SERVER_AUTH
        self._read = self._bytes()
        self._problem = ""
        self.context = self._context()
        """For the next connection."""

    def look(self) -> None:
        """Read the files again where they changed; what cannot be used is told once, and left."""
        try:
            found = self._bytes()
            if found == self._read:
                return
            self.context = self._context()
        except (OSError, ssl.SSLError) as error:
            if str(error) != self._problem:
                self._problem = str(error)
                log.warning(line("certificates_unusable", problem=error))
            return
        self._read, self._problem = found, ""
        log.info(line("certificates", folder=self._files.certificate.parent))

    @property
    def own_end(self) -> float:
        """When what this end shows ends (see `first_end`)."""
        return first_end(self._read[0])

    @property
    def authorities_end(self) -> float:
        """When the first of those ends that have signed for the other end."""
        return first_end(self._read[2])

    def _bytes(self) -> tuple[bytes, ...]:
        return tuple(path.read_bytes() for path in self._files)

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(self._purpose, cafile=str(self._files.authorities))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(self._files.certificate, self._files.key)
        return context
