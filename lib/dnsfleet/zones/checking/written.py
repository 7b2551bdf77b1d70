"""The records that checks look at, with the places where they were written."""

from typing import NamedTuple

from dnsfleet_engine import ZoneBuilder

TARGET_FIELDS = {
    "CNAME": 0,
    "DNAME": 0,
    "NS": 0,
    "PTR": 0,
    "MX": 1,
    "SVCB": 1,
    "HTTPS": 1,
    "SRV": 3,
}
"""Types whose rdata leads to another name, and which field of it is that name."""
TYPES = [*TARGET_FIELDS, "TXT"]
"""Types that have a check."""
MAX_WRITTEN = 2000
"""Records of one source that are looked at, the first ones: 5 ms, or 16 where all are SPF, while a
zone of 100,000 names takes 60 ms to read. What is beyond is not worth seconds in each change."""


class Written(NamedTuple):
    """One record, and where it stands."""

    owner: str
    """Absolute, lower case."""
    rtype: str
    ttl: int
    """Seconds."""
    data: str
    """Rdata in presentation form, names absolute."""
    where: str
    """As in `Violation`."""


def of(builder: ZoneBuilder) -> list[Written]:
    """What was added to a builder, the first MAX_WRITTEN of the types that have a check."""
    return [Written(*record) for record in builder.records_of(TYPES, MAX_WRITTEN)]
