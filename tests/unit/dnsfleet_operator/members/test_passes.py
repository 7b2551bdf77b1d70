"""How much a turn over the members of catalogs writes, and what it does when it may not."""

from collections.abc import Iterable

import pytest
from dnsfleet.resources import Reference
from dnsfleet_engine import Zone, ZoneBuilder
from dnsfleet_operator.cluster import ClusterError, ConflictError, Object
from dnsfleet_operator.members import passes
from dnsfleet_operator.members.passes import MOST_FAILURES, MOST_WRITES, TURN_SECONDS, MemberPasses
from dnsfleet_operator.observed.observation import Observation
from dnsfleet_operator.zone_samples import CatalogSample
from support.member_plans import NAMESPACE, catalog
from support.told_clusters import ToldCluster

CATALOG = Reference("Zone", NAMESPACE, "one")


def content(members: Iterable[str]) -> Zone:
    builder = ZoneBuilder("one.test.")
    rows = [("@", "SOA", "invalid. invalid. 1 2 3 4 5"), ("@", "NS", "invalid.")]
    rows += [("version", "TXT", '"2"'), *((f"{m}.zones", "PTR", f"{m}.example.") for m in members)]
    for owner, rtype, data in rows:
        builder.add_record(owner, rtype, 0, data, "a test")
    zone, _ = builder.finish()
    assert zone is not None
    return zone


class Rig:
    """Passes over one catalog."""

    def __init__(self) -> None:
        self.cluster = ToldCluster()
        self.observation = Observation()
        self.cluster.tell = self._tell
        self.touched: list[str] = []
        self.samples: dict[str, CatalogSample] = {}
        self.published = content(())
        self.revision = 0
        self.confirmed: int | None = 1
        self.passes = MemberPasses(
            self.cluster,
            self.observation,
            lambda _: (),
            lambda _, __: str(self.revision) if self.revision else "",
            lambda _: self.published,
            lambda _: self.confirmed,
            self.touched.append,
            self.samples,
        )
        self.observation.put(self.cluster.put(catalog("one")))

    def publish(self, members: Iterable[str]) -> None:
        self.published = content(members)
        self.revision += 1

    def run(self) -> float | None:
        self.passes.take(self.observation.take_changed())
        return self.passes.run()

    def run_all(self) -> int:
        """Run until nothing waits; how many turns that took."""
        turns = 1
        while self.run() is not None or self.observation._changed:
            turns += 1
        return turns

    def zones(self) -> int:
        return len(self.cluster.objects("Zone")) - 1

    def _tell(self, found: Object, deleted: bool) -> None:
        if deleted:
            reference = Reference("Zone", NAMESPACE, found["metadata"]["name"])
            self.observation.remove(reference, found["metadata"]["uid"])
        else:
            self.observation.put(found)


@pytest.fixture(name="rig")
def _rig() -> Rig:
    return Rig()


def many(number: int) -> list[str]:
    return [f"m{each}" for each in range(number)]


def test_a_turn_writes_so_much_and_not_more(rig: Rig) -> None:
    rig.publish(many(25))
    assert rig.run() == pytest.approx(TURN_SECONDS)
    assert rig.zones() == MOST_WRITES
    rig.run_all()
    assert rig.zones() == 25
    assert rig.samples == {"one.test.": CatalogSample(25, 0, 0)}
    before = rig.cluster.writes["Zone"]
    rig.publish([*many(24), "new"])
    rig.run_all()
    assert rig.cluster.writes["Zone"] == before + 2


@pytest.mark.parametrize("confirmed", [None, 2])
def test_a_list_that_may_be_an_earlier_one_deletes_nothing(rig: Rig, confirmed: int | None) -> None:
    rig.publish(many(2))
    rig.run_all()
    rig.confirmed = confirmed
    rig.publish(["m0", "m2"])
    for _ in range(100):
        wait = rig.run()
        if rig.zones() == 3:
            break
    assert rig.zones() == 3
    rig.confirmed = 1
    rig.run_all()
    assert rig.zones() == 2
    assert wait is not None


def test_what_is_as_it_is_to_be_costs_no_call(rig: Rig) -> None:
    rig.publish(many(25))
    rig.run_all()
    before = rig.cluster.writes["Zone"]
    rig.cluster.faults["Zone"] = AssertionError("somebody asked")
    rig.publish(many(25))
    rig.run_all()
    assert rig.cluster.writes["Zone"] == before


def test_statuses_are_told_now_and_then_while_much_is_written(rig: Rig) -> None:
    rig.publish(many(100))
    assert rig.run_all() >= 100 / MOST_WRITES
    assert 1 <= len(rig.touched) <= 3
    told = rig.passes.standing(CATALOG)
    assert told is not None
    assert (told.members, told.synced, told.waiting) == (100, 100, 0)


def test_where_nothing_may_be_written_little_is_tried(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.publish(many(50))
    tried = []
    refusal = ClusterError("create zones m: forbidden (403)", 403)

    def create(new: Object) -> Object:
        tried.append(new["metadata"]["name"])
        raise refusal

    clock = [1000.0]
    monkeypatch.setattr(passes.time, "monotonic", lambda: clock[0])
    with monkeypatch.context() as denied:
        denied.setattr(rig.cluster, "create", create)
        rig.run()
        rig.run()  # an event that has nothing to do with it
        assert len(tried) == MOST_FAILURES
        pause = rig.run()
        while pause is not None and set(tried) != {f"{m}.example" for m in many(50)}:
            clock[0] += pause
            pause = rig.run()
        assert clock[0] - 1000.0 == pytest.approx(16 * passes.REFUSED_SECONDS)
        del tried[:]
        end = clock[0] + 600.0
        while pause is not None and clock[0] < end:
            clock[0] += pause
            pause = rig.run()
    assert passes.MOST_RETRIES < len(tried) <= 20 * passes.MOST_RETRIES
    began = clock[0]
    while rig.zones() < 50:
        clock[0] += pause or 0.0
        pause = rig.run()
    assert clock[0] - began < 2 * passes.RETRY_SECONDS
    while pause is not None:
        clock[0] += pause
        pause = rig.run()
    assert rig.samples == {"one.test.": CatalogSample(50, 0, 0)}


def test_events_of_what_was_written_do_not_bring_the_next_turn_forward(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(passes.time, "monotonic", lambda: clock[0])
    rig.publish(many(25))
    for _ in range(3):
        assert rig.run() == pytest.approx(TURN_SECONDS)
    assert rig.zones() == MOST_WRITES
    clock[0] += TURN_SECONDS
    rig.run()
    assert rig.zones() == 2 * MOST_WRITES


def test_what_an_admission_policy_changes_is_told_and_not_written_for_ever(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(passes.time, "monotonic", lambda: clock[0])
    put = rig.cluster.put

    def mutating(wanted: Object) -> Object:
        changed = {**wanted, "spec": {**wanted["spec"], "placement": {}}}
        return put(changed if wanted["metadata"]["name"] == "m1.example" else wanted)

    with monkeypatch.context() as mutated:
        mutated.setattr(rig.cluster, "put", mutating)
        rig.publish(many(3))
        end = clock[0] + 300.0
        while clock[0] < end:
            clock[0] += rig.run() or 1.0
        told = rig.passes.standing(CATALOG)
        assert told is not None
        assert (told.members, told.synced, told.refused) == (3, 2, 1)
        ((origin, refusal),) = told.named
        assert (origin, refusal.reason) == ("m1.example.", "WriteFailed")
        assert "was changed by an admission policy" in refusal.message
        assert rig.cluster.writes["Zone"] < 3 + 300 / passes.RETRY_SECONDS + 2
    clock[0] += passes.RETRY_SECONDS
    rig.run()
    assert rig.samples == {"one.test.": CatalogSample(3, 0, 0)}


def test_an_api_server_that_is_away_ends_a_turn_and_nothing_is_lost(rig: Rig) -> None:
    rig.publish(many(3))
    rig.cluster.refused = ClusterError("no answer", 0)
    with pytest.raises(ClusterError):
        rig.run()
    rig.cluster.refused = None
    rig.run_all()
    assert rig.zones() == 3


def test_a_zone_that_came_meanwhile_is_not_touched(rig: Rig) -> None:
    rig.publish(many(1))
    mine = catalog("one")
    mine["metadata"] = {"name": "m0.example", "namespace": NAMESPACE}
    rig.cluster.put(mine)  # no event of it came yet
    rig.run()
    told = rig.passes.standing(CATALOG)
    assert told is not None
    assert [refusal.reason for _, refusal in told.named] == ["NameTaken"]
    found = rig.cluster.get("Zone", "m0.example", NAMESPACE)
    assert found is not None
    assert "labels" not in found["metadata"]


def test_a_zone_that_is_another_one_by_now_is_not_changed(rig: Rig) -> None:
    rig.publish(many(1))
    rig.run_all()
    found = rig.cluster.get("Zone", "m0.example", NAMESPACE)
    assert found is not None
    other = {**found, "metadata": {**found["metadata"], "uid": "another"}}
    rig.cluster.put(other)  # no event of it came yet
    changed = catalog("one", key="another")
    rig.observation.put(rig.cluster.put(changed))
    rig.run()
    after = rig.cluster.get("Zone", "m0.example", NAMESPACE)
    assert after is not None
    assert after["spec"] == found["spec"]


@pytest.mark.parametrize("given", ["no label", "another catalog", "no annotation", "made anew"])
def test_a_zone_that_somebody_took_meanwhile_is_not_deleted(rig: Rig, given: str) -> None:
    rig.publish(many(1))
    rig.run_all()
    found = rig.cluster.get("Zone", "m0.example", NAMESPACE)
    assert found is not None
    if given == "no label":
        found["metadata"]["labels"] = {}
    elif given == "another catalog":
        found["metadata"]["labels"]["dnsfleet.io/catalog"] = "two"
    elif given == "no annotation":
        found["metadata"]["annotations"] = {}
    else:
        found["metadata"] |= {"uid": "another"}
    rig.cluster.put(found)  # no event of it came yet
    rig.publish(())
    rig.run()
    assert rig.zones() == 1


def test_a_zone_that_came_after_the_last_look_at_it_is_not_deleted(rig: Rig) -> None:
    rig.publish(many(1))
    rig.run_all()
    found = rig.cluster.get("Zone", "m0.example", NAMESPACE)
    assert found is not None
    rig.cluster.delete(found)
    mine = catalog("one")
    mine["metadata"] = {"name": "m0.example", "namespace": NAMESPACE}
    rig.publish(())
    rig.observation.put(rig.cluster.put(mine))  # an event that the plans did not take yet
    rig.passes.run()
    assert rig.zones() == 1


def test_a_zone_that_is_written_while_it_is_to_be_deleted_is_read_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.publish(many(1))
    rig.run_all()
    get, mine = rig.cluster.get, {"x": "y"}

    def getting(kind: str, name: str, namespace: str = "") -> Object | None:
        found = get(kind, name, namespace)
        if found is not None and mine:
            changed = {**found, "metadata": {**found["metadata"], "labels": mine.copy()}}
            mine.clear()
            rig.observation.put(rig.cluster.put(changed))
        return found

    monkeypatch.setattr(rig.cluster, "get", getting)
    rig.publish(())
    rig.run_all()
    assert rig.zones() == 1


def test_a_change_that_somebody_else_made_first_is_read_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.publish(many(1))
    rig.run_all()
    rig.observation.put(rig.cluster.put(catalog("one", key="another")))
    replace, conflicts = rig.cluster.replace, [ConflictError("it is another version", 409)]

    def conflicting(changed: Object) -> Object:
        if conflicts:
            raise conflicts.pop()
        return replace(changed)

    monkeypatch.setattr(rig.cluster, "replace", conflicting)
    rig.run_all()
    found = rig.cluster.get("Zone", "m0.example", NAMESPACE)
    assert found is not None
    assert found["spec"]["source"]["transfer"]["tsigKey"] == {"name": "another"}


def test_nothing_is_done_without_a_published_catalog(rig: Rig) -> None:
    rig.published = content(many(2))
    assert rig.run() is None
    assert rig.zones() == 0
    rig.revision = 1
    rig.run_all()
    assert rig.zones() == 2
    rig.published, rig.revision = content(()), 0
    assert rig.run() is None
    assert rig.zones() == 2
