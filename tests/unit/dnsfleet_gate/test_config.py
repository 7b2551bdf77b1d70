"""What a gate takes from its file, and what from its environment."""

import json
from pathlib import Path

import pytest
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
