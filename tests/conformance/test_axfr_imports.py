"""`dnsfleet zone import --axfr` from real servers, as docs/integrations/axfr-import.md has it.

What comes is compared with an import of the file that the server reads.
"""

import base64
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import pytest
from dnsfleet.zones import master_files
from dnsfleet_cli.main import app
from dnsfleet_cli.transferring import key_files
from dnsfleet_engine import Zone
from dnsfleet_publisher.transferring.receiving import Transfer
from support import exports, wrong_clocks
from support.encoded_zones import wire_records
from support.nameservers import BIND, KNOT, NSD, SEARCHED, Kind, serving
from support.presigned_zones import signed
from support.serving import COMMAND
from support.zone_checkers import Case, zone_file
from support.zones import hosts, make_zone
from typer.testing import CliRunner, Result

PAGE = Path(__file__).parents[2] / "docs" / "integrations" / "axfr-import.md"
RDATA = Path(__file__).parent / "rdata" / "valid.txt"
ORIGIN = exports.ORIGIN
NAME = "transfer.example.net"
SECRET = base64.b64encode(b"thirty-two octets, and a few more").decode()
SECONDS = 60


class Primary(NamedTuple):
    """What the configuration of a server needs for transfers."""

    kind: Kind
    key: str
    to_all: str
    """To everybody on this machine."""
    to_key: str

    def giving(self, allowed: str, algorithm: str) -> Kind:
        """The server with the key, whose zones have the line `allowed`."""
        key = self.key.replace("ALGORITHM", algorithm).replace("SECRET", SECRET)
        key, allowed = (
            text.replace("NAME", NAME).replace("{", "{{").replace("}", "}}")
            for text in (key, allowed)
        )
        head, zone = self.kind.head.replace("\nzone:\n", f"{key}\nzone:\n"), self.kind.zone
        if head == self.kind.head:
            head += key
        end = zone.rindex("}}") if "}}" in zone else len(zone)
        return self.kind._replace(head=head, zone=f"{zone[:end]}{allowed}\n{zone[end:]}")


PRIMARIES = {
    "bind": Primary(
        BIND,
        'key "NAME" { algorithm ALGORITHM; secret "SECRET"; };\n',
        "allow-transfer { 127.0.0.1; };",
        'allow-transfer { key "NAME"; };',
    ),
    "knot": Primary(
        KNOT,
        """
key:
  - id: NAME
    algorithm: ALGORITHM
    secret: "SECRET"
acl:
  - id: to-all
    address: 127.0.0.1
    action: transfer
  - id: to-key
    key: NAME
    action: transfer""",
        "    acl: to-all",
        "    acl: to-key",
    ),
    "nsd": Primary(
        NSD,
        '\nkey:\n    name: NAME\n    algorithm: ALGORITHM\n    secret: "SECRET"\n',
        "    provide-xfr: 127.0.0.1 NOKEY",
        "    provide-xfr: 127.0.0.1 NAME",
    ),
}
every_server = pytest.mark.parametrize("primary", PRIMARIES.values(), ids=PRIMARIES)


def key_file(folder: Path, algorithm: str = "hmac-sha256", name: str = NAME) -> Path:
    file = folder / "transfer.key"
    file.write_text(f'key "{name}" {{\n\talgorithm {algorithm};\n\tsecret "{SECRET}";\n}};\n')
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["zone", "import", *map(str, arguments)])


def transfer(port: int, origin: str, *options: object) -> Result:
    return run("--axfr", f"127.0.0.1:{port}", "--origin", origin, *options)


@pytest.fixture
def zones(tmp_path: Path) -> dict[str, Path]:
    """Zones by origin: one as people write it, one in many messages, one with signatures."""
    export, found = exports.load("bind.db", exports.corrected("bind.db"))
    assert export is not None, found
    large, small = make_zone("large.example.", hosts(5000)), make_zone("signed.example.", hosts(50))
    files = {}
    for zone in (export, large, signed(small)):
        file = files[zone.origin] = tmp_path / f"{zone.origin}zone"
        file.write_text(zone.to_text())
    return files


@every_server
@pytest.mark.parametrize(
    "algorithm", [None, "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"]
)
def test_the_same_as_of_the_file(
    primary: Primary, algorithm: str | None, zones: dict[str, Path], tmp_path: Path
) -> None:
    if algorithm is None:
        kind, options = primary.giving(primary.to_all, "hmac-sha256"), []
    else:
        kind = primary.giving(primary.to_key, algorithm)
        options = ["--tsig", key_file(tmp_path, algorithm)]
    with serving(kind, zones, tmp_path) as port:
        for origin, form in [*((origin, "zone") for origin in zones), (ORIGIN, "yaml")]:
            wanted = run(zones[origin], "-o", form)
            got = transfer(port, origin, "-o", form, *options)
            assert (got.exit_code, got.stderr) == (0, wanted.stderr)
            assert got.stdout == wanted.stdout


@every_server
def test_what_servers_refuse(primary: Primary, zones: dict[str, Path], tmp_path: Path) -> None:
    right = key_file(tmp_path)
    text = right.read_text()
    with serving(primary.giving(primary.to_key, "hmac-sha256"), zones, tmp_path) as port:

        def told(origin: str, *options: object) -> str:
            result = transfer(port, origin, *options)
            assert (result.exit_code, result.stdout) == (2, "")
            return result.stderr

        assert transfer(port, ORIGIN, "--tsig", right).exit_code == 0
        assert "allow it there for this address, or for a key, and give --tsig" in told(ORIGIN)
        gone = told("gone.example", "--tsig", right)
        assert "the server does not have the zone" in gone or "REFUSED" in gone
        right.write_text(text.replace(SECRET, SECRET[4:]))
        assert f"another secret for the key {NAME} hmac-sha256 (BADSIG)" in told(
            ORIGIN, "--tsig", right
        )
        right.write_text(text.replace(NAME, "other.example.net"))
        assert "does not know the key other.example.net hmac-sha256 (BADKEY)" in told(
            ORIGIN, "--tsig", right
        )
        right.write_text(text.replace("sha256", "sha512"))
        assert f"the key {NAME} hmac-sha512 (" in told(ORIGIN, "--tsig", right)


@every_server
@pytest.mark.parametrize("days", [-1, 1])
def test_another_clock(primary: Primary, days: int, zones: dict[str, Path], tmp_path: Path) -> None:
    variables = {**os.environ, **wrong_clocks.environment(tmp_path / "clock", days)}
    with serving(primary.giving(primary.to_key, "hmac-sha256"), zones, tmp_path) as port:
        arguments = ["--axfr", f"127.0.0.1:{port}", "--origin", ORIGIN, "--tsig"]
        done = subprocess.run(
            [sys.executable, *COMMAND, "zone", "import", *arguments, key_file(tmp_path)],
            env=variables,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        "the clock of the server and the one here differ; set them right (BADTIME)" in done.stderr
    )


def test_a_key_of_knot() -> None:
    keymgr = shutil.which("keymgr", path=SEARCHED)
    assert keymgr is not None, "keymgr is missing: see CONTRIBUTING.md"
    made = subprocess.run(
        [keymgr, "-t", NAME, "hmac-sha512"], capture_output=True, text=True, check=True
    )
    first, *_ = made.stdout.splitlines()
    key = key_files.parse(first.removeprefix("# "))
    assert (key.name, key.algorithm) == (dns.name.from_text(NAME), dns.tsig.HMAC_SHA512)
    assert base64.b64encode(key.secret).decode() in made.stdout


def test_rdata_of_every_type_comes_as_it_is() -> None:
    lines = [line for line in RDATA.read_text().splitlines() if not line.startswith("#")]
    for line in lines:
        rtype, _, text = line.partition(" ")
        zone, _ = master_files.read(zone_file([Case(rtype, text)]), "case", ORIGIN)
        assert zone is not None
        assert transferred(zone).digest == zone.digest, line
    assert len(lines) > 300


def transferred(zone: Zone) -> Zone:
    """A zone after a transfer in one message, to which nothing was added that is not in it."""
    begun = Transfer(zone.origin, None)
    reply = dns.message.make_response(dns.message.from_wire(begun.query[2:]))
    records = list(wire_records(zone.encode()))
    soas = [record for record in records if record[1] == dns.rdatatype.SOA]
    for owner, rtype, ttl, octets in [*soas, *(set(records) - set(soas)), *soas]:
        name, _ = dns.name.from_wire(owner, 0)
        rdata = dns.rdata.GenericRdata(dns.rdataclass.IN, rtype, octets)
        reply.answer.append(dns.rrset.from_rdata(name, ttl, rdata))
    assert begun.feed(reply.to_wire(max_size=65535))
    come, found = master_files.read(begun.text, "transfer", zone.origin)
    assert come is not None, found
    return come


def test_the_commands_of_the_page(tmp_path: Path) -> None:
    """With the server for which it has a whole configuration; `kubectl` needs a cluster."""
    page = PAGE.read_text()
    blocks = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    commands = [line[2:] for block in blocks for line in block.splitlines() if line[:2] == "$ "]
    commands = [each for each in commands if not each.startswith("kubectl ")]
    (configuration,) = re.findall(r"```c\n(.*?)```", page, re.DOTALL)
    zone = make_zone(ORIGIN, hosts(10), serial=7)
    file = tmp_path / "primary" / "example.com.zone"
    file.parent.mkdir()
    file.write_text(zone.to_text())
    open_, with_key, many = commands[:3], commands[3:5], commands[5:]
    assert [each.split()[0] for each in (*with_key, *many)] == ["(umask", "dnsfleet", "while"]

    bind = PRIMARIES["bind"]
    with serving(bind.giving(bind.to_all, "hmac-sha256"), {ORIGIN: file}, file.parent) as port:
        for command in open_:
            run_line(command, tmp_path, port)
    assert (tmp_path / "example.com.zone").read_text() == zone.to_text()
    assert (
        run("-o", "path", tmp_path / "example.com.zone").stdout
        == (tmp_path / "example.com.yaml").read_text()
    )
    folder = tmp_path / "many"
    folder.mkdir()
    (folder / "zones.txt").write_text("gone.example\nexample.com\n")
    with serving(bind.giving(bind.to_all, "hmac-sha256"), {ORIGIN: file}, file.parent) as port:
        run_line(many[0], folder, port)
    assert (folder / "missing.txt").read_text() == "gone.example\n"
    assert [each.name for each in folder.glob("*.yaml")] == ["example.com.yaml"]
    assert (folder / "example.com.yaml").read_text() == run(file).stdout

    make_key, fetch = with_key
    run_line(make_key, tmp_path, 0)
    (file.parent / "transfer.key").write_bytes((tmp_path / "transfer.key").read_bytes())
    head = BIND.head + configuration.replace("{", "{{").replace("}", "}}")
    with serving(BIND._replace(head=head, zone=""), {ORIGIN: file}, file.parent) as port:
        run_line(fetch, tmp_path, port)
    assert (tmp_path / "example.com.yaml").read_text() == run(file).stdout


def run_line(command: str, folder: Path, port: int) -> None:
    """Run a line of the page in a folder, with our server in place of the one that it names."""
    path = os.pathsep.join([str(Path(sys.executable).parent), SEARCHED])
    done = subprocess.run(
        ["bash", "-ec", command.replace("192.0.2.1", f"127.0.0.1:{port}")],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, (command, done.stderr)
