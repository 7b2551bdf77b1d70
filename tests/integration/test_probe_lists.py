"""The writer of the probe list: zones in turn, in lists of one size."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
from dnsfleet.probing import lists
from dnsfleet.probing.lists import MAX_ADDRESSES, MAX_RECORD_OCTETS, MAX_ZONES, ProbedPop, ProbeList
from dnsfleet.replication import keys, public_keys
from dnsfleet.replication.revisions import Revision
from dnsfleet_io.redis_clients import Server
from dnsfleet_probe.replica import Replica, UnreadableError
from dnsfleet_publisher import probe_lists, redis_users
from dnsfleet_publisher.core_redis import CoreRedis, connect
from dnsfleet_publisher.probe_lists import ProbeLists
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import Fenced
from support.signed_zones import PUBLISHER
from support.valkey import Valkey
from support.zones import hosts, make_zone

FRA = ProbedPop("fra", (("192.0.2.1", 53),), False, 100)
NOW_MS = 1_700_000_000_000
COUNT = MAX_ZONES * 2 + 3


class Writer:
    def __init__(self, core: Valkey) -> None:
        self.client = core.closing(connect(core.url))
        self.store = RecordStore(CoreRedis(self.client), PUBLISHER, time.time)
        self.origins: list[str] = []
        self.lists = ProbeLists(self.store, lambda: self.origins)

    def publish(self, origin: str, records: list[tuple[str, str, str]]) -> None:
        assert self.store.publish(origin, make_zone(origin, records)) is not None
        self.origins.append(origin)

    def write(self, *pops: ProbedPop) -> ProbeList:
        assert self.lists.write(pops or [FRA], NOW_MS, PUBLISHER)
        signed = self.client.hget(keys.PROBES, keys.PROBE_LIST)
        return lists.verify(signed, [PUBLISHER.public_key()])


USER = redis_users.acl({redis_users.PROBE: "right"}).splitlines()[1]


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    core = Valkey(tmp_path, users=[USER])
    core.start()
    yield core
    core.kill()


@pytest.fixture
def writer(core: Valkey) -> Writer:
    writer = Writer(core)
    writer.store.claim()
    return writer


def origins(said: ProbeList) -> list[str]:
    return [zone.zone for zone in said.zones]


def test_all_zones_come_in_turn_a_few_at_a_time(writer: Writer) -> None:
    for number in range(COUNT):
        writer.publish(f"zone{number:02}.example.", [("www", "A", "192.0.2.1")])
    said = [writer.write() for _ in range(5)]
    assert [len(each.zones) for each in said] == [MAX_ZONES] * 5
    told = [origin for each in said for origin in origins(each)]
    assert sorted(told[:COUNT]) == writer.origins
    assert told[COUNT : 2 * COUNT] == told[:COUNT]
    assert [each.revision.seq for each in said] == [1, 2, 3, 4, 5]
    zone = said[0].zones[0]
    manifest = writer.store.held(zone.zone)
    assert manifest is not None
    assert (zone.lsn, zone.serial, zone.pops) == (manifest.lsn, manifest.serial, None)


def test_a_fleet_of_few_zones_has_each_once_in_every_list(writer: Writer) -> None:
    assert writer.write().zones == ()
    writer.publish("a.example.", [])
    writer.publish("b.example.", [])
    assert [origins(writer.write()) for _ in range(3)] == [["a.example.", "b.example."]] * 3
    writer.store.tombstone("a.example.")
    assert [origins(writer.write()) for _ in range(3)] == [["b.example."]] * 3


def test_a_probe_record_is_small_and_answered_by_its_own_zone(writer: Writer) -> None:
    large = '" "'.join(["x" * 200] * 6)
    assert len(large) > MAX_RECORD_OCTETS
    writer.publish("a.example.", [("in.sub", "A", "192.0.2.1"), ("large", "TXT", f'"{large}"')])
    writer.publish("sub.a.example.", [("in", "A", "192.0.2.2")])
    seen = set()
    for _ in range(50):
        for zone in writer.write().zones:
            assert zone.record is not None
            seen.add((zone.zone, zone.record.name, zone.record.rtype))
    assert seen == {
        ("a.example.", "a.example.", "NS"),
        ("sub.a.example.", "sub.a.example.", "NS"),
        ("sub.a.example.", "in.sub.a.example.", "A"),
    }


def test_a_probe_record_of_a_large_zone_is_one_of_its_apex(writer: Writer) -> None:
    """As its other names are found by reading all of it, while changes wait."""
    apex = [("@", "MX", "10 mail"), ("mail", "A", "192.0.2.1")]
    writer.publish("a.example.", [*apex, *hosts(probe_lists.READ_RECORDS)])
    seen = set()
    for _ in range(50):
        (zone,) = writer.write().zones
        assert zone.record is not None
        seen.add((zone.record.name, zone.record.rtype))
    assert seen == {("a.example.", "NS"), ("a.example.", "MX")}


def test_a_list_names_the_exceptions_of_its_zones_alone(writer: Writer) -> None:
    writer.publish("a.example.", [])
    (pop,) = writer.write(FRA._replace(exceptions=("z.example.", "a.example."))).pops
    assert pop.exceptions == ("a.example.",)


def test_a_list_of_many_pops_has_fewer_zones_and_none_holds_too_many_pops(
    writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(MAX_ZONES):
        writer.publish(f"zone{number}.example.", hosts(3))
    where = (("2001:db8:1111:2222:3333:4444:5555:6666", 53),) * MAX_ADDRESSES
    pops = [ProbedPop(f"pop-{number:03}", where, answers=100) for number in range(1000)]
    most = max(count for count in range(100, 400) if fits(pops[:count]))
    said = writer.write(*pops[:most])
    assert len(said.pops) == most
    assert len(said.zones) < MAX_ZONES
    for _ in range(2):
        assert not writer.lists.write(pops[: most + 1], NOW_MS, PUBLISHER)
    (told,) = caplog.messages
    assert told.startswith(f"{most + 1} Pops are too many for a probe list")


def fits(pops: list[ProbedPop]) -> bool:
    """Whether a list with these Pops and no zone can be signed."""
    try:
        lists.sign(ProbeList(Revision(2_000_000_000, 1), NOW_MS, tuple(pops), ()), PUBLISHER)
    except ValueError:
        return False
    return True


def test_only_the_writer_of_the_newest_fence_writes_a_list(writer: Writer) -> None:
    other = ProbeLists(RecordStore(CoreRedis(writer.client), PUBLISHER, time.time), list)
    assert not other.write([FRA], NOW_MS, PUBLISHER)  # it has no fence
    later = RecordStore(CoreRedis(writer.client), PUBLISHER, lambda: time.time() + 10)
    later.claim()
    with pytest.raises(Fenced):
        writer.lists.write([FRA], NOW_MS, PUBLISHER)
    assert writer.client.hget(keys.PROBES, keys.PROBE_LIST) is None


def test_the_password_of_a_prober_may_come_and_change_while_it_runs(
    core: Valkey, writer: Writer, tmp_path: Path
) -> None:
    said = writer.write()
    public_key, password = tmp_path / "publisher.pub", tmp_path / "probe"
    public_key.write_text(public_keys.to_pem([PUBLISHER.public_key()]))
    with closing(
        Replica(Server("127.0.0.1", core.port, redis_users.PROBE, password), public_key)
    ) as replica:
        with pytest.raises(UnreadableError, match=f"{password}: no password: "):
            replica.probe_list()
        for wrong in ("", "wrong"):
            password.write_text(wrong)
            with pytest.raises(UnreadableError, match="invalid username-password pair"):
                replica.probe_list()
        password.write_text("right\n")
        assert replica.probe_list() == said


def test_the_user_of_a_prober_reads_what_a_prober_needs_and_nothing_else(
    core: Valkey, writer: Writer, tmp_path: Path
) -> None:
    writer.publish("a.example.", [])
    said = writer.write()
    public_key = tmp_path / "publisher.pub"
    public_key.write_text(public_keys.to_pem([PUBLISHER.public_key()]))
    replica = Replica(Server("127.0.0.1", core.port, redis_users.PROBE, "right"), public_key)
    assert replica.probe_list() == said
    assert replica.manifests(["a.example.", "b.example."]) == {
        "a.example.": writer.store.held("a.example.")
    }
    replica.close()
    with redis.Redis(port=core.port, username=redis_users.PROBE, password="right") as client:
        client.ping()
        for command in (
            ("HSET", keys.PROBES, keys.PROBE_LIST, "x"),
            ("HGET", keys.POPS, "fra"),
            ("GETRANGE", keys.FLEET, 0, 1),
            ("INFO",),
        ):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command)
