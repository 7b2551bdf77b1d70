"""The table of keys as a gate reads it again and again."""

import logging
from pathlib import Path

import dns.name
import pytest
from dnsfleet import tsig_keys
from dnsfleet.tsig_keys import UsableKey
from dnsfleet_gate.key_file import KeyFile

KEY = UsableKey("k.example.", "hmac-sha256", b"k" * 32, None, ())
NAME = dns.name.from_text("K.example.")


def test_keys_are_read_and_stay_while_the_file_cannot_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "keys.json"
    keys = KeyFile(path)
    with caplog.at_level(logging.INFO):
        keys.look()
        assert keys.usable == []
        path.write_bytes(tsig_keys.encode([KEY]))
        keys.look()
        assert keys.usable == [KEY] and keys.by_name[NAME] == KEY
        for damaged in (b"", b'{"keys": [{"secret": "hush"}]}'):
            path.write_bytes(damaged)
            keys.look()
            keys.look()
        path.unlink()
        keys.look()
        assert keys.usable == [KEY]
        path.write_bytes(tsig_keys.encode([]))
        keys.look()
    assert keys.usable == [] and not keys.by_name
    events = [each.getMessage().partition(" ")[0] for each in caplog.records]
    assert events == [
        "event=tsig_keys_unusable",
        "event=tsig_keys",
        "event=tsig_keys_unusable",
        "event=tsig_keys_unusable",
        "event=tsig_keys",
    ]
    assert "hush" not in caplog.text and "kkkk" not in caplog.text
