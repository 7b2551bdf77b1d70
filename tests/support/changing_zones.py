"""A zone of which names get other addresses by updates, again and again."""

import os
import socket

import dns.tsig

from support import update_loads
from support.update_loads import Load

FULL = os.environ.get("SECONDARIES") == "full"
HOSTS = 100_000 if FULL else 3000
"""In the zone file."""
ROUNDS, ROUND_SECONDS = (10, 30.0) if FULL else (2, 3.0)
"""Of changes; behind each of them zones are compared."""
RATE = 50.0
"""Changes a second."""
CHANGING = [f"dyn{number}" for number in range(500)]
ZONE_FILE = """\
$TTL 300
@ SOA ns1.example.net. hostmaster 1 3600 2 1209600 300
@ NS ns1.example.net.
""" + "".join(f"host{n} A 10.{n >> 16}.{n >> 8 & 255}.{n & 255}\n" for n in range(HOSTS))


class Changes:
    """What was sent so far to the server at a port of loopback."""

    def __init__(self, port: int, key: dns.tsig.Key, zone: str) -> None:
        self._port, self._key, self._zone = port, key, zone
        self._sent = 0

    def round(self) -> Load:
        """Have names get addresses that they had not before."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", self._port))
            load = update_loads.run(
                client, self._key, self._zone, CHANGING, RATE, ROUND_SECONDS, self._sent
            )
        self._sent += load.sent
        print(load)
        return load
