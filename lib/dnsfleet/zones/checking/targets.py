"""Records that lead to a name which is not what was meant."""

import re
from collections.abc import Iterator

from dnsfleet_engine import Zone

from dnsfleet import names
from dnsfleet.zones.checking.standings import Standing, is_inside, standing
from dnsfleet.zones.checking.written import TARGET_FIELDS, Written

NO_ALIASES = frozenset({"MX", "NS", "SRV"})
"""Types whose target is no alias (RFC 2181 section 10.3, RFC 2782)."""

_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f.]*:[0-9a-f.:]+")
"""What looks like an IPv4 or IPv6 address."""


def check(zone: Zone, record: Written) -> Iterator[tuple[str, str]]:
    """The check that finds something about the target of a record, and its message."""
    target = record.data.split()[TARGET_FIELDS[record.rtype]].lower()
    if target == names.ROOT:  # there is none, or it is the owner (RFC 7505, RFC 2782, RFC 9460)
        return
    short = _without_origin(target, zone.origin)
    found = standing(zone, target)
    said = f"{names.shown(record.owner)} {record.rtype} leads to {names.shown(target)}"
    # A wildcard or a DNAME does not make it right; a name that looks so and is there does.
    if _ADDRESS.fullmatch(short) and not zone.has_name(target):
        yield "TargetIsAddress", f"{said}, which is an address; write a name that has it"
        return
    if found is Standing.ALIAS and record.rtype in NO_ALIASES:
        yield "TargetIsAlias", f"{said}, which is an alias; write the name that it stands for"
    if found in (Standing.THERE, Standing.ALIAS):
        return
    may_be_relative = f"{short}." != target
    if found is Standing.MISSING and may_be_relative and is_inside(f"{short}.", zone.origin):
        message = f"{said}; write {short}. with a dot at its end if you mean it as it stands"
        yield "RelativeTarget", message
    elif found is Standing.MISSING:
        meant_whole = may_be_relative and "." in short
        dot = f", or {short}. with a dot at its end" if meant_whole else ""
        yield "MissingTarget", f"{said}, which does not exist; add it, or write another name{dot}"


def _without_origin(target: str, origin: str) -> str:
    """A target as somebody may have written it, without a dot at its end."""
    if origin != names.ROOT and target != origin and is_inside(target, origin):
        return target.removesuffix(f".{origin}")
    return target.removesuffix(".")
