"""Random questions about a zone that is resigned meanwhile; each reply is validated.

Two clients do it, because each sees what the other does not.

`AskingEdges` asks edges, and sees every reply as it was sent. All its signatures must be of one
version, and validate by the keys of that version; an edge never goes back. It does not know which
records prove what is not there.

`AskingValidator` asks unbound in front of an edge, which knows that. But unbound asks again when a
reply is bogus, and so does not see what was bogus for a moment. A proof that is wrong in a version
is wrong in all replies of it.
"""

import random
import threading
from collections.abc import Sequence
from typing import Any, Self

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset

from support import exchanges
from support.resigned_zones import ResignedZone
from support.waiting import wait_for
from support.wire import TRUNCATED

Server = tuple[str, int]

SHOWN = 5
ASK_SECONDS = 5
PAUSE_SECONDS = 0.002
"""Between rounds, so that clients leave some of the machine to the fleet."""
REPLIES_SECONDS = 60
PAYLOAD = 1232
ANSWERS = {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}
DENIALS = {dns.rdatatype.NSEC, dns.rdatatype.NSEC3}


class BogusError(Exception):
    """No validator may believe a reply; the text says why."""


class Asking:
    """Asks from a thread until it is left."""

    def __init__(self) -> None:
        self.asked = 0
        self.faults: list[str] = []
        """What was wrong, one text each; no more than SHOWN are kept."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="asking", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def go_on(self, replies: int) -> None:
        """Until so many more replies have come, or one was wrong."""
        enough = self.asked + replies
        wait_for(f"{replies} replies", lambda: self.asked >= enough or self.faults, REPLIES_SECONDS)

    def _round(self) -> None:
        """Ask once, or a few times."""
        raise NotImplementedError

    def _fault(self, text: str) -> None:
        if len(self.faults) < SHOWN:
            self.faults.append(text)

    def _run(self) -> None:
        try:
            while not self._stopping.wait(PAUSE_SECONDS):
                self._round()
        except Exception as error:
            self._fault(f"nobody asked from then on: {error!r}")


class AskingEdges(Asking):
    """Asks edges directly, each in turn, a window of questions at a time."""

    def __init__(self, servers: Sequence[Server], zone: ResignedZone, seed: int) -> None:
        super().__init__()
        self._servers = servers
        self._zone = zone
        self._choice = random.Random(seed)
        self._newest = dict.fromkeys(servers, 0)
        self._known: dict[bytes, int] = {}
        """The versions of replies that are valid, by their octets behind the ID."""

    def seen_everywhere(self, version: int) -> bool:
        """Whether every edge has answered from this version, or a later one."""
        return all(newest >= version for newest in self._newest.values())

    def _round(self) -> None:
        for server in self._servers:
            before = self._newest[server]
            for reply in self._replies(server):
                self.asked += 1
                try:
                    version = self._version(reply)
                except BogusError as error:
                    self._fault(f"{server}: {error}\n{dns.message.from_wire(reply)}")
                    continue
                if version < before:
                    self._fault(f"{server}: version {version} after {before}")
                self._newest[server] = max(version, self._newest[server])

    def _replies(self, server: Server) -> list[bytes]:
        """The whole replies to a window of questions."""
        queries = [self._query(ident) for ident in range(exchanges.WINDOW)]
        replies = exchanges.over_udp(server, queries)
        cut = [reply[:2] for reply in replies if reply[2] << 8 & TRUNCATED]
        again = [query for query in queries if query[:2] in cut]
        whole = [reply for reply in replies if reply[:2] not in cut]
        return whole + (exchanges.over_tcp(server, again) if again else [])

    def _query(self, ident: int) -> bytes:
        name, rtype = self._zone.question(self._choice)
        query = dns.message.make_query(name, rtype, flags=0, want_dnssec=True, payload=PAYLOAD)
        query.id = ident
        return query.to_wire()

    def _version(self, reply: bytes) -> int:
        key = reply[2:]
        if key not in self._known:
            self._known[key] = version_of(dns.message.from_wire(reply), self._zone)
        return self._known[key]


class AskingValidator(Asking):
    """Asks a validator that caches nothing (`validators.UNCACHED`); all must be secure."""

    def __init__(self, validator: Server, zone: ResignedZone, seed: int) -> None:
        super().__init__()
        self._validator = validator
        self._zone = zone
        self._choice = random.Random(seed)

    def _round(self) -> None:
        name, rtype = self._zone.question(self._choice)
        query = dns.message.make_query(name, rtype, want_dnssec=True)
        host, port = self._validator
        try:
            reply, _ = dns.query.udp_with_fallback(query, host, ASK_SECONDS, port)
        except dns.exception.Timeout:
            return  # it goes on asking an edge that does not answer
        self.asked += 1
        if reply.rcode() not in ANSWERS or not reply.flags & dns.flags.AD:
            self._fault(f"not secure:\n{reply}")


def version_of(reply: dns.message.Message, zone: ResignedZone) -> int:
    """The version that all of a reply is of; BogusError where a signature is missing or wrong."""
    if reply.rcode() not in ANSWERS or not reply.flags & dns.flags.AA:
        raise BogusError("no answer")
    versions = set()
    types = set()
    for section in (reply.answer, reply.authority):
        signatures = {(each.name, each.covers): each for each in section if each.covers}
        for rrset in section:
            if rrset.covers:
                continue
            types.add(rrset.rdtype)
            signed = signatures.pop((rrset.name, rrset.rdtype), None)
            if signed is None:
                raise BogusError(f"{rrset.name} {_text(rrset.rdtype)} has no signature")
            versions |= {_validated(rrset, signature, zone) for signature in signed}
        if signatures:
            raise BogusError(f"signatures of nothing: {[*signatures]}")
    if len(versions) != 1:
        raise BogusError(f"of versions {versions}")
    asked = reply.question[0].rdtype
    if asked not in types and not types & DENIALS:
        raise BogusError(f"nothing proves that there is no {_text(asked)}")
    return versions.pop()


def _validated(rrset: dns.rrset.RRset, signature: Any, zone: ResignedZone) -> int:
    """The version that a signature is of."""
    version = zone.version_of(signature.inception)
    if not 0 <= version < len(zone.keys):
        raise BogusError(f"a signature of version {version}, which there is not yet")
    try:
        dns.dnssec.validate_rrsig(rrset, signature, zone.keys[version])
    except dns.exception.ValidationFailure as error:
        raise BogusError(f"{rrset.name} {_text(rrset.rdtype)}: {error}") from None
    return version


def _text(rtype: int) -> str:
    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rtype))
