"""The Secrets of a cluster that joined: what is wrong is told, and what is good is kept."""

import base64
from typing import Any

import pytest
from dnsfleet_operator.joined import joining
from dnsfleet_operator.joined.joining import JoinError
from dnsfleet_operator.pops.setting import CoreUser
from dnsfleet_publisher import key_secrets
from support.installations import CONFIGURATION
from support.memory_clusters import MemoryCluster

FIRST, SECOND = (key_secrets.make().public_pem for _ in range(2))
GOOD = {
    "core-address": "core.example:16379",
    "username": "pop-fra",
    "password": "secret",
    "public-key": FIRST,
    "pop": "fra",
}


def secret(**entries: str) -> dict[str, Any]:
    texts = GOOD | {key.replace("_", "-"): text for key, text in entries.items()}
    data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    metadata = {"name": "dnsfleet-join", "namespace": "dns"}
    return {"kind": "Secret", "metadata": metadata, "data": data}


def test_a_join_secret() -> None:
    join = joining.read(secret())
    version = join.core_user.version
    assert join.core_user == CoreUser("pop-fra", "dnsfleet-join", "password", version)
    assert joining.read(secret()).core_user.version == version
    assert joining.read(secret(password="another")).core_user.version != version
    assert (join.pop, join.address) == ("fra", "core.example:16379")


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ({"pop": "", "username": ""}, "dns/dnsfleet-join lacks username, pop; make it anew"),
        ({"public_key": "PEM"}, "public-key: no PEM public key"),
    ],
)
def test_a_join_secret_that_cannot_be_used(entries: dict[str, str], told: str) -> None:
    with pytest.raises(JoinError, match=told):
        joining.read(secret(**entries))


def test_a_join_secret_that_is_no_text_or_not_there() -> None:
    broken = secret()
    broken["data"]["pop"] = "?"
    with pytest.raises(JoinError, match="pop is no text"):
        joining.read(broken)
    with pytest.raises(JoinError, match="dns/dnsfleet-join is not there"):
        joining.find(MemoryCluster(), CONFIGURATION)
