"""Where gates pass NOTIFY on to: a port of UDP, answered in a thread of its own."""

import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping

from dnsfleet.tsig_keys import PrimaryKey
from dnsfleet_io.listen_addresses import Address, of_both_families

from dnsfleet_publisher.transferring import notifies
from dnsfleet_publisher.transferring.notifies import Notified

PER_SECOND = 200
"""Messages that are looked at, some 0.4 ms each: who floods a gate gets no more of this process. A
primary sends again what was dropped, and the refresh of the zone finds what it gave up."""
_MAX_OCTETS = 65535

_log = logging.getLogger(__name__)


class NotifyPort:
    """Hears gates from `start` until `stop`."""

    def __init__(
        self,
        address: Address,
        keys: Callable[[], Mapping[str, PrimaryKey]],
        notified: Notified,
        hears: Callable[[], bool] = lambda: True,
    ) -> None:
        """Bind the address, OSError where that fails; nothing is said while `hears` is False."""
        host, port = of_both_families(address)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            if family == socket.AF_INET6:
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]
        self._keys, self._notified, self._hears = keys, notified, hears
        self._stopped, self._stops = socket.socketpair()
        self._second, self._left = 0, PER_SECOND
        self._thread = threading.Thread(target=self._run, name="notify", daemon=True)

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer nobody any more."""
        self._stops.close()
        self._thread.join()
        self._stopped.close()
        self._socket.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._stopped, selectors.EVENT_READ)
            while all(key.fileobj is self._socket for key, _ in selector.select()):
                try:
                    self._hear()
                except OSError as error:
                    _log.debug("NOTIFY: %s", error)  # the gate went away
                except Exception:  # one message costs one reply
                    _log.exception("NOTIFY")

    def _hear(self) -> None:
        wire, sender = self._socket.recvfrom(_MAX_OCTETS, socket.MSG_DONTWAIT)
        if self._hears() and self._has_room():
            reply = notifies.answer(wire, self._keys().values(), self._notified, time.time())
            if reply is not None:
                self._socket.sendto(reply, sender)

    def _has_room(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._left = second, PER_SECOND
        self._left -= 1
        return self._left >= 0
