"""The bad day: zones were removed by mistake, and `kubectl dnsfleet zone restore` brings them back.

A controller and an edge work on a real core; the command asks an API server in memory. An edge must
answer each RRset as before, at a higher revision.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dns.rcode
import pytest
import yaml
from dnsfleet.zones import removals
from dnsfleet.zones.removals import MIN_REMOVED
from dnsfleet_cli import zone_rrsets
from dnsfleet_cli.kubectl import cluster_fleet, command_line, main, restores
from dnsfleet_engine import Zone
from dnsfleet_operator.leading import terms
from dnsfleet_publisher.core_redis import CoreRedis, connect
from support.controlled_fleets import DEADLINE_SECONDS, ControlledFleet, edge_pod
from support.core_servers import PUBLISHER_USER
from support.edges import EdgeProcess
from support.presigned_zones import signed_text
from support.valkey import Valkey
from support.waiting import wait_for
from support.zone_writers import item, zone
from support.zones import make_zone
from typer.testing import CliRunner, Result

Object = dict[str, Any]
FLEET = "dnsfleet"
MANY, GONE = 42, 30
LEAVING_SECONDS = 2 * DEADLINE_SECONDS
"""A single zone settles first."""
FILE = "@ 60 SOA ns1 host 7 2 3 4 5\n@ 60 NS ns1\nns1 60 A 192.0.2.53\nwww 60 A 192.0.2.{number}\n"
SIGNED, SHARED, LISTED, FILED = "z00.example.", "z01.example.", "z02.example.", "z03.example."


def zones() -> list[Object]:
    """Of every kind: signed, with RecordSets, of records, and of a ConfigMap."""
    found = [zone(f"z{number:02}", hosts=2) for number in range(MANY)]
    text = signed_text(make_zone(SIGNED, [("www", "A", "192.0.2.1")], serial=7))
    found[0]["spec"] = {"origin": "z00.example", "zoneFile": {"inline": text}}
    found[1]["spec"]["recordSets"] = {"namespaces": {"from": "All"}}
    for number in range(3, MANY, 2):
        file = {"configMaps": [{"name": f"file-{number}", "key": "zone"}]}
        found[number]["spec"] = {"origin": f"z{number:02}.example", "zoneFile": file}
    return [without_uid(each) for each in found]


def without_uid(found: Object) -> Object:
    """As somebody applies it."""
    metadata = {key: found["metadata"][key] for key in ("name", "namespace")}
    return found | {"metadata": metadata}


def record_set(name: str) -> Object:
    records = [{"name": name, "type": "A", "data": ["192.0.2.77"]}]
    spec = {"zoneRef": {"name": "z01", "namespace": "dns"}, "records": records}
    return without_uid(item("RecordSet", name, spec, namespace="shop"))


def config_map(number: int) -> Object:
    made = without_uid(item("ConfigMap", f"file-{number}", {}))
    return made | {"apiVersion": "v1", "data": {"zone": FILE.format(number=number)}}


ZONES = zones()
ORIGINS = [f"z{number:02}.example." for number in range(MANY)]
SETS = [record_set("web"), record_set("api")]
POP = {
    "apiVersion": "dnsfleet.io/v1alpha1",
    "kind": "Pop",
    "metadata": {"name": "fra"},
    "spec": {"edge": {"replicas": 1}},
}
MAPS = [config_map(number) for number in range(3, MANY, 2)]


class CommandCluster:
    """What the command asks of an API server: the one in memory, which tells the controller."""

    def __init__(self, fleet: ControlledFleet) -> None:
        self._fleet = fleet

    def zones(self, namespace: str = "") -> list[Object]:
        assert not namespace
        return self._fleet.cluster.objects("Zone")

    def record_sets(self) -> list[Object]:
        return self._fleet.cluster.objects("RecordSet")

    def namespaces(self) -> list[Object]:
        return self._fleet.cluster.objects("Namespace")

    def zone_classes(self) -> list[Object]:
        return self._fleet.cluster.objects("ZoneClass")

    def config_map(self, name: str, namespace: str) -> Object | None:
        return self._fleet.cluster.get("ConfigMap", name, namespace)

    def create(self, made: Object) -> bool:
        metadata = made["metadata"]
        if self._fleet.cluster.get(made["kind"], metadata["name"], metadata["namespace"]):
            return False
        self._fleet.put(made)
        return True


class Day:
    """A fleet on which somebody makes mistakes, and what its edge answers."""

    def __init__(self, fleet: ControlledFleet, edge: EdgeProcess, core: Valkey) -> None:
        self.fleet = fleet
        self.edge = edge
        self._core = core

    def run(self, *words: str) -> Result:
        """`kubectl dnsfleet zone …`."""
        return CliRunner().invoke(main.app, ["zone", *words])

    def remove(self, gone: Sequence[Object], also: Sequence[Object] = ()) -> None:
        """Somebody deletes these Zones and other objects, and lets the removal through."""
        origins = [f"{each['spec']['origin']}." for each in gone]
        for each in gone:
            self.fleet.delete(each)
        if len(origins) > MIN_REMOVED:
            held = wait_for("all are held", lambda: self._held(len(origins)), DEADLINE_SECONDS)
            for each in also:
                self.fleet.delete(each)
            metadata = {"name": FLEET, "annotations": {"dnsfleet.io/approve": held}}
            self.fleet.cluster.put({"kind": "Fleet", "metadata": metadata})
        for origin in origins:
            wait_for(f"{origin} is refused", lambda o=origin: self._refused(o), LEAVING_SECONDS)

    def answers(self, content: Mapping[str, Zone]) -> dict[tuple[str, str, str], object]:
        """What the edge says to each RRset of these zones; of a SOA all but the serial."""
        found: dict[tuple[str, str, str], object] = {}
        for origin, each in content.items():
            for rrset in zone_rrsets.of(each):
                reply = self.edge.ask(rrset.owner, rrset.rtype, tcp=True)
                assert reply is not None
                data = [rdata.to_text() for found in reply.answer for rdata in found]
                if rrset.rtype == "SOA":
                    data = [" ".join(text.split()[:2] + text.split()[3:]) for text in data]
                ttls = [found.ttl for found in reply.answer]
                key = (origin, rrset.owner, rrset.rtype)
                found[key] = (int(reply.rcode()), ttls, sorted(data))
        return found

    def content(self, *origins: str) -> dict[str, Zone]:
        """The records of live zones."""
        found = {origin: self.fleet.served(origin) for origin in origins}
        return {origin: each for origin, each in found.items() if each is not None}

    def wait_until_as_before(
        self, content: Mapping[str, Zone], before: Mapping[tuple[str, str, str], object]
    ) -> None:
        wait_for(
            "all is answered as before",
            lambda: self.answers(content) == before,
            2 * DEADLINE_SECONDS,
        )

    def _held(self, zones: int) -> str:
        """The hash of a removal of so many zones; empty where none waits."""
        status = (self.fleet.cluster.get("Fleet", FLEET) or {}).get("status", {})
        found = (each for each in status.get("held", ()) if each["kind"] == "Removal")
        return next((each["hash"] for each in found if each["zoneCount"] == zones), "")

    def _refused(self, origin: str) -> bool:
        reply = self.edge.ask(origin, "SOA")
        return reply is not None and reply.rcode() == dns.rcode.REFUSED


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    folder = tmp_path_factory.mktemp("day")
    core = Valkey(folder / "core", users=[PUBLISHER_USER])
    core.start()
    with pytest.MonkeyPatch.context() as patch, ControlledFleet(core) as fleet:
        patch.setattr(terms, "FLEET_SECONDS", 0.1)
        public = fleet.keys.private.public_key()
        client = core.closing(connect(core.url))

        class Reached:
            """The core as `verify` reaches it."""

            def __init__(self, *_: object) -> None:
                self.core = CoreRedis(client)
                self.public = [public]

        patch.setattr(cluster_fleet, "ClusterFleet", Reached)
        patch.setattr(command_line, "Cluster", lambda *_: CommandCluster(fleet))
        fleet.put({"kind": "Namespace", "metadata": {"name": "shop"}})
        for each in (*MAPS, *ZONES, *SETS):
            fleet.put(each)
        pod = fleet.put(edge_pod("fra"))
        fleet.put(POP)
        name = pod["metadata"]["name"]
        edge = EdgeProcess(
            folder / "edge", public, replica_url=core.url, core_url=core.url, edge=name
        )
        for origin in ORIGINS:
            wait_for(f"{origin} is served", lambda o=origin: fleet.served(o), DEADLINE_SECONDS)
        for name in ("web", "api"):
            fleet.wait_until_served(SHARED, f"{name}.{SHARED}", "192.0.2.77")
        edge.start_ready()
        try:
            yield Day(fleet, edge, core)
        finally:
            edge.kill()
    core.kill()


def test_thirty_of_42_zones_come_back_by_one_command(day: Day) -> None:
    assert day.run("removed").output == f"{restores.NOTHING}\n"
    content = day.content(*ORIGINS)
    manifests = {origin: day.fleet.manifest(origin) for origin in ORIGINS}
    before = day.answers(content)
    maps = [each for each in MAPS if int(each["metadata"]["name"].split("-")[1]) < GONE]
    day.remove(ZONES[:GONE], also=[*maps, SETS[0]])

    listed = day.run("removed")
    assert listed.exit_code == 0, listed.output
    assert listed.output.splitlines()[0].split() == [
        *("ORIGIN", "ZONE", "RECORDS", "REMOVED", "UNTIL", "IN", "THE", "WAY"),
    ]
    assert len(listed.output.splitlines()) == 1 + GONE
    document = json.loads(day.run("-o", "json", "removed", "-n", "dns").output)
    assert [each["origin"] for each in document["items"]] == ORIGINS[:GONE]
    first = document["items"][0]
    assert (first["zone"], first["inTheWay"]) == ("dns/z00", None)
    assert json.loads(day.run("removed", "-n", "shop", "-ojson").output)["items"] == []

    one = day.run("restore", "z03", "--timeout", str(DEADLINE_SECONDS))
    assert one.exit_code == 0, one.output
    assert "configmap/dns/file-3 is made again\nzone/dns/z03 is made again\n" in one.output
    day.wait_until_as_before(
        {FILED: content[FILED]}, {key: said for key, said in before.items() if key[0] == FILED}
    )
    assert len(day.run("removed").output.splitlines()) == GONE

    rest = day.run("restore", "--all", "--timeout", str(DEADLINE_SECONDS))
    assert rest.exit_code == 0, rest.output
    assert "recordset/shop/web is made again" in rest.output
    assert "recordset/shop/api" not in rest.output, "it was there all the time"
    day.wait_until_as_before(content, before)
    for origin in ORIGINS[:GONE]:
        made, old = day.fleet.manifest(origin), manifests[origin]
        assert made is not None
        assert old is not None
        assert made.revision > old.revision
        assert (made.serial > old.serial) == (origin != SIGNED), "a signed zone keeps its serial"
    assert day.run("removed").output == f"{restores.NOTHING}\n"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A single zone leaves without a delay in which others could join it."""
    monkeypatch.setattr(removals, "SETTLING_SECONDS", 0.0)


@pytest.mark.usefixtures("hasty")
def test_what_git_has_is_applied_over_it_and_nothing_changes(day: Day) -> None:
    """Of a ConfigMap, which has its name again, and of records beside RecordSets."""
    content = day.content(SHARED, FILED)
    before = day.answers(content)
    day.remove([ZONES[1], ZONES[3]], also=[*SETS, MAPS[0]])
    back = day.run("restore", "z01.example", "dns/z03", "--timeout", str(DEADLINE_SECONDS))
    assert back.exit_code == 0, back.output
    day.wait_until_as_before(content, before)
    restored = {origin: day.fleet.manifest(origin) for origin in content}
    later = without_uid(zone("z40", hosts=3))
    for each in (MAPS[0], *SETS, ZONES[1], ZONES[3], later):
        day.fleet.put(each)
    day.fleet.wait_until_served("z40.example.", "h2.z40.example.", "192.0.2.1")
    assert day.answers(content) == before
    assert {origin: day.fleet.manifest(origin) for origin in content} == restored


@pytest.mark.usefixtures("hasty")
def test_what_cannot_be_restored_is_told_and_makes_nothing(day: Day) -> None:
    assert "say which zones, or --all" in day.run("restore").stderr
    assert "no zone nowhere.example is kept" in day.run("restore", "nowhere.example").stderr
    day.remove([ZONES[2]])
    other = ZONES[2] | {"metadata": {"name": "mine", "namespace": "shop"}}
    day.fleet.put(other)
    objects = len(day.fleet.cluster.objects("Zone"))
    in_the_way = day.run("restore", "z02")
    assert "zone/shop/mine has this origin" in in_the_way.stderr
    assert "kubectl-dnsfleet: 0 of 1 zone restored\n" in in_the_way.stderr
    assert "zone/shop/mine has this origin" in day.run("removed").output
    assert len(day.fleet.cluster.objects("Zone")) == objects
    day.fleet.delete(other)

    printed = day.run("restore", LISTED, "-o", "yaml")
    (made,) = yaml.safe_load_all(printed.output)
    assert made["metadata"] == {"namespace": "dns", "name": "z02"}
    assert made["spec"]["records"] == ZONES[2]["spec"]["records"]
    text = day.run("restore", LISTED, "-o", "zone").output
    assert f"h1.{LISTED} 300 A 192.0.2.1\n" in text
    assert len(day.fleet.cluster.objects("Zone")) == objects - 1

    back = day.run("restore", LISTED, "--timeout", str(DEADLINE_SECONDS))
    assert back.exit_code == 0, back.output
    assert "zone/dns/z02 is there" in day.run("restore", "z02").stderr


@pytest.mark.usefixtures("hasty")
def test_what_takes_too_long_is_told(day: Day) -> None:
    """It is made all the same."""
    day.remove([ZONES[2]])
    late = day.run("restore", "z02", "--timeout", "0")
    assert late.exit_code == 1
    assert "zone/dns/z02 is not live everywhere" in late.output
    wait_for("it is served", lambda: day.fleet.served(LISTED), DEADLINE_SECONDS)
