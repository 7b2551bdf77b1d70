"""Clients of UPDATE that people have: nsupdate of BIND, knsupdate of Knot, and the way of Kea."""

import asyncio
import base64
from pathlib import Path

import dns.rcode
import pytest
from dnsfleet.tsig_keys import UsableKey
from support.update_rigs import ORIGIN, Rig, in_loop, rig

SECONDS = 20.0


async def _run(program: str, script: str, folder: Path) -> tuple[int, str]:
    """The exit status of a client that is given a script, and what it says."""
    file = folder / "script"
    file.write_text(script)
    process = await asyncio.create_subprocess_exec(
        program, file, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(SECONDS):
        said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


def _secret(used: UsableKey) -> str:
    return base64.b64encode(used.secret).decode()


def _nsupdate(made: Rig, *lines: str, zone: bool = True) -> str:
    used = made.keys[0]
    head = [f"server 127.0.0.1 {made.port}", f"key {used.algorithm}:{used.name} {_secret(used)}"]
    return "\n".join([*head, *([f"zone {ORIGIN}"] if zone else []), *lines, "send", "answer", ""])


@pytest.mark.parametrize("zone", [True, False])
@in_loop
async def test_nsupdate(zone: bool, tmp_path: Path) -> None:
    """Without a zone it asks for the SOA of the name."""
    async with rig() as made:
        script = _nsupdate(made, f"add a.b.{ORIGIN} 60 TXT hello", zone=zone)
        code, said = await _run("nsupdate", script, tmp_path)
        assert code == 0, said
        assert "NOERROR" in said
        assert made.get("a.b", "TXT") == (60, ['"hello"'])
        script = _nsupdate(made, f"prereq nxdomain a.b.{ORIGIN}", f"del a.b.{ORIGIN}", zone=zone)
        code, said = await _run("nsupdate", script, tmp_path)
        assert code != 0
        assert "YXDOMAIN" in said
        code, said = await _run("nsupdate", _nsupdate(made, f"del a.b.{ORIGIN}"), tmp_path)
        assert code == 0, said
        assert made.get("a.b", "TXT") is None


@in_loop
async def test_knsupdate(tmp_path: Path) -> None:
    async with rig() as made:
        used = made.keys[0]
        head = [
            f"server 127.0.0.1 {made.port}",
            f"key {used.algorithm}:{used.name} {_secret(used)}",
            f"zone {ORIGIN}",
        ]
        script = "\n".join([*head, f"add a.{ORIGIN} 60 IN AAAA 2001:db8::1", "send", "quit", ""])
        code, said = await _run("knsupdate", script, tmp_path)
        assert code == 0, said
        assert made.get("a", "AAAA") == (60, ["2001:db8::1"])


@in_loop
async def test_a_lease_of_kea() -> None:
    """RFC 4703: who has a name is in a DHCID beside the address."""
    first = "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="
    other = "AAEBOSD+XR3Os/0LozeXVqcNc7FwCfQdWL3b/NaiUDlW2No="
    async with rig() as made:

        async def lease(dhcid: str, address: str) -> dns.rcode.Rcode:
            """Take a name that is free, or one's own."""
            message = made.message()
            message.absent("host")
            message.add("host", 300, "A", address)
            message.add("host", 300, "DHCID", dhcid)
            reply = await made.send(message)
            if reply.rcode() != dns.rcode.YXDOMAIN:
                return reply.rcode()
            message = made.message()
            message.present("host", "DHCID", dhcid)
            message.delete("host", "A")
            message.add("host", 300, "A", address)
            return (await made.send(message)).rcode()

        assert await lease(first, "192.0.2.1") == dns.rcode.NOERROR
        assert await lease(other, "192.0.2.2") == dns.rcode.NXRRSET
        assert await lease(first, "192.0.2.3") == dns.rcode.NOERROR
        assert made.get("host", "A") == (300, ["192.0.2.3"])
