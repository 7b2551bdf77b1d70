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


def _has_key(case: Case, *keys: str) -> bool:
    words = (word.partition("=")[0] for word in case.text.split())
    return any(word in keys for word in words)
