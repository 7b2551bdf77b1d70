"""Whoever published an origin keeps it, although an older Zone is allowed to have it later."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.core_servers import PUBLISHER_USER
from support.registered_zones import begun, labelled, refused, teams
from support.valkey import Valkey
from support.zone_writers import item, zone

ORIGIN = "a.example."
OWNER = zone("a")
OLDER: dict[str, Any] = zone(
    "a", 5, namespace="evil", uid="older", creationTimestamp="2025-06-01T00:00:00Z"
)
SELECTED = {"matchLabels": {"dns": "yes"}}


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path, users=[PUBLISHER_USER])
    valkey.start()
    yield valkey
    valkey.kill()


def parent() -> dict[str, Any]:
    spec = {"origin": "example", "nameServers": ["ns1.example.net"]}
    consent = {"nestedZones": {"namespaces": {"from": "Selector", "selector": SELECTED}}}
    return item("Zone", "top", spec | consent, creationTimestamp="2025-01-01T00:00:00Z")


@pytest.mark.parametrize("by", ["its class", "the Zone above"])
def test_a_label_that_comes_later_takes_nothing_from_who_published(core: Valkey, by: str) -> None:
    rule = teams(namespaces=[], selector=SELECTED) if by == "its class" else parent()
    writer = begun(core, rule, labelled("dns", dns="yes"), labelled("evil"), OWNER, OLDER)
    before = writer.served()
    assert before[ORIGIN] == 3
    evil = labelled("evil", dns="yes")
    assert refused(writer.run(rule, labelled("dns", dns="yes"), evil, OWNER, OLDER)) == "ZoneInUse"
    assert writer.served() == before
    later = begun(core, rule, labelled("dns", dns="yes"), evil, OWNER, OLDER)
    assert later.served() == before


def test_neither_does_a_class_that_goes(core: Valkey) -> None:
    writer = begun(core, teams(["dns"]), OWNER, OLDER)
    assert refused(writer.run(OWNER, OLDER)) == "ZoneInUse"
    assert writer.served() == {ORIGIN: 3}


def test_what_is_known_of_all_is_right_once_the_first_one_is_registered(core: Valkey) -> None:
    writer = begun(core, OWNER, OLDER)
    assert writer.served() == {ORIGIN: 7}
    wrong: list[None] = []
    assert set(writer.passes.prove(lambda: wrong.append(None))) == {None}
    assert not wrong
