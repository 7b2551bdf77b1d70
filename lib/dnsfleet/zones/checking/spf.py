"""SPF records (RFC 7208) that receivers of mail would not use."""

import re
from collections.abc import Iterator

from dnsfleet_engine import Zone

from dnsfleet import names
from dnsfleet.zones.checking.texts import joined
from dnsfleet.zones.checking.written import Written

MAX_LOOKUPS = 10
"""Terms that ask the DNS, all records that are included counted (RFC 7208 section 4.6.4)."""

_BEGINS = re.compile(r'"?v=spf1(?=[ "]|$)', re.IGNORECASE)
_ASKS = re.compile(r"[-+~?]?(?:include|a|mx|ptr|exists)(?=[:/]|$)", re.IGNORECASE)
"""Mechanisms that ask the DNS."""
_FOLLOWS = re.compile(r"(?:[-+~?]?include:|redirect=)([^%]+)", re.IGNORECASE)
"""Terms that lead to another record; not where a macro makes its name."""
_ALL = re.compile(r"[-+~?]?all", re.IGNORECASE)


def check(zone: Zone, record: Written) -> Iterator[tuple[str, str]]:
    """The checks that find something about a TXT record, and their messages."""
    if not _BEGINS.match(record.data):
        return
    owner = names.shown(record.owner)
    if (several := len(_records(zone, record.owner))) > 1:
        message = f"{owner} has {several} SPF records, which is an error to receivers; leave one"
        yield "SeveralSpf", message
    if (asked := _lookups(zone, joined(record.data), 0, (record.owner,))) > MAX_LOOKUPS:
        message = (
            f"the SPF record of {owner} needs {asked} DNS look-ups or more, at most {MAX_LOOKUPS} "
            "are allowed; write addresses, or include less"
        )
        yield "SpfLookups", message


def _lookups(zone: Zone, text: str, asked: int, within: tuple[str, ...]) -> int:
    """`asked`, and the terms of a record that ask, as far as this zone has what it includes.

    It stops when there are too many. `within` has the names whose records led here.
    """
    terms = text.split()[1:]
    has_all = any(_ALL.fullmatch(term) for term in terms)
    for term in terms:
        is_redirect = term.lower().startswith("redirect=") and not has_all
        if asked > MAX_LOOKUPS or not (is_redirect or _ASKS.match(term)):
            continue
        asked += 1
        followed = _FOLLOWS.fullmatch(term)
        name = _normal(followed[1]) if followed else None
        if name is None or name in within:
            continue
        for other in _records(zone, name)[:1]:
            asked = _lookups(zone, joined(other), asked, (*within, name))
    return asked


def _records(zone: Zone, name: str) -> list[str]:
    _, texts = zone.get(name, "TXT") or (0, [])
    return [text for text in texts if _BEGINS.match(text)]


def _normal(name: str) -> str | None:
    try:
        return names.normalise(name)
    except ValueError:
        return None
