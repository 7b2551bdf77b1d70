"""What becomes of TsigKeys whose Secrets, definitions or names are not as they should be."""

import base64
from typing import Any

import pytest
from dnsfleet.resources import Reference, Secret
from dnsfleet_operator.gates import judging, tables
from dnsfleet_operator.gates.judging import Judged
from dnsfleet_operator.gates.tables import Owner, Row
from dnsfleet_operator.gates.update_zones import FindOwner
from dnsfleet_operator.objects import Object
from support.installations import CONFIGURATION

OLD, NEW = b"o" * 32, b"n" * 32
SPEC = {"secretRef": {"name": "s"}, "zones": ["example.com"], "for": ["transfer"]}


def tsig_key(name: str = "k", uid: str = "1", **spec: Any) -> Object:
    metadata = {"name": name, "namespace": "dns", "uid": uid, "generation": 1}
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "TsigKey",
        "metadata": metadata | {"creationTimestamp": f"2026-01-01T00:00:0{uid}Z"},
        "spec": SPEC | spec,
    }


def secrets(octets: bytes = b"", name: str = "s") -> dict[Reference, Secret]:
    text = base64.b64encode(octets).decode()
    raw = {"metadata": {"name": name, "namespace": "dns"}, "stringData": {"secret": text}}
    return {Reference("Secret", "dns", name): Secret.model_validate(raw)}


def judge(
    objects: list[Object],
    found: dict[Reference, Secret],
    before: list[Row] | None = None,
    stays: bool = False,
    find_owner: FindOwner | None = None,
) -> Judged:
    return judging.judge(judging.read(objects), found, before or [], lambda _: stays, find_owner)


BEFORE = judge([tsig_key()], secrets(OLD)).rows


def told(judged: Judged, name: str = "k") -> tuple[bool | None, str]:
    condition = judged.conditions[Reference("TsigKey", "dns", name)]
    return condition.status, condition.reason


def had(judged: Judged) -> dict[str, bytes]:
    return {row.key.name: row.key.secret for row in judged.rows}


def test_a_key_is_given_with_its_secret() -> None:
    judged = judge([tsig_key()], secrets(OLD))
    assert had(judged) == {"k.": OLD}
    assert told(judged) == (True, "Given")
    assert judged.rows[0].owner == Owner("k", "1", "2026-01-01T00:00:01Z")


@pytest.mark.parametrize(("found", "reason"), [({}, "NoSecret"), (secrets(b"short"), "BadSecret")])
def test_a_key_keeps_its_secret_until_there_is_another_one(
    found: dict[Reference, Secret], reason: str
) -> None:
    assert had(judge([tsig_key()], found)) == {}
    judged = judge([tsig_key(zones=["other."])], found, BEFORE)
    assert had(judged) == {"k.": OLD}
    assert judged.rows[0].key.zones == {"other."}, "what its spec says counts all the same"
    assert told(judged) == (False, reason)
    (condition,) = judged.conditions.values()
    assert "as before" in condition.message
    after = judge([tsig_key()], secrets(NEW), judged.rows)
    assert had(after) == {"k.": NEW}
    assert told(after) == (True, "Given")


def test_a_key_that_is_made_anew_gets_no_secret_of_the_one_before() -> None:
    judged = judge([tsig_key(uid="2")], {}, BEFORE, stays=True)
    assert had(judged) == {}
    assert told(judged) == (False, "NoSecret")


def test_a_key_ends_with_its_object() -> None:
    assert had(judge([], secrets(OLD), BEFORE)) == {}


def test_a_key_stays_when_nobody_meant_to_delete_its_object() -> None:
    assert had(judge([], {}, BEFORE, stays=True)) == {"k.": OLD}
    taken = tsig_key("other", "2", keyName="k")
    judged = judge([taken], secrets(NEW), BEFORE, stays=True)
    assert had(judged) == {"k.": NEW}, "a name has one key"


def test_of_two_keys_with_one_name_the_older_one_has_it() -> None:
    younger = tsig_key("b", "2", keyName="k")
    judged = judge([younger, tsig_key()], secrets(OLD))
    assert [row.owner.name for row in judged.rows] == ["k"]
    assert told(judged) == (True, "Given")
    assert told(judged, "b") == (False, "NameTaken")
    before = [Row(row.key, Owner("b", "2", "")) for row in BEFORE]
    assert len(judge([younger, tsig_key()], secrets(OLD), before).rows) == 1


def test_a_key_that_is_not_understood_stays_as_it_is() -> None:
    broken = tsig_key(algorithm="hmac-md5")
    assert had(judge([broken], secrets(NEW))) == {}
    judged = judge([broken], secrets(NEW), BEFORE)
    assert judged.rows == BEFORE
    status, _ = told(judged)
    assert status is False
    (condition,) = judged.conditions.values()
    assert condition.message.startswith("spec.algorithm: ") and "as before" in condition.message


def test_keys_beyond_what_a_secret_holds_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "MAX_OCTETS", 2 * tables.octets(BEFORE) + 20)
    objects = [tsig_key(f"k{number}", str(number)) for number in (3, 1, 2)]
    judged = judge(objects, secrets(OLD))
    assert [row.owner.name for row in judged.rows] == ["k1", "k2"]
    assert told(judged, "k3") == (False, "TooManyKeys")
    assert tables.octets(judged.rows) <= judging.MAX_OCTETS


def test_the_secret_for_gates_says_all_of_it_and_is_written_when_it_changes() -> None:
    made = tables.renewed(None, CONFIGURATION, BEFORE)
    assert made is not None
    assert tables.read(made) == BEFORE
    assert tables.renewed(made, CONFIGURATION, BEFORE) is None
    metadata = made["metadata"] | {"resourceVersion": "7"}
    changed = tables.renewed({**made, "metadata": metadata}, CONFIGURATION, [])
    assert changed is not None and changed["metadata"]["resourceVersion"] == "7"
    assert tables.read(changed) == []


@pytest.mark.parametrize("data", [{}, {"tsig-keys.json": "AA=="}, {"owners.json": "!"}])
def test_a_damaged_secret_for_gates_is_made_anew(data: dict[str, str]) -> None:
    made = tables.renewed(None, CONFIGURATION, BEFORE)
    assert made is not None
    damaged = {**made, "data": made["data"] | data} if data else {**made, "data": None}
    assert tables.read(damaged) == []
    assert tables.renewed(damaged, CONFIGURATION, BEFORE) == made


def test_a_key_for_primaries_is_none_of_gates_and_needs_its_secret() -> None:
    key = tsig_key(**{"for": ["primary"]})
    judged = judge([key], secrets(OLD))
    assert had(judged) == {}
    assert told(judged) == (True, "Used")
    assert {name: each.key.secret for name, each in judged.primary_keys.items()} == {"k": OLD}

    lost = judge([key], {}, judged.rows)
    assert had(lost) == {} and lost.primary_keys == {}
    assert told(lost) == (False, "NoSecret")


def test_a_key_may_be_for_gates_and_for_primaries() -> None:
    judged = judge([tsig_key(**{"for": ["transfer", "primary"]})], secrets(OLD))
    assert had(judged) == {"k.": OLD}
    assert list(judged.primary_keys) == ["k"]
    assert told(judged) == (True, "Given")


UPDATE = {"for": ["update"], "zones": ["example.com", "Example.ORG."]}
ZONES = {
    "example.com.": Reference("Zone", "team", "com"),
    "example.org.": Reference("Zone", "team", "org"),
    "example.net.": Reference("Zone", "team", "net"),
}


def zones(judged: Judged) -> dict[str, Reference]:
    (row,) = judged.rows
    assert row.key.updates is not None
    return dict(row.key.updates.zones)


def test_updates_go_to_the_zones_that_own_the_origins_of_a_key() -> None:
    asked: list[str] = []

    def find_owner(origin: str) -> Reference | None:
        asked.append(origin)
        return ZONES.get(origin)

    both = judge([tsig_key(**UPDATE)], secrets(OLD), find_owner=find_owner)
    assert zones(both) == {each: ZONES[each] for each in ("example.com.", "example.org.")}
    assert both.conditions[Reference("TsigKey", "dns", "k")] == judging.GIVEN
    assert sorted(asked) == ["example.com.", "example.org."], "and no other Zone of the fleet"
    judge([tsig_key()], secrets(OLD), find_owner=find_owner)
    assert len(asked) == 2, "keys for transfers need no Zone"

    moved = Reference("Zone", "other", "com")
    one = judge(
        [tsig_key(**UPDATE)], secrets(OLD), both.rows, find_owner={"example.com.": moved}.get
    )
    assert zones(one) == {"example.com.": moved}
    (condition,) = one.conditions.values()
    assert (condition.status, condition.reason) == (True, "Given")
    assert "no Zone has example.org., so updates of it fail" in condition.message


def test_a_new_leader_takes_no_zone_from_a_key_before_it_knows_all() -> None:
    before = judge([tsig_key(**UPDATE)], secrets(OLD), find_owner=ZONES.get)
    after = judge([tsig_key(**UPDATE)], secrets(OLD), before.rows)
    assert after.rows == before.rows
    assert after.conditions == before.conditions
    fewer = judge([tsig_key(**UPDATE | {"zones": ["example.com"]})], secrets(OLD), before.rows)
    assert zones(fewer) == {"example.com.": ZONES["example.com."]}, "a key says less at once"


def test_many_origins_without_a_zone_are_counted() -> None:
    names = [f"z{number}.example." for number in range(9)]
    judged = judge([tsig_key(**UPDATE | {"zones": names})], secrets(OLD), find_owner=ZONES.get)
    (condition,) = judged.conditions.values()
    assert "z0.example., z1.example., z2.example. and 6 more, so updates of them fail" in (
        condition.message
    )


def test_a_key_that_has_its_old_secret_has_the_zones_of_now() -> None:
    before = judge([tsig_key(**UPDATE)], secrets(OLD), find_owner=ZONES.get)
    for broken in (tsig_key(**UPDATE), tsig_key(**UPDATE | {"algorithm": "hmac-md5"})):
        judged = judge([broken], {}, before.rows, find_owner={}.get)
        assert zones(judged) == {} and told(judged)[0] is False
