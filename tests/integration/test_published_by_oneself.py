"""Only what an object has published itself goes on although its class does not allow it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dnsfleet.resources import Reference
from support.core_servers import PUBLISHER_USER
from support.registered_zones import begun, teams
from support.valkey import Valkey
from support.zone_writers import changed, item, zone

ORIGIN = "a.example."
HOST = zone("a")
HOST["spec"]["recordSets"] = {"namespaces": {"from": "All"}, "merge": ["TXT"]}
ADDRESSES = teams(["dns", "shop", "evil"], types=["A"])
NONE_MORE = teams(["dns", "shop", "evil"], quota={"recordSets": 0})


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path, users=[PUBLISHER_USER])
    valkey.start()
    yield valkey
    valkey.kill()


def text(namespace: str, value: str, created: str) -> dict[str, Any]:
    record = {"name": "x", "type": "TXT", "data": [value]}
    spec = {"zoneRef": {"name": "a", "namespace": "dns"}, "records": [record]}
    metadata = {"namespace": namespace, "uid": namespace, "creationTimestamp": created}
    return item("RecordSet", "x", spec, **metadata)


OLD = text("shop", "old", "2026-01-01T00:00:00Z")
YOUNG = text("evil", "young", "2026-02-01T00:00:00Z")
EVIL = Reference("RecordSet", "evil", "x")


@pytest.mark.parametrize("rule", [ADDRESSES, NONE_MORE])
@pytest.mark.parametrize("restarted", [False, True])
def test_nobody_goes_on_with_what_another_object_has_published(
    core: Valkey, rule: dict[str, Any], restarted: bool
) -> None:
    writer = begun(core, HOST, OLD)
    if restarted:
        writer = begun(core, rule, HOST, OLD)
    seen = writer.run(rule, HOST, OLD, YOUNG)
    assert {each.severity for each in seen.violations[EVIL]} == {"error"}
    assert "goes on" not in " ".join(each.message for each in seen.violations[EVIL])
    assert {each.severity for each in seen.violations[EVIL._replace(namespace="shop")]} == {
        "warning"
    }
    writer.run(rule, HOST, YOUNG)
    assert writer.store.load(ORIGIN).get(f"x.{ORIGIN}", "TXT") is None  # type: ignore[union-attr]


def test_another_spelling_of_what_is_served_adds_nothing(core: Valkey) -> None:
    records = [{"name": "h", "type": "AAAA", "data": ["2001:0db8:0000:0000:0000:0000:0000:0001"]}]
    long = changed(zone("a"), 1, records=records)
    strict = teams(["dns"], quota={"rrsets": 0})
    begun(core, long)
    for writer in (begun(core, strict, long), begun(core, strict, long)):
        (told,) = writer.passes.results.violations[Reference("Zone", "dns", "a")]
        assert (told.reason, told.severity) == ("QuotaExceeded", "warning")
        assert not writer.passes.results.frozen
