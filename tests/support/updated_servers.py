"""Name servers with a zone whose records may be changed by updates (RFC 2136), signed by TSIG.

named does all of it at one address. In a fleet the gate takes updates, and edges answer.
"""

import asyncio
import base64
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import dns.message
import dns.query
import dns.rdataclass
import dns.rdatatype

from support import nameservers, update_rigs
from support.ports import free_port

ORIGIN = "example.org"
KEY = "acme"
FILE = f"""\
$ORIGIN {ORIGIN}.
$TTL 60
@ SOA ns1.example.net. hostmaster 1 7200 900 1209600 60
@ NS ns1.example.net.
@ TXT "of others"
"""
KEY_LINE = f'key "{KEY}" {{{{ algorithm hmac-sha256; secret "SECRET"; }}}};'
ZONE_LINE = f"""
zone "{{origin}}" {{{{ type primary; file "{{file}}"; allow-update {{{{ key "{KEY}"; }}}}; }}}};
"""
ANSWER_SECONDS = 5.0


class UpdatedServer(NamedTuple):
    """Who takes updates, and the key that signs them, with HMAC-SHA256."""

    address: str
    """HOST:PORT."""
    key: str
    secret: str
    """In Base64."""
    resolver: str
    """Who answers for the zone, HOST:PORT."""

    def txt(self, owner: str) -> set[str]:
        """The TXT records of a name."""
        host, port = self.resolver.split(":")
        query = dns.message.make_query(owner, "TXT")
        reply = dns.query.udp(query, host, ANSWER_SECONDS, int(port))
        name = query.question[0].name
        found = reply.get_rrset(reply.answer, name, dns.rdataclass.IN, dns.rdatatype.TXT)
        return {each.to_text() for each in found or ()}


@contextmanager
def named(folder: Path) -> Iterator[UpdatedServer]:
    """named with the zone ORIGIN, which has one TXT record at its apex; `folder` gets its files."""
    secret = base64.b64encode(os.urandom(32)).decode()
    (folder / "zone").write_text(FILE)
    bind = nameservers.BIND._replace(
        head=nameservers.BIND.head + KEY_LINE.replace("SECRET", secret), zone=ZONE_LINE
    )
    with nameservers.serving(bind, {ORIGIN: folder / "zone"}, folder) as port:
        yield UpdatedServer(f"127.0.0.1:{port}", KEY, secret, f"127.0.0.1:{port}")


@contextmanager
def gate(_folder: Path) -> Iterator[UpdatedServer]:
    """A gate with that zone; see `gate_with_keys`."""
    with gate_with_keys(KEY) as (server,):
        yield server


@contextmanager
def gate_with_keys(*names: str) -> Iterator[list[UpdatedServer]]:
    """A gate with that zone in this process, once for each key; what holds zones answers for it.

    The keys may change the TXT records of ACME alone.
    """
    assert f"{ORIGIN}." == update_rigs.ORIGIN
    types = frozenset({"TXT"})
    keys = [update_rigs.key(f"{name}.", "_acme-challenge.*", types=types) for name in names]
    running = update_rigs.rig([{"name": "@", "type": "TXT", "data": ["of others"]}], keys)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="gate")
    thread.start()
    made = asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result()
    port = free_port()
    made.engine.start([("127.0.0.1", port)], shards=1)
    address, resolver = f"127.0.0.1:{made.port}", f"127.0.0.1:{port}"
    secrets = [base64.b64encode(key.secret).decode() for key in keys]
    try:
        yield [UpdatedServer(address, *each, resolver) for each in zip(names, secrets, strict=True)]
    finally:
        made.engine.stop()
        asyncio.run_coroutine_threadsafe(running.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
