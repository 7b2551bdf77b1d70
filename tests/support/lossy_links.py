"""A link between two network namespaces that delays every packet, loses some, and can be cut
(needs root).

The kernel of a small machine may have no netem. So each namespace has a TUN device, one thread
carries packets from the one to the other after the delay, and a rule of nftables drops a share of
what arrives, or all of it in one direction. Names end in the process id and a number, and `close`
removes all of it.
"""

import contextlib
import ctypes
import fcntl
import heapq
import itertools
import os
import selectors
import struct
import subprocess
import threading
import time
from collections.abc import Iterator

_numbers = itertools.count()

NEAR, FAR = "10.78.0.1", "10.78.0.2"
_MTU = 1500
_TUNSETIFF = 0x400454CA
_IFF_TUN_NO_PI = 0x1001
_CLONE_NEWNET = 0x40000000


class LossyLink:
    """The namespaces `near` and `far`, with the addresses NEAR and FAR."""

    def __init__(self, loss_percent: int, delay_seconds: float) -> None:
        """Each packet is lost with that chance, and arrives so much later, in each direction."""
        suffix = f"{os.getpid()}-{next(_numbers)}"
        self.near, self.far = f"near-{suffix}", f"far-{suffix}"
        self._delay = delay_seconds
        self._stop_in, self._stop_out = os.pipe()
        self._ends: list[int] = []
        try:
            for name, address in ((self.near, NEAR), (self.far, FAR)):
                self._ends.append(_make(name, address, loss_percent))
        except BaseException:
            self._remove()
            raise
        self._thread = threading.Thread(target=self._carry)
        self._thread.start()

    def inside(self, name: str, *command: str) -> list[str]:
        """A command line that runs in one of the namespaces."""
        return ["ip", "netns", "exec", name, *command]

    def cut(self, name: str) -> None:
        """Drop all that arrives in one of the namespaces."""
        _filter(name, "cut", "iifname tun0 counter drop")

    def heal(self, name: str) -> None:
        """Undo a cut."""
        command = self.inside(name, "nft", "delete", "table", "inet", "cut")
        subprocess.run(command, check=True)

    def dropped(self) -> int:
        """How many packets the rules have dropped so far, of cuts that last and by chance."""
        rules = "".join(
            subprocess.run(
                self.inside(name, "nft", "list", "ruleset"),
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            for name in (self.near, self.far)
        )
        words = rules.split()
        return sum(int(words[at + 1]) for at, word in enumerate(words) if word == "packets")

    def close(self) -> None:
        """Remove the namespaces; nothing may run in them any more."""
        os.write(self._stop_out, b"x")
        self._thread.join()
        self._remove()

    def _remove(self) -> None:
        for descriptor in (*self._ends, self._stop_in, self._stop_out):
            os.close(descriptor)
        for name in (self.near, self.far):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def _carry(self) -> None:
        """Until `close`: write each packet to the other end when its time has come."""
        waiting: list[tuple[float, int, int, bytes]] = []
        order = itertools.count()
        others = dict(zip(self._ends, reversed(self._ends), strict=True))
        with selectors.DefaultSelector() as selector:
            for descriptor in (*self._ends, self._stop_in):
                selector.register(descriptor, selectors.EVENT_READ)
            while True:
                wait = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
                for key, _ in selector.select(wait):
                    if key.fd == self._stop_in:
                        return
                    due = time.monotonic() + self._delay
                    packet = os.read(key.fd, 65536)
                    heapq.heappush(waiting, (due, next(order), others[key.fd], packet))
                while waiting and waiting[0][0] <= time.monotonic():
                    _, _, descriptor, packet = heapq.heappop(waiting)
                    with contextlib.suppress(OSError):  # the device may be down yet
                        os.write(descriptor, packet)


def _make(name: str, address: str, loss_percent: int) -> int:
    """A namespace with a TUN device, and rules that drop; the device's descriptor."""
    subprocess.run(["ip", "netns", "add", name], check=True)
    with _in_namespace(name):
        descriptor = os.open("/dev/net/tun", os.O_RDWR)
        request = struct.pack("16sH14x", b"tun0", _IFF_TUN_NO_PI)
        fcntl.ioctl(descriptor, _TUNSETIFF, request)
    for command in (
        ("link", "set", "lo", "up"),
        ("link", "set", "tun0", "up", "mtu", str(_MTU)),
        ("address", "add", f"{address}/24", "dev", "tun0"),
    ):
        subprocess.run(["ip", "-n", name, *command], check=True)
    _filter(name, "lossy", f"iifname tun0 numgen random mod 100 < {loss_percent} counter drop")
    return descriptor


def _filter(name: str, table: str, rule: str) -> None:
    """Add a rule for what arrives in a namespace, as a table of its own."""
    rules = f"""table inet {table} {{
        chain arriving {{ type filter hook input priority 0; {rule}; }}
    }}"""
    command = ["ip", "netns", "exec", name, "nft", "-f", "-"]
    subprocess.run(command, input=rules, text=True, check=True)


@contextlib.contextmanager
def _in_namespace(name: str) -> Iterator[None]:
    """What this thread opens inside belongs to that network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    other = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        if libc.setns(other, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "cannot enter the network namespace")
        yield
    finally:
        libc.setns(own, _CLONE_NEWNET)
        os.close(own)
        os.close(other)
