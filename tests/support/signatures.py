"""dnspython as a judge of signatures: what signed zones answer is signed, and signatures hold.

It judges each RRset of a reply for itself. What the RRsets prove together is for a validator
(`support.validators`).
"""

from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path

import dns.dnssec
import dns.exception
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import dns.zone
from dns.rdatatype import CNAME, DNAME, NS, RRSIG

WILD = (b"*", b"")
"""Labels of a wildcard's name that a signature does not count: the asterisk and the root."""


def keys(file: Path, origin: str) -> dns.rrset.RRset:
    """The DNSKEY RRset of a zone file."""
    zone = dns.zone.from_file(str(file), origin, relativize=False)
    return zone.find_rrset(origin, "DNSKEY")


class Signatures:
    """Judges replies about some zones; what was judged once is not computed again."""

    def __init__(self, keys: Mapping[str, dns.rrset.RRset]) -> None:
        """The DNSKEY RRsets of the zones by their origins."""
        self._keys = {dns.name.from_text(origin): rrset for origin, rrset in keys.items()}
        self._judged: dict[Hashable, str | None] = {}
        self.count = 0
        """How many RRsets were judged."""

    def faults(self, reply: bytes) -> Iterator[str]:
        """What is wrong with the signatures in answer and authority; RRset, and the reply."""
        message = dns.message.from_wire(reply)
        redirected = [rrset.name for rrset in message.answer if rrset.rdtype == DNAME]
        for section in (message.answer, message.authority):
            for rrset in section:
                origin = self._origin(rrset.name)
                if rrset.rdtype == RRSIG or origin is None:
                    continue
                signatures = message.get_rrset(
                    section, rrset.name, rrset.rdclass, RRSIG, rrset.rdtype
                )
                is_synthesised = rrset.rdtype == CNAME and any(
                    rrset.name.is_subdomain(owner) and rrset.name != owner for owner in redirected
                )
                is_referral = rrset.rdtype == NS and rrset.name != origin
                if is_synthesised or is_referral:
                    fault = "a signature that nobody can make" if signatures else None
                else:
                    fault = self._fault(rrset, signatures, origin)
                self.count += 1
                if fault:
                    yield f"{fault}: {rrset.name} {dns.rdatatype.to_text(rrset.rdtype)}\n{message}"

    def _origin(self, name: dns.name.Name) -> dns.name.Name | None:
        return next((origin for origin in self._keys if name.is_subdomain(origin)), None)

    def _fault(
        self,
        rrset: dns.rrset.RRset,
        signatures: dns.rrset.RRset | None,
        origin: dns.name.Name,
    ) -> str | None:
        if not signatures:
            return "no signature"
        judged = (rrset.name, rrset.rdtype, rrset.ttl, frozenset(rrset), frozenset(signatures))
        if judged not in self._judged:
            self._judged[judged] = self._verified(rrset, signatures, origin)
        return self._judged[judged]

    def _verified(
        self, rrset: dns.rrset.RRset, signatures: dns.rrset.RRset, origin: dns.name.Name
    ) -> str | None:
        if signatures.ttl != rrset.ttl:
            return "another TTL than that of the RRset"
        for signature in signatures:
            if signature.signer != origin:
                return "a signature of another zone"
            owner = rrset.name
            if owner.is_wild() and signature.labels < len(owner) - len(WILD):
                # dnspython takes such a name for the wildcard, which is above it.
                owner = dns.name.Name((b"*", *owner.labels[-signature.labels - 1 :]))
            try:
                dns.dnssec.validate_rrsig((owner, rrset), signature, {origin: self._keys[origin]})
            except dns.exception.ValidationFailure as failure:
                return f"a signature that does not hold ({failure})"
        return None
