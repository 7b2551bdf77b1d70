"""A zone that is signed again and again, as a signer does it over months: signatures, salts, keys.

Each version has a higher serial and other addresses, and is signed anew by dnssec-signzone. Its
signatures have an inception time of their own, one second after those of the version before, so
each signature tells of which version it is.

The steps go from one pair of keys to the other and back. What is signed in one version validates by
the DNSKEY RRsets of the versions before and behind it too, as it must for validators, which ask for
one after the other (RFC 6781 section 4.1). Both KSKs are trusted all the time, as with the DS
records of both at the parent.
"""

import random
import time
from pathlib import Path
from typing import NamedTuple

import dns.name
import dns.node
import dns.rdataset
import dns.zone

from support.zone_signers import run

ALGORITHM = "ECDSAP256SHA256"
HOSTS = 30
FIRST_SERIAL = 2026010100
VALID_SECONDS = 7 * 86_400
SIGNED_BEFORE_SECONDS = 86_400
"""How long before now the signatures of version 0 begin: those of all versions must have begun."""

NSEC: tuple[str, ...] = ()
NSEC3 = ("-3", "-", "-H", "0")
SALTED = ("-3", "abcd", "-H", "0")
RESALTED = ("-3", "0123", "-H", "2")


class Step(NamedTuple):
    """How one version is signed. Keys are letters."""

    denial: tuple[str, ...]
    """Options of dnssec-signzone."""
    zsks: str
    """In the DNSKEY RRset."""
    signing: str
    """Those of them that sign."""
    ksks: str
    """In the DNSKEY RRset, which each of them signs."""


STEPS = (
    Step(NSEC, "a", "a", "a"),
    Step(NSEC, "a", "a", "a"),
    # The ZSK is rolled by pre-publication.
    Step(NSEC, "ab", "a", "a"),
    Step(NSEC, "ab", "b", "a"),
    Step(NSEC3, "b", "b", "a"),
    Step(SALTED, "b", "b", "a"),
    # The KSK is rolled by double signatures.
    Step(RESALTED, "b", "b", "ab"),
    Step(SALTED, "b", "b", "b"),
    # The ZSK is rolled by double signatures.
    Step(NSEC, "ab", "ab", "b"),
    Step(NSEC3, "a", "a", "b"),
    Step(NSEC3, "a", "a", "ab"),
)

# `%` is the origin. Types that a name does not have, and names that are not there, are asked too.
RECORDS = r"""
% 60 SOA ns1.% host.% {serial} 7200 900 1209600 60
% 60 NS ns1.%
% 60 NS ns.other.
% 60 MX 10 mail.%
ns1.% 60 A {address}
mail.% 60 A {address}
mail.% 60 TXT "{serial}"
deep.empty.% 60 TXT "{serial}"
*.wild.% 60 A {address}
alias.% 60 CNAME mail.%
away.% 60 CNAME some.wild.%
cut.% 60 NS ns.other.
secure.% 60 NS ns.other.
secure.% 60 DS 1 13 2 {serial:064x}
"""
QUESTIONS = [
    *(("%", rtype) for rtype in ("SOA", "NS", "MX", "DNSKEY", "NSEC3PARAM", "AAAA")),
    *(("mail.%", rtype) for rtype in ("A", "TXT", "AAAA")),
    *((name, "A") for name in ("empty.%", "deep.empty.%", "alias.%", "away.%")),
    *(("?.wild.%", rtype) for rtype in ("A", "TXT")),
    *((name, "DS") for name in ("cut.%", "secure.%")),
    *((name, "A") for name in ("?.%", "?.?.%", "?.mail.%", "?.empty.%", "h?.%")),
    *(("h?.%", rtype) for rtype in ("A", "AAAA")),
]
"""Names and types; `?` is a random number."""

Keys = dict[dns.name.Name, dns.node.Node | dns.rdataset.Rdataset]


class ResignedZone:
    """The versions of one zone, which are made one after the other in a folder."""

    def __init__(self, folder: Path, origin: str) -> None:
        """`origin` is absolute."""
        folder.mkdir()
        self.origin = origin
        self.version = -1
        """The newest."""
        self.keys: list[Keys] = []
        """The DNSKEY RRset of each version."""
        self._folder = folder
        self._base = int(time.time()) - SIGNED_BEFORE_SECONDS
        self._zsks = {letter: self._key() for letter in "ab"}
        self._ksks = {letter: self._key("-f", "KSK") for letter in "ab"}

    @property
    def serial(self) -> int:
        """That of the newest version."""
        return FIRST_SERIAL + self.version

    @property
    def anchors(self) -> str:
        """The DNSKEY records of all KSKs."""
        return "".join(self._public(key) for key in self._ksks.values())

    def sign(self) -> str:
        """The next version as a master file. It counts as published from now on."""
        version = self.version + 1
        step = STEPS[version % len(STEPS)]
        zsks = [self._zsks[letter] for letter in step.zsks]
        ksks = [self._ksks[letter] for letter in step.ksks]
        plain, signed = self._folder / "plain", self._folder / "signed"
        plain.write_text(self._records(version) + "".join(map(self._public, (*zsks, *ksks))))
        signing = [self._zsks[letter] for letter in step.signing]
        since, until = _stamp(self._base + version), _stamp(self._base + VALID_SECONDS)
        options = ["-x", *step.denial, "-o", self.origin, "-s", since, "-e", until]
        files = ("-f", signed, plain)
        run("dnssec-signzone", *options, *files, *signing, *ksks, folder=self._folder)
        text = signed.read_text()
        zone = dns.zone.from_text(text, self.origin, relativize=False)
        name = dns.name.from_text(self.origin)
        self.keys.append({name: zone.find_rdataset(name, "DNSKEY")})
        self.version = version
        return text

    def version_of(self, inception: int) -> int:
        """The version whose signatures have this inception time."""
        return inception - self._base

    def question(self, choice: random.Random) -> tuple[str, str]:
        """A random name and type."""
        name, rtype = choice.choice(QUESTIONS)
        while "?" in name:
            name = name.replace("?", str(choice.randrange(2 * HOSTS)), 1)
        return name.replace("%", self.origin), rtype

    def _records(self, version: int) -> str:
        address = f"192.0.{version // 256 % 256}.{version % 256}"
        hosts = "".join(f"h{number}.% 60 A {address}\n" for number in range(HOSTS))
        records = RECORDS.format(serial=FIRST_SERIAL + version, address=address)
        return (records + hosts).replace("%", self.origin)

    def _key(self, *options: str) -> str:
        return run(
            "dnssec-keygen", "-a", ALGORITHM, *options, self.origin, folder=self._folder
        ).strip()

    def _public(self, key: str) -> str:
        return (self._folder / f"{key}.key").read_text()


def _stamp(seconds: int) -> str:
    """A time as dnssec-signzone reads it."""
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(seconds))
