"""A fleet takes what the catalogs of Knot and BIND list: it comes, goes, is held, and stays."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from dnsfleet.tsig_keys import Target
from dnsfleet_operator.cluster import ClusterError
from dnsfleet_operator.members import passes
from dnsfleet_publisher.transferring import schedules
from support import nameservers
from support.catalog_producers import CATALOG, Producer
from support.controlled_fleets import ControlledFleet
from support.scripted_primaries import key
from support.told_clusters import ToldCluster
from support.valkey import Valkey
from support.waiting import wait_for

SECONDS = 60.0
BOTH = [nameservers.KNOT, nameservers.BIND]
SIXTY = {f"z{number:02}.example": f"m{number}" for number in range(60)}


class Consumer:
    """A fleet with a catalog, and the server that has it."""

    def __init__(self, fleet: ControlledFleet, producer: Producer) -> None:
        self.fleet = fleet
        self.producer = producer
        self.catalog = {
            "apiVersion": "dnsfleet.io/v1alpha1",
            "kind": "Zone",
            "metadata": {"name": "list", "namespace": "dns"},
            "spec": {
                "origin": CATALOG,
                "source": {
                    "transfer": {
                        "primaries": [{"address": "127.0.0.1", "port": producer.port}],
                        "tsigKey": {"name": "k"},
                        "catalog": {"zoneTemplate": {"metadata": {"labels": {"from": "list"}}}},
                    }
                },
            },
        }

    def has(self, members: Mapping[str, str], **more: Any) -> None:
        """The server has these zones from now on."""
        self.producer.has(members, **more)

    def hear(self) -> None:
        """Have the server asked for the catalog."""
        self.fleet.controller.transfers.notified(f"{CATALOG}.", "k.")

    def zones(self) -> dict[str, Any]:
        """The Zones of members, by origin."""
        return {
            each["spec"]["origin"]: each
            for each in self.fleet.cluster.objects("Zone", "dns", "dnsfleet.io/catalog=list")
        }

    def wait_for(self, members: Mapping[str, str]) -> None:
        """Wait until the fleet has a Zone for each of these, and serves it."""

        def is_so() -> bool:
            self.hear()
            return self.zones().keys() == members.keys() and all(map(self.serves, members))

        wait_for(f"{len(members)} members", is_so, SECONDS)

    def serves(self, origin: str) -> bool:
        """Whether a zone is published."""
        manifest = self.fleet.manifest(f"{origin}.")
        return manifest is not None and not manifest.tombstone

    def wait_until_gone(self, origin: str) -> None:
        """Wait until a zone is not published any more."""
        wait_for(f"{origin} leaves", lambda: not self.serves(origin), SECONDS)

    def condition(self, name: str) -> tuple[str, str]:
        """Reason and message of a condition of the catalog."""
        found = (self.fleet.cluster.get("Zone", "list", "dns") or {}).get("status", {})
        said = {each["type"]: each for each in found.get("conditions", ())}
        return (said[name]["reason"], said[name]["message"]) if name in said else ("", "")

    def wait_for_reason(self, condition: str, reason: str) -> str:
        """Wait until a condition of the catalog has this reason; its message."""

        def is_so() -> bool:
            self.hear()
            return self.condition(condition)[0] == reason

        wait_for(f"{condition} is {reason}", is_so, SECONDS)
        return self.condition(condition)[1]

    def sample(self, state: str) -> float | None:
        """How many members are so, by the metrics."""
        labels = {"zone": f"{CATALOG}.", "state": state}
        found: float | None = self.fleet.metrics.registry.get_sample_value(
            "dnsfleet_catalog_members", labels
        )
        return found

    def synced(self) -> float | None:
        """The metric of MembersSynced."""
        labels = {"namespace": "dns", "name": "list", "zone": f"{CATALOG}."}
        found: float | None = self.fleet.metrics.registry.get_sample_value(
            "dnsfleet_zone_members_synced", labels
        )
        return found

    def told(self) -> dict[str, Any]:
        """`status.catalog`."""
        found = self.fleet.cluster.get("Zone", "list", "dns") or {}
        return dict(found.get("status", {}).get("catalog", {}))


def consuming(core: Valkey, producer: Producer, before: Consumer | None = None) -> ControlledFleet:
    cluster = ToldCluster()
    keys = {"k": key(Target("127.0.0.1", producer.port))}
    earlier = None if before is None else before.fleet
    fleet = ControlledFleet(core, earlier, cluster, primary_keys=keys)
    told = fleet.cluster
    assert isinstance(told, ToldCluster)
    told.tell = lambda found, deleted: fleet.controller.event("Zone", found, deleted)
    return fleet


@pytest.fixture(name="kind")
def _kind(request: pytest.FixtureRequest) -> nameservers.Kind:
    found: nameservers.Kind = getattr(request, "param", nameservers.BIND)
    return found


@pytest.fixture(name="consumer")
def _consumer(
    kind: nameservers.Kind, core: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Consumer]:
    monkeypatch.setattr(schedules, "MIN_SECONDS", 0.2)
    producer = Producer(kind, tmp_path)
    producer.has({"a.example": "m1", "b.example": "m2"})
    with producer.running(), consuming(core, producer) as fleet:
        found = Consumer(fleet, producer)
        fleet.put(found.catalog)
        found.wait_for({"a.example": "m1", "b.example": "m2"})
        yield found


@pytest.mark.parametrize("kind", BOTH, ids=lambda kind: kind.program, indirect=True)
def test_members_come_and_go(consumer: Consumer) -> None:
    consumer.wait_for_reason("MembersSynced", "Synced")
    assert consumer.told() == {"members": 2, "synced": 2}
    made = consumer.zones()["a.example"]
    assert made["metadata"]["name"] == "a.example"
    assert made["metadata"]["labels"] == {"from": "list", "dnsfleet.io/catalog": "list"}
    assert made["metadata"]["annotations"]["dnsfleet.io/catalog-member"].endswith(
        f".zones.{CATALOG}."
    )
    zone = consumer.fleet.served("a.example.")
    assert zone is not None
    assert zone.get("www.a.example.", "A") == (300, ["192.0.2.1"])
    manifest = consumer.fleet.manifest(f"{CATALOG}.")
    assert manifest is not None
    assert manifest.pops == ()
    consumer.has({"b.example": "m2", "c.example": "m3"})
    consumer.wait_for({"b.example": "m2", "c.example": "m3"})
    consumer.wait_until_gone("a.example")
    wait_for("the status", lambda: consumer.told().get("members") == 2, SECONDS)
    samples = {state: consumer.sample(state) for state in ("synced", "refused", "waiting")}
    assert samples == {"synced": 2, "refused": 0, "waiting": 0}


@pytest.mark.parametrize("kind", BOTH, ids=lambda kind: kind.program, indirect=True)
def test_many_members_that_leave_at_once_are_served_until_somebody_approves(
    consumer: Consumer,
) -> None:
    consumer.has(SIXTY)
    consumer.wait_for(SIXTY)
    left = dict(list(SIXTY.items())[:45])
    consumer.has(left)

    def is_held() -> bool:
        consumer.hear()
        fleet = consumer.fleet.cluster.get("Fleet", "dnsfleet") or {}
        held = fleet.get("status", {}).get("held", [])
        return bool(held) and len(consumer.zones()) == 45

    wait_for("the removal is held", is_held, SECONDS)
    assert all(map(consumer.serves, SIXTY))
    fleet = consumer.fleet.cluster.get("Fleet", "dnsfleet") or {}
    (held,) = fleet["status"]["held"]
    assert "15 of" in str(held)
    consumer.has(SIXTY)  # back before anybody approved it
    consumer.wait_for(SIXTY)


def test_a_catalog_that_loses_much_waits_for_an_approval(consumer: Consumer) -> None:
    consumer.has(SIXTY)
    consumer.wait_for(SIXTY)
    few = dict(list(SIXTY.items())[:5])
    consumer.has(few)
    message = consumer.wait_for_reason("Accepted", "UnsafePlan")
    assert consumer.zones().keys() == SIXTY.keys()
    plan = message.rpartition("dnsfleet.io/approve: ")[2]
    metadata = {**consumer.catalog["metadata"], "annotations": {"dnsfleet.io/approve": plan}}
    consumer.fleet.put({**consumer.catalog, "metadata": metadata})
    wait_for("they leave", lambda: consumer.zones().keys() == few.keys(), SECONDS)


def test_a_catalog_that_lists_others_with_the_same_labels_waits(consumer: Consumer) -> None:
    consumer.has(SIXTY)
    consumer.wait_for(SIXTY)
    consumer.has({origin.replace("z", "y", 1): label for origin, label in SIXTY.items()})
    message = consumer.wait_for_reason("Accepted", "UnsafePlan")
    assert "lists 60 of 60 members no more" in message
    assert consumer.zones().keys() == SIXTY.keys()


def test_a_catalog_that_lists_nothing_any_more_waits_too(consumer: Consumer) -> None:
    more = "ext 0 TXT one\nmore.ext 0 TXT two\n"
    consumer.has({}, more=more)
    message = consumer.wait_for_reason("Accepted", "UnsafePlan")
    assert "lists 2 of 2 members no more" in message
    assert consumer.zones().keys() == {"a.example", "b.example"}
    consumer.has({"a.example": "m1"}, more=more)
    consumer.wait_for({"a.example": "m1"})


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"version": "1"}, '"2" is the only version'),
        ({"more": "again.zones 0 PTR a.example.\n"}, "it lists a.example. twice"),
        ({"more": "m1.zones 0 PTR x.example.\n"}, "m1.zones has 2 PTR records"),
    ],
)
def test_a_broken_catalog_changes_nothing(
    consumer: Consumer, wrong: dict[str, str], words: str
) -> None:
    consumer.has({"a.example": "m1", "c.example": "m3"}, **wrong)
    assert words in consumer.wait_for_reason("Accepted", "BrokenCatalog")
    assert words in consumer.wait_for_reason("MembersSynced", "BrokenCatalog")
    assert consumer.synced() == 0
    assert consumer.zones().keys() == {"a.example", "b.example"}
    assert consumer.serves("b.example")
    consumer.has({"a.example": "m1", "c.example": "m3"})
    consumer.wait_for({"a.example": "m1", "c.example": "m3"})
    consumer.wait_for_reason("Accepted", "Accepted")
    consumer.wait_for_reason("MembersSynced", "Synced")
    assert consumer.synced() == 1


def test_another_label_has_a_zone_transferred_anew_and_served_meanwhile(
    consumer: Consumer,
) -> None:
    before = consumer.zones()["a.example"]["metadata"]

    def wholes() -> float:
        name = "dnsfleet_operator_primaries_asked_total"
        found = consumer.fleet.metrics.registry.get_sample_value(name, {"outcome": "axfr"})
        return found or 0.0

    asked = wholes()
    consumer.has({"a.example": "other", "b.example": "m2"})

    def is_other() -> bool:
        consumer.hear()
        annotations = consumer.zones()["a.example"]["metadata"]["annotations"]
        assert consumer.serves("a.example")
        return bool(annotations["dnsfleet.io/catalog-member"] == f"other.zones.{CATALOG}.")

    wait_for("the label", is_other, SECONDS)
    # One of them is that of the catalog.
    wait_for("a whole transfer", lambda: wholes() >= asked + 2, SECONDS)
    assert consumer.zones()["a.example"]["metadata"]["uid"] == before["uid"]


def test_zones_of_others_and_those_of_a_catalog_that_is_gone_stay(consumer: Consumer) -> None:
    mine = {
        **consumer.catalog,
        "metadata": {"name": "mine", "namespace": "dns"},
        "spec": {"origin": "c.example", "nameServers": ["ns1.example.net"], "records": []},
    }
    consumer.fleet.put(mine)
    consumer.has({"a.example": "m1", "b.example": "m2", "c.example": "m3"})
    message = consumer.wait_for_reason("MembersSynced", "OriginTaken")
    assert message == "Zone dns/mine has this origin already"
    (refused,) = consumer.told()["refused"]
    assert (refused["origin"], refused["reason"]) == ("c.example.", "OriginTaken")
    consumer.fleet.delete(mine)
    consumer.wait_for({"a.example": "m1", "b.example": "m2", "c.example": "m3"})
    consumer.fleet.delete(consumer.catalog)
    consumer.wait_until_gone(CATALOG)
    wait_for("no series", lambda: consumer.sample("synced") is None, SECONDS)
    assert consumer.zones().keys() == {"a.example", "b.example", "c.example"}
    assert all(map(consumer.serves, consumer.zones()))


def test_what_the_api_server_refuses_is_told_and_tried_again(
    consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "RETRY_SECONDS", 0.5)
    cluster = consumer.fleet.cluster
    assert isinstance(cluster, ToldCluster)
    cluster.refused = ClusterError("create zones: forbidden (403)", 403)
    members = {"a.example": "m1", "b.example": "m2", "c.example": "m3"}
    consumer.has(members)
    message = consumer.wait_for_reason("MembersSynced", "WriteFailed")
    assert "forbidden" in message
    assert "catalogConsumer.enabled" in message
    wait_for("the status", lambda: consumer.told().get("synced") == 2, SECONDS)
    assert consumer.told()["refused"][0]["origin"] == "c.example."
    cluster.refused = None
    consumer.wait_for(members)
    consumer.wait_for_reason("MembersSynced", "Synced")


def test_an_api_server_that_is_away_is_waited_for(consumer: Consumer) -> None:
    cluster = consumer.fleet.cluster
    assert isinstance(cluster, ToldCluster)
    cluster.refused = ClusterError("create zones: no answer", 0)
    consumer.has({"a.example": "m1", "b.example": "m2", "c.example": "m3"})
    consumer.hear()
    consumer.fleet.wait_for_passes("Members", "error", 2)
    cluster.refused = None
    consumer.wait_for({"a.example": "m1", "b.example": "m2", "c.example": "m3"})


def test_another_leader_makes_nothing_anew(consumer: Consumer, core: Valkey) -> None:
    before = {origin: each["metadata"]["uid"] for origin, each in consumer.zones().items()}
    consumer.fleet.controller.stop()
    with consuming(core, consumer.producer, consumer) as fleet:
        later = Consumer(fleet, consumer.producer)
        later.has({"b.example": "m2", "c.example": "m3"})
        later.wait_for({"b.example": "m2", "c.example": "m3"})
        assert later.zones()["b.example"]["metadata"]["uid"] == before["b.example"]
        later.wait_until_gone("a.example")
