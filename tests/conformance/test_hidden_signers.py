"""The hidden signers of docs/dnssec.md, as a reader sets them up: its files, and its commands.

What they publish is served by the engine, and unbound believes it with the DS records that go to
the parent. Only ports and key tags differ from those on the page. Of a roll the commands that begin
it are run; the others take hours.
"""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import dns.dnssec
import dns.flags
import dns.message
import dns.query
import dns.zone
import pytest
from dnsfleet.zones import master_files
from dnsfleet_engine import Engine, Zone
from support.ports import free_port
from support.validators import validating
from support.waiting import wait_for

PAGE = Path(__file__).parents[2] / "docs" / "dnssec.md"
ORIGIN = "example.com."
PORTS = ("5300", "9953")
"""On the page."""
TAG = "12345"
"""On the page: of the key that is replaced."""
ZSK = 256
"""Flags of a key that does not sign keys (RFC 4034 section 2.1.1)."""
NEW = "new A 192.0.2.11\n"
SIGN_SECONDS = 60
FILE_NAME = re.compile(r"(?:#!.*\n)?(?:#|//|;) (\S+)\n")
"""How a block begins that shows a file."""
STOPS = {"Knot": "knotc -c knot.conf stop", "BIND": "rndc -k rndc.key -p 9953 stop"}
ASK_SECONDS = 5


class Signer:
    """A folder with the files that the page shows, in which its commands are run."""

    def __init__(self, root: Path, name: str) -> None:
        ports = {port: str(free_port()) for port in PORTS}
        text = _with(ports, PAGE.read_text())
        self.stop = _with(ports, STOPS[name])
        common, own = _section(text, "## A hidden signer"), _section(text, f"### With {name}")
        self.begin, self.change = (_commands(block) for block in _blocks(own, "console"))
        rolls = map(_commands, _blocks(_section(text, "## Roll keys"), "console"))
        self.roll = next(roll for roll in rolls if roll[0].split()[0] in own)
        self._fleet = root / "fleet"
        self._fleet.mkdir()
        self.folder = root / "signer"
        self.folder.mkdir()
        for block in (*_blocks(common), *_blocks(own)):
            if named := FILE_NAME.match(block):
                (self.folder / named[1]).write_text(block)

    def run(self, command: str) -> str:
        """What a command prints once it succeeds: a signer needs some time to start, and to sign.

        It prints into a file, which the daemons that it starts may keep open.
        """
        output = self.folder / "output"

        def succeeds() -> bool:
            with output.open("wb") as file:
                done = subprocess.run(
                    ["bash", "-ec", command], cwd=self.folder, stdout=file, stderr=file, check=False
                )
            return done.returncode == 0

        try:
            wait_for(command, succeeds, SIGN_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}: {output.read_text()}") from None
        return output.read_text()

    def published(self) -> Zone:
        """The zone that the fleet reads."""
        file = self._fleet / "example.com.zone"
        zone, found = master_files.read(file.read_bytes(), file.name)
        assert zone is not None, found
        return zone


@pytest.fixture(params=[*STOPS])
def signer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Signer]:
    signer = Signer(tmp_path, request.param)
    yield signer
    signer.run(signer.stop)


@pytest.mark.timeout(300)
def test_what_a_hidden_signer_publishes_validates(signer: Signer) -> None:
    printed = "".join(map(signer.run, signer.begin))
    trusted = "".join(re.findall(r"^\S+\. (?:IN )?DS .*\n", printed, re.MULTILINE))
    first = signer.published()
    _assert_secure(first, trusted, signer.folder / "first")

    plain = signer.folder / "example.com.zone"
    plain.write_text(plain.read_text().replace(" 1 7200 ", " 2 7200 ") + NEW)
    second = _changed(signer, signer.change, lambda zone: "new.example.com." in zone.to_text())
    assert second.serial > first.serial

    (old,) = _signing_tags(second)
    roll = [_with({TAG: str(old)}, command) for command in signer.roll]
    third = _changed(signer, [*roll, signer.change[-1]], lambda zone: _signing_tags(zone) != {old})
    _assert_secure(third, trusted, signer.folder / "third")


def _changed(signer: Signer, commands: list[str], done: Callable[[Zone], bool]) -> Zone:
    """The published zone after commands, of which the last publishes."""
    *change, publish = commands
    for command in change:
        signer.run(command)

    def found() -> Zone | None:
        signer.run(publish)
        zone = signer.published()
        return zone if done(zone) else None

    zone = wait_for(f"{commands} changed the zone", found, SIGN_SECONDS)
    assert zone is not None
    return zone


def _assert_secure(zone: Zone, trusted: str, folder: Path) -> None:
    """A validator believes what the engine answers from a zone."""
    assert zone.signed
    engine = Engine()
    engine.load(zone)
    server = engine.start([("127.0.0.1", 0)], 1)[0]
    try:
        with validating(server, [ORIGIN], trusted, folder) as (host, port):
            for name in ("www", "nothing"):
                query = dns.message.make_query(f"{name}.{ORIGIN}", "A", want_dnssec=True)
                reply = dns.query.udp(query, host, ASK_SECONDS, port)
                assert reply.flags & dns.flags.AD, reply
    finally:
        engine.stop()


def _signing_tags(zone: Zone) -> set[int]:
    """The tags of the ZSKs."""
    found = dns.zone.from_text(zone.to_text(), zone.origin, relativize=False)
    keys = found.find_rdataset(zone.origin, "DNSKEY")
    return {dns.dnssec.key_id(key) for key in keys if key.flags == ZSK}


def _with(words: Mapping[str, str], text: str) -> str:
    for old, new in words.items():
        text = text.replace(old, new)
    return text


def _section(text: str, heading: str) -> str:
    """What is under a heading, up to the next one of any level."""
    _, _, rest = text.partition(f"\n{heading}\n")
    assert rest, heading
    return re.split(r"\n##", rest)[0]


def _blocks(text: str, language: str = r"\w+") -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def _commands(block: str) -> list[str]:
    return re.findall(r"^\$ (.*)$", block, re.MULTILINE)
