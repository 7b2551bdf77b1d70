"""The table of checks, and how they are run."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

from dnsfleet_engine import Zone

from dnsfleet import names
from dnsfleet.violations import Severity, Violation
from dnsfleet.zones.checking import dkim, spf, targets
from dnsfleet.zones.checking.written import TARGET_FIELDS, Written


class Check(NamedTuple):
    """A check, as docs/checks.md tells of it."""

    finds: str
    source: str
    """Where the rule is from."""
    level: Severity = "warning"
    at_apply: tuple[str, ...] = ("Zone", "RecordSet")
    """The kinds of which the API server tells it, as far as one object shows it."""


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "BadDkimKey": Check(
            "a key at `SELECTOR._domainkey` that does not parse: its tags, base64, or the key",
            "RFC 6376 section 3.6.1",
        ),
        "MissingTarget": Check(
            "a target in the zone that does not exist, no wildcard stands for, and no zone cut or "
            "DNAME is above",
            "RFC 1912 section 2.4",
            at_apply=(),
        ),
        "RelativeTarget": Check(
            "a target without the dot at its end, which becomes `mail.example.com.example.com.`",
            "RFC 1035 section 5.1",
            at_apply=("Zone",),
        ),
        "SeveralSpf": Check("two SPF records at one name", "RFC 7208 section 4.5"),
        "SpfLookups": Check(
            "an SPF record that needs more than ten DNS look-ups, as far as this zone shows: what "
            "it includes from other zones counts as one",
            "RFC 7208 section 4.6.4",
        ),
        "TargetIsAddress": Check(
            "a target that is an IPv4 or IPv6 address in place of a name", "RFC 1912 section 2.4"
        ),
        "TargetIsAlias": Check(
            "MX, NS or SRV whose target in the zone is a CNAME, or below a DNAME",
            "RFC 2181 section 10.3",
        ),
        "ZeroTtl": Check(
            "NS with a TTL of 0: resolvers ask for them again for each name", "RFC 1912 section 2.2"
        ),
    }
)
"""By name, which is the reason of its warnings."""
MAX_DOUBTFUL = 100
"""Records of one source that are told of, as many as the engine tells of: a zone in which something
is wrong everywhere costs no more than another."""


def check(
    zone: Zone, written: Iterable[Written], ignored: Mapping[str, frozenset[str]] | None = None
) -> list[Violation]:
    """What there is to say about records of a zone, each thing once.

    `ignored` has the checks that are off, by the object whose records they are about
    (`KIND NAMESPACE/NAME`); those about files are under an empty text.
    """
    found: dict[tuple[str, str], Violation] = {}
    off = ignored or {}
    for record, findings in _doubtful(zone, written):
        subject, is_object, _ = record.where.partition(": ")
        silent = off.get(subject if is_object else "", frozenset())
        for name, message in findings:
            if name not in silent:
                violation = Violation(name, message, record.where, CHECKS[name].level)
                found.setdefault((name, message), violation)
    return list(found.values())


def doubtful(zone: Zone, written: Iterable[Written]) -> tuple[Written, ...]:
    """The records about which there is something to say."""
    return tuple(record for record, _ in _doubtful(zone, written))


def _doubtful(
    zone: Zone, written: Iterable[Written]
) -> Iterator[tuple[Written, list[tuple[str, str]]]]:
    looked_at = ((record, list(_findings(zone, record))) for record in written)
    return islice((each for each in looked_at if each[1]), MAX_DOUBTFUL)


def _findings(zone: Zone, record: Written) -> Iterator[tuple[str, str]]:
    if record.rtype == "NS" and record.ttl == 0:
        message = f"{names.shown(record.owner)} NS has a TTL of 0; write a day, or an hour"
        yield "ZeroTtl", message
    if record.rtype in TARGET_FIELDS:
        yield from targets.check(zone, record)
    else:
        yield from spf.check(zone, record)
        yield from dkim.check(zone, record)
