"""One line that names the file says why a gate cannot start."""

import json
from pathlib import Path
from typing import Any

import pytest
from dnsfleet_gate.main import main

SETTINGS: dict[str, Any] = {
    "listen": [["127.0.0.1", 0]],
    "http": ["127.0.0.1", 0],
    "replica_url": "redis://127.0.0.1:1",
    "public_key": "publisher.pub",
    "tsig_keys": "keys.json",
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"listen": []}, "listen: list should have at least 1 item"),
        (
            {"listen": [["every", 53]]},
            "listen[0][0]: 'every' does not appear to be an IPv4 or IPv6",
        ),
        ({"replica_url": "http://h"}, "replica_url: not a Redis URL, expected redis://"),
        ({"idle_seconds": 0}, "idle_seconds: input should be greater than 0"),
        ({"other": 1}, "other: extra inputs are not permitted"),
        ({}, "cannot read it: No such file or directory, give the file that the publisher wrote"),
    ],
)
def test_a_config_that_cannot_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], expected: str
) -> None:
    config = tmp_path / "gate.json"
    config.write_text(json.dumps(SETTINGS | {"public_key": str(tmp_path / "none")} | changes))
    with pytest.raises(SystemExit) as caught:
        main([str(config)])
    told = capsys.readouterr().err
    assert caught.value.code == 2
    assert told.startswith("dnsfleet-gate: ") and expected in told
    assert str(tmp_path) in told and told.count("\n") == 1
