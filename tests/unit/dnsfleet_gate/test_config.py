"""What a gate takes from its file, and what from its environment."""

import json
from pathlib import Path

import pytest
from dnsfleet_following.config_files import ConfigError
from dnsfleet_gate import config

SETTINGS = {
    "listen": [["*", 53], ["2001:DB8::1", 53]],
    "http": ["*", 8080],
    "replica_url": "redis://edge@127.0.0.1:6379/0",
    "public_key": "publisher.pub",
    "tsig_keys": "keys.json",
}


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "redis://edge@127.0.0.1:6379/0"),
        ({"DNSFLEET_REPLICA_PASSWORD": "a/b@c"}, "redis://edge:a%2Fb%40c@127.0.0.1:6379/0"),
    ],
)
def test_the_password_may_be_in_the_environment(
    tmp_path: Path, environ: dict[str, str], url: str
) -> None:
    path = tmp_path / "gate.json"
    path.write_text(json.dumps(SETTINGS))
    found = config.read(path, environ)
    assert found.replica_url == url
    assert found.listen == [("*", 53), ("2001:db8::1", 53)]


def test_which_pod_takes_updates_is_in_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "gate.json"
    updates = {"namespace": "dns", "name": "dnsfleet-gate-updates"}
    path.write_text(json.dumps(SETTINGS | {"updates": updates}))
    environ = {"POD_NAME": "gate-1", "POD_IP": "2001:DB8::7", "NODE_NAME": "node-1"}
    found = config.read(path, environ).updates
    assert found == config.UpdateSettings(
        namespace="dns",
        name="dnsfleet-gate-updates",
        pod_name="gate-1",
        pod_ip="2001:db8::7",
        node_name="node-1",
    )
    with pytest.raises(ConfigError, match=r"updates\.pod_ip"):
        config.read(path, environ | {"POD_IP": "none"})
    path.write_text(json.dumps(SETTINGS))
    assert config.read(path, environ).updates is None
