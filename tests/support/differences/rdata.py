"""Why a correct reader may judge an rdata text differently: rules, each with its reason."""

from collections.abc import Callable
from typing import NamedTuple

from support.zone_checkers import Case


class RdataRule(NamedTuple):
    """A reason for which servers that agree may differ from us."""

    reason: str
    section: str
    explains: Callable[[Case], bool]


RULES = [
    RdataRule(
        "the servers are older than the keys ohttp and docpath",
        "RFC 9540 section 4, RFC 9953",
        lambda case: case.rtype in ("SVCB", "HTTPS") and _has_key(case, "ohttp", "docpath"),
    ),
]


# Types of which BIND refuses some rdata that others take, with the reason.
STRICTER_BIND = {
    "MD": "obsolete since RFC 973, and refused as such",
    "MF": "obsolete since RFC 973, and refused as such",
    "X25": "RFC 1183 section 3.1: an address has four digits or more; Knot and NSD take any text",
    "NAPTR": "RFC 3402 section 3.2: its regular expression is checked, which clients do anyway",
    "IPSECKEY": "RFC 4025 section 2.4: algorithm 0 has no key; a later BIND takes that",
    "NSEC": "RFC 4034 section 4.1.2: BIND wants a type; Knot and NSD take an empty bitmap",
    "SVCB": "RFC 9461 section 5: a bad dohpath, a warning here; and newer keys",
    "HTTPS": "RFC 9461 section 5: a bad dohpath, a warning here; and newer keys",
}


def _has_key(case: Case, *keys: str) -> bool:
    words = (word.partition("=")[0] for word in case.text.split())
    return any(word in keys for word in words)
