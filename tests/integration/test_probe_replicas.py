"""A prober that reads from a replica which answers nonsense: it says so and goes on."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from dnsfleet_probe.replica import Replica, UnreadableError
from support import wrong_redis
from support.signed_zones import PUBLISHER


@pytest.mark.parametrize("reply", [b":5\r\n", b"*1\r\n:1\r\n", b"*-1\r\n", b"?\r\n"])
@pytest.mark.parametrize("command", ["HGET", "GETRANGE", "CLIENT"])
def test_an_answer_that_is_none_is_unreadable(tmp_path: Path, command: str, reply: bytes) -> None:
    key = tmp_path / "publisher.pub"
    public = PUBLISHER.public_key()
    key.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with wrong_redis.serving({command: reply}) as url:
        replica = Replica(url, key)
        with pytest.raises(UnreadableError):
            replica.probe_list()
        if command == "GETRANGE":
            with pytest.raises(UnreadableError):
                replica.manifests(["a.example."])
        replica.close()
