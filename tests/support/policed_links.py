"""A slow link between two network namespaces, as a provider polices it (needs root).

Each namespace has one end of a veth pair with a token bucket of its own (tc-tbf), so each direction
has the whole rate, and a queue in front of it. Names end in the process id, and `close` removes all
of it.
"""

import os
import subprocess

NEAR, FAR = "10.79.0.1", "10.79.0.2"
QUEUE = ("burst", "8kb", "latency", "500ms")
"""What the bucket holds, and how long a packet may wait before one is dropped: half a second of
packets, as many access lines have."""


class PolicedLink:
    """The namespaces `near` and `far`, with the addresses NEAR and FAR."""

    def __init__(self, kbits: int) -> None:
        """Each direction carries so many kilobits a second."""
        self.near, self.far = f"slow-near-{os.getpid()}", f"slow-far-{os.getpid()}"
        ends = ((self.near, NEAR, f"sn{os.getpid()}"), (self.far, FAR, f"sf{os.getpid()}"))
        try:
            for name, _, _ in ends:
                _ip("netns", "add", name)
            (_, _, one), (_, _, other) = ends
            _ip("link", "add", one, "netns", self.near, "type", "veth", "peer", "name", other)
            _ip("link", "set", other, "netns", self.far)
            for name, address, device in ends:
                for words in (
                    ("link", "set", "lo", "up"),
                    ("link", "set", device, "up"),
                    ("address", "add", f"{address}/24", "dev", device),
                ):
                    _ip("-n", name, *words)
                bucket = ("root", "tbf", "rate", f"{kbits}kbit", *QUEUE)
                command = ["tc", "-n", name, "qdisc", "add", "dev", device, *bucket]
                subprocess.run(command, check=True)
        except BaseException:
            self.close()
            raise

    def inside(self, name: str, *command: str) -> list[str]:
        """A command line that runs in one of the namespaces."""
        return ["ip", "netns", "exec", name, *command]

    def close(self) -> None:
        """Remove the namespaces; nothing may run in them any more."""
        for name in (self.near, self.far):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
