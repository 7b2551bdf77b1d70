"""Zones that break a rule (dns-groot/FerretDataset): do we refuse what BIND, NSD and Knot refuse?

We must refuse what at least two of the three refuse, and accept what all of them accept. Where only
one refuses, both are right.
"""

import collections
import gzip
import json
from collections.abc import Iterator
from typing import NamedTuple

from dnsfleet.zones import master_files
from support import data

SERVERS = frozenset({"bind", "knot", "nsd"})
COUNT = 491
"""Zones in the data set: fewer would prove less than the test says."""


class Case(NamedTuple):
    condition: int
    number: int
    zone: str
    refused_by: frozenset[str]


def _cases() -> Iterator[Case]:
    with gzip.open(data.folder() / "ferret" / "invalid.jsonl.gz", "rt") as lines:
        for row in map(json.loads, lines):
            refused_by = SERVERS.intersection(row["refused_by"])
            yield Case(row["condition"], row["id"], row["zone"], refused_by)


def test_invalid_zones_are_judged_as_servers_judge_them() -> None:
    wrong = []
    verdicts: collections.Counter[str] = collections.Counter()
    for case in _cases():
        zone, found = master_files.read(case.zone.encode(), f"zone {case.number}")
        verdicts["refused" if zone is None else "accepted"] += 1
        # Every zone of the set breaks a rule or is unusual: if accepted, there must be a warning.
        assert zone is not None or found, case
        if (zone is not None and len(case.refused_by) >= 2) or (
            zone is None and not case.refused_by
        ):
            wrong.append((case, found))
    print(f"\ninvalid zones: {verdicts['refused']} refused, {verdicts['accepted']} accepted")
    assert wrong == []
    assert verdicts.total() == COUNT
