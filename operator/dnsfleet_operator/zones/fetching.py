"""Reading an https address that anybody may have named.

Anyone who may create a Zone may name an address, so the operator must not become a way into the
network behind it: the name is resolved once, every address that it has must be public, the
connection goes to the address that was checked, and redirects are not followed.
"""

import contextlib
import hashlib
import http.client
import socket
import ssl
import threading
from typing import Self
from urllib.parse import urlsplit

from dnsfleet.prefixes import is_public

MAX_OCTETS = 256 * 1024**2
"""Of one file as it is sent: ten million records, compressed; the operator holds it in memory."""
TIMEOUT_SECONDS = 15.0
"""For the connection and for each read."""
DOWNLOAD_SECONDS = 600.0
"""For all of a download: the biggest at 450 kB/s. A server that sends an octet now and then would
otherwise keep one of the threads for good."""
READ_OCTETS = 1024**2


class DownloadError(Exception):
    """There is no content; the message says why and what to do."""


def fetch_pinned(url: str, sha256: str) -> bytes:
    """What an address returns, if it has the digest; DownloadError where not."""
    content = fetch(url)
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise DownloadError(f"the content has the SHA-256 {digest}, not the one given")
    return content


def fetch(url: str) -> bytes:
    """What an https address returns; DownloadError where it may not or cannot be read."""
    if not url.isascii():
        raise DownloadError("write names as A-labels, and in the path %XX for what is not ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError as error:
        raise DownloadError(f"it is no address: {error}") from None
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise DownloadError("only https://HOST[:PORT]/PATH is read, without a user")
    address = public_address(parts.hostname, port)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with _PinnedConnection(parts.hostname, port, address) as connection:
        connection.request("GET", target, headers={"Accept-Encoding": "identity"})
        response = connection.getresponse()
        if response.status != http.client.OK:
            raise DownloadError(f"the server answers {response.status}; redirects are not followed")
        return _read(response)


def public_address(host: str, port: int) -> str:
    """The first address of a host; DownloadError where any of them is not a public one."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise DownloadError(f"{host} has no address: {error.strerror}") from None
    except UnicodeError:
        raise DownloadError(f"{host} is no name: a label is empty or too long") from None
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not is_public(address):
            raise DownloadError(f"{host} is at {address}, which is no public address")
    return addresses[0]


def _read(response: http.client.HTTPResponse) -> bytes:
    parts = []
    size = 0
    while part := response.read(READ_OCTETS):
        size += len(part)
        if size > MAX_OCTETS:
            raise DownloadError(f"more than {MAX_OCTETS} octets")
        parts.append(part)
    return b"".join(parts)


class _PinnedConnection(http.client.HTTPSConnection):
    """Connects to one address, checks the certificate for the name, and lasts DOWNLOAD_SECONDS.

    As a context it ends then, whatever it waits for, and turns what fails into DownloadError.
    """

    def __init__(self, host: str, port: int, address: str) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(host, port, timeout=TIMEOUT_SECONDS, context=self._tls)
        self._address = address
        self._line: socket.socket | None = None
        """What is under TLS; the response takes over `sock`, and shows an abort as its end."""
        self._limit = threading.Timer(DOWNLOAD_SECONDS, self._abort)
        self._limit.daemon = True
        self._aborted = False

    def __enter__(self) -> Self:
        self._limit.start()
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._limit.cancel()
        self.close()
        if self._line is not None:
            self._line.close()
        if self._aborted:
            raise DownloadError(f"not all of it came within {DOWNLOAD_SECONDS:.0f} s") from None
        if isinstance(error, OSError | http.client.HTTPException):
            raise DownloadError(f"cannot be read: {error}") from None

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        self._line = plain.dup()
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)

    def _abort(self) -> None:
        self._aborted = True
        if self._line is not None:
            with contextlib.suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)
