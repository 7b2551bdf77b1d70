"""What becomes of TsigKeys whose Secrets, definitions or names are not as they should be."""

import base64
from typing import Any

import pytest
from dnsfleet.resources import Reference, Secret
from dnsfleet_operator.gates import judging, tables
from dnsfleet_operator.gates.judging import Judged
from dnsfleet_operator.gates.tables import Owner, Row
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
) -> Judged:
    return judging.judge(judging.read(objects), found, before or [], lambda _: stays)


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
