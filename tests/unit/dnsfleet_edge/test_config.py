"""A config is accepted as a whole, or refused with a text that says where and what to do."""

import json
from pathlib import Path
from typing import Any

import pytest
from dnsfleet.resources.pops import DEFAULT_RESPONSES
from dnsfleet_edge import config
from dnsfleet_following.config_files import ConfigError

GOOD: dict[str, Any] = {
    "pop": "fra",
    "edge": "fra-1",
    "listen": [["127.0.0.1", 5301], ["::1", 5301]],
    "http": ["127.0.0.1", 9301],
    "replica_url": "redis://edge:secret@127.0.0.1:6401",
    "public_key": "public.pem",
    "state_dir": "state",
}


def _write(folder: Path, values: object) -> Path:
    path = folder / "edge.json"
    path.write_text(json.dumps(values))
    return path


def test_a_minimal_config_has_defaults(tmp_path: Path) -> None:
    read = config.read(_write(tmp_path, GOOD), {})
    assert read.listen == [("127.0.0.1", 5301), ("::1", 5301)]
    assert read.http == ("127.0.0.1", 9301)
    assert (read.shards, read.core_url) == (1, None)
    assert (read.drain_seconds, read.unready_seconds) == (0.0, 5.0)
    assert (read.responses_per_second, read.exempt) == (DEFAULT_RESPONSES, [])
    assert (read.proxy_protocol_from, read.identity, read.cookie_secrets) == ([], None, None)
    assert read.zone_series == "Limited"


def test_a_star_is_an_address(tmp_path: Path) -> None:
    read = config.read(_write(tmp_path, GOOD | {"listen": [["*", 53]], "http": ["*", 80]}), {})
    assert (read.listen, read.http) == ([("*", 53)], ("*", 80))


def test_addresses_of_the_node_come_from_the_environment(tmp_path: Path) -> None:
    values = GOOD | {"listen": [["node", 53]], "http": ["node", 80]}
    read = config.read(_write(tmp_path, values), {"DNSFLEET_HOST_IPS": "192.0.2.1,2001:DB8::1"})
    assert read.is_on_node
    assert read.host_ips == ["192.0.2.1", "2001:db8::1"]
    assert not config.read(_write(tmp_path, GOOD), {}).is_on_node


BAD = [
    ({"listen": [["node", 53]]}, "document: 'node' needs host_ips: set DNSFLEET_HOST_IPS"),
    ({"host_prefixes": ["192.0.2.1/24"]}, "host_prefixes[0]"),
    ({"pop": "Frankfurt!"}, "pop: string should match pattern"),
    ({"pop": ""}, "pop: string should match pattern"),
    ({"listen": []}, "listen: list should have at least 1 item"),
    (
        {"listen": [["localhost", 53]]},
        "listen[0][0]: 'localhost' is not an IP address, write one such as 127.0.0.1, "
        "or * for every one",
    ),
    ({"listen": [["::1", 53], ["::1", 65536]]}, "listen[1][1]: input should be less than or equal"),
    ({"listen": [["::1", -1]]}, "listen[0][1]: input should be greater than or equal to 0"),
    ({"listen": [["::1"]]}, "listen[0][1]: field required"),
    ({"http": 9301}, "http: input should be a valid tuple"),
    (
        {"replica_url": "http://127.0.0.1"},
        "replica_url: not a Redis URL, expected redis://[user:password@]host:port, "
        "rediss://… or unix:///path",
    ),
    ({"replica_url": "redis://:6401"}, "replica_url: not a Redis URL"),
    ({"core_url": "redis://h:port"}, "core_url: port could not be cast to integer"),
    ({"shards": 0}, "shards: input should be greater than or equal to 1"),
    ({"shards": 65}, "shards: input should be less than or equal to 64"),
    ({"drain_seconds": -1}, "drain_seconds: input should be greater than or equal to 0"),
    ({"unready_seconds": 301}, "unready_seconds: input should be less than or equal to 300"),
    ({"drain_seconds": "soon"}, "drain_seconds: input should be a valid number"),
    ({"listne": []}, "listne: extra inputs are not permitted"),
    ({"responses_per_second": -1}, "responses_per_second: input should be greater than or equal"),
    (
        {"exempt": ["192.0.2.0/24", "192.0.2.1/24"]},
        'exempt[1]: "192.0.2.1/24" is not an address prefix, write one such as 192.0.2.0/24 or '
        "2001:db8::/32, with zeros behind the prefix",
    ),
    ({"exempt": ["192.0.2.1"]}, 'exempt[0]: "192.0.2.1" is not an address prefix'),
    ({"identity": "fra"}, "identity: input should be 'Pop' or 'Edge'"),
    ({"zone_series": "Never"}, "zone_series: input should be 'Limited' or 'Always'"),
    (
        {"identity": "Pop", "pop": "x" * 129},
        f"document: identity '{'x' * 129}' has more than 128 characters, use shorter names",
    ),
    ({"public_key": None}, "public_key: input is not a valid path"),
]


@pytest.mark.parametrize(("change", "expected"), BAD, ids=[text for _, text in BAD])
def test_a_bad_field_is_named(tmp_path: Path, change: dict[str, Any], expected: str) -> None:
    path = _write(tmp_path, GOOD | change)
    with pytest.raises(ConfigError) as caught:
        config.read(path, {})
    assert str(caught.value).startswith(f"{path}: {expected}")


@pytest.mark.parametrize("field", sorted(GOOD))
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    path = _write(tmp_path, {key: value for key, value in GOOD.items() if key != field})
    with pytest.raises(ConfigError) as caught:
        config.read(path, {})
    assert str(caught.value) == f"{path}: {field}: field required"


def test_every_bad_field_has_a_line(tmp_path: Path) -> None:
    path = _write(tmp_path, GOOD | {"shards": 0, "pop": "?"})
    with pytest.raises(ConfigError) as caught:
        config.read(path, {})
    assert len(str(caught.value).splitlines()) == 2


def test_a_password_is_never_quoted(tmp_path: Path) -> None:
    path = _write(tmp_path, GOOD | {"replica_url": "redsi://edge:secret@127.0.0.1:6401"})
    with pytest.raises(ConfigError) as caught:
        config.read(path, {})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"{", "not a JSON document: Expecting property name"),
        (b"\xff", "not a JSON document: 'utf-8' codec can't decode byte 0xff"),
        (b"[]", "document: input should be a valid dictionary"),
    ],
)
def test_not_a_config_at_all(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "edge.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        config.read(path, {})
    assert str(caught.value).startswith(f"{path}: {expected}")


def test_an_identity_is_the_name_of_the_pop_or_of_the_edge(tmp_path: Path) -> None:
    for identity, expected in [("Pop", "fra"), ("Edge", "fra-1.fra"), (None, None)]:
        read = config.read(_write(tmp_path, GOOD | {"identity": identity}), {})
        assert read.identity_text == expected


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        config.read(tmp_path / "none.json", {})
    assert (
        str(caught.value)
        == f"{tmp_path}/none.json: cannot read the config: No such file or directory"
    )


def test_the_environment_adds_the_name_and_the_passwords(tmp_path: Path) -> None:
    shared = GOOD | {
        "replica_url": "redis://edge@pop-fra-replica:6379/0",
        "core_url": "redis://ack:kept@core:6379/0",
    }
    del shared["edge"]
    environ = {
        "DNSFLEET_EDGE": "pop-fra-edge-7c",
        "DNSFLEET_REPLICA_PASSWORD": "p/w@",
        "DNSFLEET_CORE_PASSWORD": "other",
    }
    read = config.read(_write(tmp_path, shared), environ)
    assert read.edge == "pop-fra-edge-7c"
    assert read.replica_url == "redis://edge:p%2Fw%40@pop-fra-replica:6379/0"
    assert read.core_url == "redis://ack:kept@core:6379/0"
