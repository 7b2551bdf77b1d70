"""The secondaries of a zone, as `kubectl dnsfleet status` prints them."""

import textwrap
from typing import Any

from dnsfleet_cli.kubectl import documents, summaries, zone_secondaries
from support.cluster_objects import zone

SERVERS = [
    {
        "address": "2001:db8::1",
        "port": 5353,
        "state": "Failing",
        "since": "2026-11-30T12:00:00Z",
        "message": "it answers REFUSED",
    },
    {
        "address": "192.0.2.1",
        "port": 53,
        "state": "Current",
        "since": "2026-11-30T10:00:00Z",
        "serial": 1764078000,
    },
]


def shown(**found: Any) -> Any:
    return zone("example-com", status={"secondaries": {"text": "", **found}})


def test_those_that_are_named_are_a_table() -> None:
    item = shown(count=2, current=1, servers=SERVERS)
    expected = textwrap.dedent("""\
        SECONDARY            STATE     SERIAL       SINCE                  MESSAGE
        [2001:db8::1]:5353   Failing   -            2026-11-30T12:00:00Z   it answers REFUSED
        192.0.2.1:53         Current   1764078000   2026-11-30T10:00:00Z""")
    found = [each.rstrip() for each in zone_secondaries.table(item).splitlines()]
    assert found == expected.splitlines()
    assert zone_secondaries.table(item) in summaries.zone(item)


def test_how_many_are_not_named_is_said() -> None:
    item = shown(count=20, current=19, servers=SERVERS)
    assert zone_secondaries.table(item).endswith("\nand 18 more")


def test_a_zone_without_secondaries_says_nothing_of_them() -> None:
    item = zone("example-com")
    assert "SECONDARY" not in summaries.zone(item)
    assert documents.zone(item, None)["secondaries"] is None


def test_programs_get_the_same() -> None:
    found = documents.zone(shown(count=2, current=1, servers=SERVERS), None)["secondaries"]
    assert (found["count"], found["current"]) == (2, 1)
    assert found["servers"][1] == {
        "address": "192.0.2.1:53",
        "state": "Current",
        "serial": 1764078000,
        "since": "2026-11-30T10:00:00Z",
        "message": "",
    }
