"""octoDNS with its provider for BIND, over the gate: AXFR to read a zone, updates to change it."""

import asyncio
import base64
from pathlib import Path
from typing import Any

from support.octodns_runs import NOTHING, OctodnsRun
from support.update_rigs import ORIGIN, in_loop, key, rig

RECORDS: dict[str, Any] = {
    "": {"type": "NS", "ttl": 300, "values": ["ns.example.net."]},
    "www": [
        {"type": "A", "ttl": 300, "values": ["192.0.2.1", "192.0.2.2"]},
        {"type": "AAAA", "ttl": 300, "value": "2001:db8::1"},
    ],
    "alias": {"type": "CNAME", "ttl": 60, "value": f"www.{ORIGIN}"},
    "_sip._tcp": {
        "type": "SRV",
        "ttl": 300,
        "value": {"priority": 1, "weight": 2, "port": 5060, "target": f"www.{ORIGIN}"},
    },
    "text": {"type": "TXT", "ttl": 300, "values": ["one", "and\\; two"]},
}


@in_loop
async def test_a_zone_becomes_what_its_file_says(tmp_path: Path) -> None:
    used = key()._replace(transfers=True)
    async with rig(keys=[used]) as made:
        run = OctodnsRun(
            tmp_path,
            tmp_path / "none",
            **{"class": "octodns_bind.Rfc2136Provider"},
            host="127.0.0.1",
            port=made.port,
            key_name=used.name,
            key_secret=base64.b64encode(used.secret).decode(),
            key_algorithm=used.algorithm,
        )

        async def sync(records: dict[str, Any], *options: str) -> str:
            run.write(ORIGIN, records)
            return await asyncio.to_thread(run.sync, "--force", *options)

        await sync(RECORDS, "--doit")
        assert made.get("www", "A") == (300, ["192.0.2.1", "192.0.2.2"])
        assert made.get("alias", "CNAME") == (60, [f"www.{ORIGIN}"])
        assert made.get("text", "TXT") == (300, ['"one"', '"and; two"'])
        writes = made.store.writes
        assert NOTHING in await sync(RECORDS, "--doit")
        changed = {**RECORDS, "www": {"type": "A", "ttl": 60, "value": "192.0.2.9"}}
        del changed["alias"]
        await sync(changed, "--doit")
        assert made.get("www", "A") == (60, ["192.0.2.9"])
        assert made.get("www", "AAAA") is None
        assert made.get("alias", "CNAME") is None
        assert made.store.writes > writes
        assert NOTHING in await sync(changed)
