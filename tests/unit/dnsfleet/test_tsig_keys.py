"""TSIG keys, from objects to the table of a gate."""

import base64
from ipaddress import ip_network
from typing import Any

import pytest
from dnsfleet import resources, tsig_keys
from dnsfleet.resources import Reference, Secret, TsigKey
from dnsfleet.tsig_keys import Target, Updates, UsableKey

OCTETS = bytes(range(32))
TEXT = base64.b64encode(OCTETS).decode()


def key(name: str = "k1", created: str = "", **spec: Any) -> TsigKey:
    raw = {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "TsigKey",
        "metadata": {"name": name, "creationTimestamp": created},
        "spec": {"secretRef": {"name": "s"}, "zones": ["example.com"], "for": ["transfer"]} | spec,
    }
    found, violations = resources.parse(raw, "f")
    assert isinstance(found, TsigKey), violations
    return found


def secret(**values: Any) -> Secret:
    raw = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "type": "Opaque"}
    found, violations = resources.parse(raw | values, "f")
    assert isinstance(found, Secret), violations
    return found


def resolve(*keys: TsigKey, **values: Any) -> tuple[list[UsableKey], list[str]]:
    values = values or {"stringData": {"secret": TEXT}}
    made = secret(**values)
    found, violations = tsig_keys.resolve(keys, {made.reference: made})
    return list(found.values()), list(map(str, violations))


@pytest.mark.parametrize(
    "values",
    [
        {"stringData": {"secret": TEXT}},
        {"stringData": {"secret": f"{TEXT[:20]}\n{TEXT[20:]}\n"}},
        {"data": {"secret": base64.b64encode(TEXT.encode()).decode()}},
        {"data": {"secret": "AA=="}, "stringData": {"secret": TEXT}},
    ],
)
def test_the_secret_is_base64_of_the_octets_in_every_form_of_a_secret(values: Any) -> None:
    found, wrong = resolve(key(), **values)
    assert not wrong
    expected = UsableKey("k1.", "hmac-sha256", OCTETS, frozenset({"example.com."}), ())
    assert found == [expected]


def test_what_a_key_says_is_in_the_table() -> None:
    spec = {
        "keyName": "Transfer_Key.Example.",
        "algorithm": "hmac-sha512",
        "zones": ["*"],
        "secondaries": [{"address": "2001:DB8::53"}, {"address": "192.0.2.1", "port": 5300}],
        "addresses": ["192.0.2.0/24", "2001:DB8::/32"],
    }
    found, wrong = resolve(key(**spec))
    targets = (Target("2001:db8::53", 53), Target("192.0.2.1", 5300))
    assert not wrong
    name, prefixes = "transfer_key.example.", ("192.0.2.0/24", "2001:db8::/32")
    networks = tuple(map(ip_network, prefixes))
    assert found == [UsableKey(name, "hmac-sha512", OCTETS, None, targets, networks)]
    assert found[0].allows("any.")
    assert tsig_keys.decode(tsig_keys.encode(found)) == found
    assert TEXT not in repr(found)


WHERE = "TsigKey default/k1: spec.secretRef"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"stringData": {"other": TEXT}}, "Secret default/s has no key secret"),
        (
            {"stringData": {"secret": "wrong!"}},
            "key secret of Secret default/s is not Base64; put what tsig-keygen prints as the "
            "secret there, under stringData",
        ),
        (
            {"stringData": {"secret": "AAAA"}},
            "key secret of Secret default/s has 3 octets, at least 16 and at most 512 are allowed",
        ),
    ],
)
def test_a_secret_that_cannot_be_used_is_told_without_its_value(values: Any, message: str) -> None:
    assert resolve(key(), **values) == ([], [f"{WHERE}: {message} [BadSecret]"])


def test_a_missing_secret_is_told() -> None:
    found, (violation,) = tsig_keys.resolve([key()], {})
    assert (found, violation.reason) == ({}, tsig_keys.MISSING)
    assert str(violation) == f"{WHERE}: there is no Secret default/s [NoSecret]"


def test_a_name_on_the_wire_is_of_the_older_key() -> None:
    younger = key("a", "2026-02-01T00:00:00Z", keyName="K1.")
    found, wrong = resolve(younger, key("k1", "2026-01-01T00:00:00Z"))
    assert [each.name for each in found] == ["k1."]
    assert wrong == [
        "TsigKey default/a: spec.keyName: TsigKey default/k1 has the name k1. already; give this "
        "key another keyName [NameTaken]"
    ]


@pytest.mark.parametrize("table", [b"", b"[]", b"{}", b'{"keys": [{}]}', b'{"keys": 1}', b"\xff"])
def test_what_is_no_table_is_refused(table: bytes) -> None:
    with pytest.raises(ValueError, match="this is no table of TSIG keys"):
        tsig_keys.decode(table)


ONE_STAR = (
    "spec.names[0]: a pattern has one *, as its first or as its last label: write one such as "
    "*.dev, _acme-challenge.* or * [BadValue]"
)


def faults(raw: dict[str, Any]) -> list[str]:
    return [str(each).removeprefix("f: ") for each in resources.parse(raw, "f")[1]]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"algorithm": "hmac-md5"},
            'spec.algorithm: found the text "hmac-md5", allowed: hmac-sha256, hmac-sha384, '
            'hmac-sha512; did you mean "hmac-sha512"? [BadValue]',
        ),
        (
            {"for": ["updates"]},
            'spec.for[0]: found the text "updates", allowed: transfer, primary, update; did you '
            'mean "update"? [BadValue]',
        ),
        (
            {"for": ["update"], "zones": ["example.com", "*"]},
            "spec.zones[1]: a key for updates names its zones; write their origins [BadValue]",
        ),
        (
            {"names": ["www"]},
            "spec.names: this is about updates; add update to for, or remove it [BadValue]",
        ),
        (
            {"wait": "Programmed"},
            "spec.wait: this is about updates; add update to for, or remove it [BadValue]",
        ),
        (
            {"for": ["update"], "types": ["A", "TYPE6"]},
            "spec.types[1]: no update changes a SOA, which comes from the Zone; remove it here "
            "[BadValue]",
        ),
        (
            {"for": ["update"], "types": ["NONSENSE"]},
            "spec.types[0]: type NONSENSE is unknown; write it as TYPEnnn (RFC 3597) [BadValue]",
        ),
        ({"for": ["update"], "names": ["*.*"]}, ONE_STAR),
        ({"for": ["update"], "names": ["a.*.b"]}, ONE_STAR),
        ({"for": ["update"], "names": ["_acme-challenge.*.dev"]}, ONE_STAR),
        (
            {"for": ["update"], "names": ["@.*"]},
            "spec.names[0]: @ is the origin, which begins no name; write * for every name "
            "[BadValue]",
        ),
        (
            {"for": ["update"], "names": ["*."]},
            "spec.names[0]: the name is empty; write a name, or @ for the origin [BadValue]",
        ),
        ({"zones": []}, "spec.zones: found it empty, at least one entry is wanted [BadValue]"),
        (
            {"secondaries": [{"address": "ns1.example."}]},
            'spec.secondaries[0].address: "ns1.example." is not an IP address, write one such as '
            "192.0.2.53 or 2001:db8::53 [BadValue]",
        ),
        (
            {"secondaries": [{"address": "2001:db8::1"}, {"address": "2001:DB8:0::1"}]},
            "spec.secondaries[1]: this one is in the list already; remove it [BadValue]",
        ),
    ],
)
def test_a_wrong_field_is_told(spec: Any, message: str) -> None:
    raw = key().model_dump(by_alias=True, exclude_unset=True, mode="json")
    raw["spec"] |= spec
    assert faults(raw) == [message]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"data": {"a": "hush!"}}, "data.a: this is not Base64; write the value as it is under "),
        ({"stringData": {"a": 4711}}, "stringData.a: text is wanted; put it in quotes [BadValue]"),
        ({"data": "hush"}, "data: a mapping is wanted [BadValue]"),
    ],
)
def test_no_message_shows_a_value_of_a_secret(values: Any, message: str) -> None:
    raw = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}} | values
    (told,) = faults(raw)
    assert told.startswith(message)
    assert "hush" not in told and "4711" not in told
    assert TEXT not in repr(secret(stringData={"secret": TEXT}))


def primary_key(**spec: Any) -> tsig_keys.PrimaryKey:
    made = key(**{"for": ["primary"], **spec})
    held = secret(stringData={"secret": TEXT})
    usable, violations = tsig_keys.resolve([made], {held.reference: held})
    assert not violations
    return tsig_keys.for_primaries([made], usable)["k1"]


PRIVATE, PUBLIC = Target("10.0.0.53", 53), Target("9.9.9.9", 53)


@pytest.mark.parametrize(
    ("spec", "primary", "told"),
    [
        ({}, PUBLIC, ""),
        ({}, PRIVATE, "it has no public address; name it in spec.primaries of the TsigKey of k1."),
        ({}, Target("127.0.0.1", 53), "it has no public address"),
        ({}, Target("::1", 53), "it has no public address"),
        ({}, Target("::ffff:10.0.0.1", 53), "it has no public address"),
        ({}, Target("169.254.169.254", 80), "it has no public address"),
        ({"primaries": [{"address": "10.0.0.53"}]}, PRIVATE, ""),
        ({"primaries": [{"address": "10.0.0.53"}]}, Target("10.0.0.53", 54), "is not for it"),
        ({"primaries": [{"address": "10.0.0.53"}]}, PUBLIC, "is not for it"),
        ({"zones": ["example.org"]}, PUBLIC, "is not for example.com.; add that to spec.zones"),
        ({"zones": ["*"]}, PUBLIC, ""),
    ],
)
def test_who_may_be_asked_with_a_key(spec: Any, primary: Target, told: str) -> None:
    refusal = primary_key(**spec).refusal("example.com.", primary)
    assert told in refusal and bool(told) == bool(refusal)


def test_a_gate_gets_no_key_that_is_for_primaries_only() -> None:
    keys = [
        key("a", **{"for": ["primary"]}),
        key("b", **{"for": ["transfer", "primary"]}),
        key("c"),
    ]
    held = secret(stringData={"secret": TEXT})
    usable, _ = tsig_keys.resolve(keys, {held.reference: held})
    assert [each.name for each in tsig_keys.for_gate(keys, usable)] == ["b.", "c."]
    assert sorted(tsig_keys.for_primaries(keys, usable)) == ["a", "b"]


ZONES = {
    "example.com.": Reference("Zone", "team", "example-com"),
    "dev.example.com.": Reference("Zone", "dev", "dev"),
}


def update_key(**spec: Any) -> UsableKey:
    whole = {"for": ["update"], "zones": ["Example.COM", "dev.example.com.", "gone.example"]}
    (found,), wrong = resolve(key(**(whole | spec)))
    assert not wrong
    others = {"other.example.": Reference("Zone", "team", "other")}
    return found.with_owners((ZONES | others).get)


def test_an_update_key_knows_the_zones_that_its_origins_are_of() -> None:
    found = update_key(names=["_acme-challenge.*"], types=["TYPE16", "TXT"], wait="Propagated")
    updates = Updates(("_acme-challenge.*",), frozenset({"TXT"}), "Propagated", ZONES)
    assert found.updates == updates
    assert update_key().updates == Updates(("*",), None, "Programmed", ZONES)
    assert tsig_keys.decode(tsig_keys.encode([found])) == [found]


def test_a_key_for_updates_transfers_nothing_unless_it_says_so() -> None:
    assert not update_key().allows("example.com.")
    assert update_key(**{"for": ["update", "transfer"]}).allows("example.com.")
    transfers = key(**{"for": ["transfer"]})
    assert resolve(transfers)[0][0].updates is None
    primary = primary_key(**{"for": ["primary", "update"]})
    assert primary.refusal("example.com.", PUBLIC) == "" and not primary.key.allows("example.com.")


COM, DEV = "example.com.", "dev.example.com."


@pytest.mark.parametrize(
    ("pattern", "origin", "owner", "allowed"),
    [
        ("*", COM, COM, True),
        ("*", COM, "a.b.example.com.", True),
        ("*", COM, "example.org.", False),
        ("*", COM, "notexample.com.", False),
        ("*", "gone.example.", "www.gone.example.", False),
        ("*", "other.example.", "www.other.example.", False),
        ("@", COM, COM, True),
        ("@", COM, "www.example.com.", False),
        ("www", COM, "www.example.com.", True),
        ("WWW", DEV, "www.dev.example.com.", True),
        ("www", COM, "a.www.example.com.", False),
        ("www.example.com.", COM, "www.example.com.", True),
        ("www.example.com.", DEV, "www.dev.example.com.", False),
        ("*.dev", COM, "a.dev.example.com.", True),
        ("*.dev", COM, "*.dev.example.com.", True),
        ("*.dev", COM, "a.b.dev.example.com.", True),
        ("*.dev", COM, "dev.example.com.", False),
        ("*.dev", COM, "a.xdev.example.com.", False),
        ("*.dev", DEV, "a.dev.example.com.", False),
        ("*.@", COM, "a.example.com.", True),
        ("*.@", COM, COM, False),
        ("*.dev.example.com.", DEV, "a.dev.example.com.", True),
        ("_acme-challenge.*", COM, "_acme-challenge.example.com.", True),
        ("_acme-challenge.*", COM, "_acme-challenge.a.b.example.com.", True),
        ("_acme-challenge.*", COM, "x_acme-challenge.example.com.", False),
        ("_acme-challenge.*", COM, "a._acme-challenge.example.com.", False),
        ("_443._tcp.*", COM, "_443._tcp.www.example.com.", True),
        ("dev.*", DEV, DEV, True),
        (r"a.*", COM, r"a\.b.example.com.", False),
        ("x." * 124 + "x", COM, "www.example.com.", False),
    ],
)
def test_the_names_that_a_key_may_change(
    pattern: str, origin: str, owner: str, allowed: bool
) -> None:
    updates = update_key(names=[pattern]).updates
    assert updates is not None
    assert updates.allows(origin, owner, "TXT") == allowed


@pytest.mark.parametrize(
    ("types", "owner", "rtype", "allowed"),
    [
        (None, "a.example.com.", "A", True),
        (None, "a.example.com.", "TYPE65280", True),
        (None, "a.example.com.", "NS", False),
        (None, "a.example.com.", "DNAME", False),
        (None, "a.example.com.", "DS", False),
        (None, COM, "SOA", False),
        (["NS", "A"], "a.example.com.", "NS", True),
        (["NS", "A"], COM, "NS", False),
        (["NS", "A"], "a.example.com.", "AAAA", False),
        (["TYPE1"], "a.example.com.", "A", True),
    ],
)
def test_the_types_that_a_key_may_change(
    types: list[str] | None, owner: str, rtype: str, allowed: bool
) -> None:
    updates = update_key(types=types).updates if types else update_key().updates
    assert updates is not None
    assert updates.allows(COM, owner, rtype) == allowed
