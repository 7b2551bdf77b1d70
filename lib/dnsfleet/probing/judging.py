"""What the replies of one Pop say, beside what its edges prove.

A zone is older than published, is not served, or has another record under the same serial. Whatever
is newer than the list is no fault: the list is older than the question. A fault of a zone that was
published again meanwhile is none either; who asks looks at the manifest before a fault counts
(`ProbedZone.is_still`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import dns.message
import dns.rcode

from dnsfleet.probing.lists import ProbedPop, ProbedZone
from dnsfleet.zones import questions, serials

UDP, TCP = "udp", "tcp"
TRANSPORTS = (UDP, TCP)


class Replies(NamedTuple):
    """What one address answered over one transport."""

    address: str
    transport: str
    record: Mapping[str, dns.message.Message]
    """By origin, to the question for the probe record; asked before the next."""
    soa: Mapping[str, dns.message.Message]
    """By origin, to the question for the SOA."""
    problem: str = ""
    """Why there are no more; empty where every question was answered."""
    seconds: tuple[float, ...] = ()
    """How long each answer took."""


class Fault(NamedTuple):
    """Something that is not as published."""

    pop: str
    reason: str
    """NoAnswer, NotServed, Behind or OtherRecord."""
    where: str
    """ADDRESS TRANSPORT."""
    zone: str
    """The origin; empty where nothing is answered there."""
    text: str

    def __str__(self) -> str:
        about = f"{self.zone}: " if self.zone else ""
        return f"Pop {self.pop} at {self.where}: {about}{self.text} [{self.reason}]"


class Verdict(NamedTuple):
    """One Pop, as it is seen from one place."""

    pop: ProbedPop
    replies: tuple[Replies, ...]
    """One for each address and transport."""
    asked: tuple[ProbedZone, ...]
    """The zones that it was asked for."""
    faults: tuple[Fault, ...] = ()

    @property
    def wrong(self) -> frozenset[str]:
        """The zones that are answered and not as published."""
        return frozenset(fault.zone for fault in self.faults if fault.zone)

    @property
    def answered(self) -> frozenset[str]:
        """Of the zones that it was asked for those that some address gave a reply for."""
        given = frozenset(zone for each in self.replies for zone in each.soa)
        return given.intersection(zone.zone for zone in self.asked)

    @property
    def contradicted(self) -> tuple[ProbedZone, ...]:
        """The zones that are answered, and not as its edges prove."""
        proved = (zone for zone in self.asked if zone.is_current_in(self.pop))
        return tuple(zone for zone in proved if zone.zone in self.wrong)

    @property
    def disagrees(self) -> bool:
        """Whether edges prove that something is answered that is seen otherwise here."""
        if self.pop.answers >= 0 and any(not fault.zone for fault in self.faults):
            return True
        return bool(self.contradicted)


def judge(pop: ProbedPop, asked: Sequence[ProbedZone], replies: Iterable[Replies]) -> Verdict:
    """What these replies are worth; `asked` are zones that the Pop is to answer."""
    heard = tuple(replies)
    faults: list[Fault] = []
    for each in heard:
        where = f"{each.address} {each.transport}"
        if each.problem:
            faults.append(Fault(pop.name, "NoAnswer", where, "", each.problem))
        for zone in asked:
            if (found := _fault(zone, each)) is not None:
                reason, text = found
                faults.append(Fault(pop.name, reason, where, zone.zone, text))
    return Verdict(pop, heard, tuple(asked), tuple(faults))


def without(verdict: Verdict, zones: Iterable[str]) -> Verdict:
    """The verdict without what is said of these zones."""
    left_out = frozenset(zones)
    return verdict._replace(
        asked=tuple(each for each in verdict.asked if each.zone not in left_out),
        faults=tuple(each for each in verdict.faults if each.zone not in left_out),
    )


def _fault(zone: ProbedZone, replies: Replies) -> tuple[str, str] | None:
    """Reason and text of what is wrong with a zone; None also where no reply came."""
    soa = replies.soa.get(zone.zone)
    if soa is None:
        return None
    serial = questions.serial(zone.zone, soa)
    if serial is None:
        return "NotServed", f"it answers {dns.rcode.to_text(soa.rcode())} in place of the zone"
    if serials.compare(serial, zone.serial) == -1:
        return "Behind", f"serial {serial}, and {zone.serial} is published"
    reply = replies.record.get(zone.zone)
    if zone.record is None or reply is None or serial != zone.serial:
        return None
    wrong = questions.wrong(zone.record, reply)
    return ("OtherRecord", wrong) if wrong else None
