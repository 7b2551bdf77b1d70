"""Name servers of others that have zones and a catalog of them (RFC 9432).

Knot makes the catalog itself (`catalog-role: generate`); that of BIND is a zone file.
"""

import base64
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support import nameservers
from support.nameservers import Kind
from support.ports import free_port
from support.scripted_primaries import SECRET

CATALOG = "catalog.example.net"
_ZONE = """\
$ORIGIN {origin}.
@ 300 SOA ns1.example.net. h.example.net. {number} 3600 1 1209600 300
@ 300 NS ns1.example.net.
www 300 A 192.0.2.{number}
"""
_CATALOG = f"""\
$ORIGIN {CATALOG}.
@ 0 SOA invalid. invalid. {{serial}} 1 1 1209600 0
@ 0 NS ns1.example.net.
version 0 TXT "{{version}}"
"""


class Producer:
    """One server, and what it has."""

    def __init__(self, kind: Kind, folder: Path) -> None:
        self.port = free_port()
        self._kind = kind
        self._folder = folder
        self._serial = 0
        self._process: subprocess.Popen[bytes] | None = None

    def has(
        self, members: Mapping[str, str], version: str = "2", more: str = "", number: int = 1
    ) -> None:
        """It has these zones from now on, by origin with their labels, which Knot makes itself.

        `number` is the last octet of their addresses, and their serial; `more` are records of the
        catalog.
        """
        self._serial += 1
        for origin in members:
            text = _ZONE.format(origin=origin, number=number)
            (self._folder / f"{origin}.zone").write_text(text)
        if self._kind is nameservers.BIND:
            text = _CATALOG.format(serial=self._serial, version=version)
            rows = "".join(f"{label}.zones 0 PTR {each}.\n" for each, label in members.items())
            (self._folder / f"{CATALOG}.zone").write_text(text + rows + more)
        (self._folder / f"{self._kind.program}.conf").write_text(self._configuration(members))
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run it."""
        text = (self._folder / f"{self._kind.program}.conf").read_text()
        with nameservers.running(self._kind, text, self._folder) as (process, _):
            self._process = process
            yield
        self._process = None

    def _configuration(self, members: Mapping[str, str]) -> str:
        secret = base64.b64encode(SECRET).decode()
        head = self._kind.configure({}, self._folder, self.port)
        if self._kind is nameservers.BIND:
            zones = "".join(
                f'zone "{each}" {{ type primary; file "{each}.zone"; '
                "allow-transfer { key k; }; };\n"
                for each in (CATALOG, *members)
            )
            return f'{head}key "k" {{ algorithm hmac-sha256; secret "{secret}"; }};\n{zones}'
        common = (
            f'key:\n  - id: k\n    algorithm: hmac-sha256\n    secret: "{secret}"\n'
            "acl:\n  - id: fleet\n    key: k\n    action: transfer\n"
            f'template:\n  - id: default\n    storage: "{self._folder}"\n    acl: fleet\n'
            "    zonefile-load: difference\n    zonefile-sync: -1\n    journal-content: changes\n"
            f'  - id: member\n    storage: "{self._folder}"\n    acl: fleet\n'
            "    zonefile-load: difference\n    zonefile-sync: -1\n    journal-content: changes\n"
            f"    catalog-role: member\n    catalog-zone: {CATALOG}\n"
        )
        rows = "".join(
            f'  - domain: {each}\n    file: "{each}.zone"\n    template: member\n'
            for each in members
        )
        catalog = f"  - domain: {CATALOG}\n    catalog-role: generate\n"
        return head.removesuffix("zone:\n") + common + "zone:\n" + catalog + rows
