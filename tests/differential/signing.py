"""How zones of a place are signed: by dnssec-signzone, which takes all names and types.

The keys are new each time, and the salt is not: so a run that is repeated has other signatures, but
the same names and the same chains.

What it writes is written again, because each server reads some of its escapes in another way.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import dns.dnssec
import dns.name
import dns.rdatatype
import dns.zone
from dns.rdatatype import RRSIG
from support import zone_signers
from support.names import Name, folded, octets, to_text

ALGORITHM = "ECDSAP256SHA256"
# A random zone may be one that its signer finds fault with: DS of no key, addresses below a cut.
UNVERIFIED = "-P"
MOST_OCTETS = 255
HASH_OCTETS = 33


class Hashing(NamedTuple):
    """Parameters of NSEC3."""

    salt: str
    """In hexadecimal; empty is none."""
    iterations: int

    def owner(self, name: Name) -> bytes:
        """The first label of the NSEC3 record of a name."""
        absolute = dns.name.Name((*folded(name), b""))
        return dns.dnssec.nsec3_hash(absolute, self.salt, self.iterations, 1).lower().encode()


class Signing(NamedTuple):
    """One way to sign a zone."""

    hashing: Hashing | None = None
    """None is NSEC."""
    opt_out: bool = False

    def fits(self, origin: Name) -> bool:
        """Whether NSEC3 records of a zone have names that are not too long."""
        return self.hashing is None or HASH_OCTETS + octets(origin) <= MOST_OCTETS

    def sign(self, origin: str, file: Path) -> None:
        """Sign a master file in place."""
        options = [UNVERIFIED]
        if self.hashing:
            options += ["-3", self.hashing.salt or "-", "-H", str(self.hashing.iterations)]
        if self.opt_out:
            options.append("-A")
        zone_signers.bind(ALGORITHM, *options)(origin, file)
        file.write_text("".join(_lines(file, origin)))


def _lines(file: Path, origin: str) -> Iterator[str]:
    """A record a line: names with numbers for escapes, data as in RFC 3597 section 5.

    Signatures get the TTL of what they sign (RFC 4034 section 3); the signer lowers very long ones.
    """
    zone = dns.zone.from_file(str(file), origin, relativize=False, check_origin=False)
    for name, node in zone.nodes.items():
        owner = to_text(name.labels[:-1])
        ttls = {rdataset.rdtype: rdataset.ttl for rdataset in node}
        for rdataset in node:
            ttl = ttls[rdataset.covers if rdataset.rdtype == RRSIG else rdataset.rdtype]
            rtype = dns.rdatatype.to_text(rdataset.rdtype)
            for rdata in rdataset:
                yield f"{owner} {ttl} IN {rtype} {rdata.to_generic()}\n"


SIGNINGS = [
    Signing(),
    Signing(Hashing("", 0)),
    Signing(Hashing("00ff", 3), opt_out=True),
]
