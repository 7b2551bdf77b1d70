"""What the status page says of a core that it cannot read."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import public_keys
from dnsfleet_io.tcp_connections import Address
from dnsfleet_status.core_watch import PUBLIC_KEYS, USER, CoreWatch
from dnsfleet_status.metrics import StatusMetrics
from dnsfleet_status.watched_objects import WatchedObjects


def watch(folder: Path) -> CoreWatch:
    pops = WatchedObjects(None, "pops")  # type: ignore[arg-type]
    return CoreWatch(Address("127.0.0.1", 1), folder, pops, StatusMetrics())


def test_an_entry_that_the_secret_has_not_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"has no entry {PUBLIC_KEYS}; docs/status-page.md says"):
        watch(tmp_path)._read()
    key = Ed25519PrivateKey.generate().public_key()
    (tmp_path / PUBLIC_KEYS).write_text(public_keys.to_pem([key]))
    with pytest.raises(ValueError, match=f"has no entry {USER}; docs/status-page.md says"):
        watch(tmp_path)._read()
