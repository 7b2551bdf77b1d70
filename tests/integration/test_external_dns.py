"""ExternalDNS's webhook beside a whole operator: what it writes is published, or told why not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dnsfleet.zones.sharing import RRsetKey
from support.external_dns import ExternalDNS, endpoint
from support.waiting import wait_for
from support.webhooks import Webhook, webhook

from bench.operator_fleets import OperatorFleet, running
from bench.operator_objects import Size, origin, team

SECONDS = 60.0
ZONE = origin(0).removesuffix(".")
OLDER = "another"
"""Of two objects of the same second, the first by name is the older one."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorFleet]:
    with running(Size(2), tmp_path_factory.mktemp("fleet")) as found:
        found.wait_for_all(found.start(), SECONDS)
        yield found


@pytest.fixture
def found(fleet: OperatorFleet, tmp_path: Path) -> Iterator[Webhook]:
    with webhook(tmp_path, fleet.api.kubeconfig) as running_webhook:
        yield running_webhook
        ExternalDNS(running_webhook.ask).round([])


def verdicts(fleet: OperatorFleet) -> dict[RRsetKey, str]:
    """What the operator says now of each RRset of the instance."""
    said = {}
    for each in fleet.api.all("RecordSet"):
        if "dnsfleet.io/externaldns-instance" not in each["metadata"].get("labels", {}):
            continue
        (record,) = each["spec"]["records"]
        said[record["name"], record["type"]] = verdict(each)
    return said


def verdict(item: dict[str, Any]) -> str:
    for each in item.get("status", {}).get("conditions", ()):
        current = each["observedGeneration"] == item["metadata"]["generation"]
        if each["type"] == "Accepted" and current:
            return "Accepted" if each["status"] == "True" else str(each["reason"])
    return ""


def test_what_is_wanted_is_published(fleet: OperatorFleet, found: Webhook) -> None:
    dns = ExternalDNS(found.ask, "a")
    names = [f"ext{number}.{ZONE}" for number in range(3)]
    dns.round([endpoint(name, "A", "192.0.2.1") for name in names])
    everything = {
        (f"{start}{name}.", rtype): "Accepted"
        for name in names
        for start, rtype in (("", "A"), ("a-", "TXT"))
    }
    wait_for("all are accepted", lambda: verdicts(fleet) == everything, SECONDS)
    dns.round([endpoint(names[0], "CNAME", "lb.example.net")])
    changed = {(f"{names[0]}.", "CNAME"): "Accepted", (f"cname-{names[0]}.", "TXT"): "Accepted"}
    wait_for("the type changes", lambda: verdicts(fleet) == changed, SECONDS)


def test_a_name_of_somebody_else_holds_no_other_back(fleet: OperatorFleet, found: Webhook) -> None:
    theirs = {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "RecordSet",
        "metadata": {"name": OLDER, "namespace": team(0)},
        "spec": {
            "zoneRef": {"name": "zone-0"},
            "records": [{"name": "taken", "type": "A", "data": ["203.0.113.1"]}],
        },
    }
    fleet.api.create(theirs)
    get = fleet.api.get
    wait_for(
        "the other one", lambda: verdict(get("RecordSet", OLDER, team(0))) == "Accepted", SECONDS
    )
    dns = ExternalDNS(found.ask)
    wanted = [endpoint(f"{name}.{ZONE}", "A", "192.0.2.1") for name in ("taken", "free")]
    dns.round(wanted)
    said = {(f"taken.{ZONE}.", "A"): "NotOwner", (f"free.{ZONE}.", "A"): "Accepted"}
    wait_for("one is refused", lambda: verdicts(fleet) == said, SECONDS)
    dns.round(wanted)
    assert dns.changes == {}
    assert found.samples()["dnsfleet_externaldns_refused_record_sets"] == 1
    assert verdict(get("RecordSet", OLDER, team(0))) == "Accepted"
    fleet.api.delete("RecordSet", OLDER, team(0))
    said[f"taken.{ZONE}.", "A"] = "Accepted"
    wait_for("it is free", lambda: verdicts(fleet) == said, SECONDS)
    dns.round(wanted)
    assert found.samples()["dnsfleet_externaldns_refused_record_sets"] == 0
