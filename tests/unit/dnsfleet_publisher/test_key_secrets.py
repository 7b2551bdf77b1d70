"""The Secret with keys and passwords: made whole, read whole, changed step by step."""

import base64
from typing import Any

import pytest
from dnsfleet.replication import public_keys
from dnsfleet_publisher import key_secrets
from dnsfleet_publisher.key_secrets import KeySecretError


def made() -> dict[str, Any]:
    return key_secrets.secret(key_secrets.make(), "dnsfleet-keys", "dns")


def entry(secret: dict[str, Any], name: str) -> str:
    return base64.b64decode(secret["data"][name]).decode()


def test_a_new_secret_has_all_that_each_role_needs() -> None:
    secret = made()
    keys = key_secrets.read(secret)
    assert secret["metadata"]["labels"] == key_secrets.LABELS
    assert keys.public == (keys.private.public_key(),)
    assert keys.public_pem == entry(secret, "publisher.pub")
    assert keys.publisher_password == entry(secret, "publisher")
    users = [line.split()[1] for line in entry(secret, "core.acl").splitlines()]
    assert users == ["default", "publisher", "replica", "ack", "admin", "status", "probe"]
    users = [line.split()[1] for line in entry(secret, "replica.acl").splitlines()]
    assert users == ["default", "edge", "probe"]
    for name in ("publisher", "replica", "ack", "edge"):
        password = entry(secret, name)
        assert len(password) == 64
        assert password not in entry(secret, "core.acl") + entry(secret, "replica.acl")


def test_no_two_secrets_are_alike() -> None:
    assert made()["data"]["publisher.key"] != made()["data"]["publisher.key"]


def test_what_was_read_is_written_again_as_it_was() -> None:
    secret = made()
    secret["data"]["of-somebody-else"] = base64.b64encode(b"kept").decode()
    assert key_secrets.data(key_secrets.read(secret)) == secret["data"]


def test_each_step_of_a_rotation_is_in_the_secret() -> None:
    steady = key_secrets.make()
    begun = read_back(key_secrets.begin(steady))
    assert begun.next is not None
    assert begun.public == (steady.private.public_key(), begun.next.public_key())
    assert begun.private.public_key() == steady.private.public_key()

    switched = read_back(key_secrets.switch(begun))
    assert switched.private.public_key() == begun.next.public_key()
    assert (switched.next, switched.previous) == (None, steady.private.public_key())
    assert switched.public == begun.public[::-1]

    finished = read_back(key_secrets.finish(switched))
    assert finished.public == (begun.next.public_key(),)
    assert finished.entries.keys() == steady.entries.keys()
    passwords = ("publisher", "replica", "ack", "edge", "core.acl", "replica.acl")
    assert all(finished.entries[each] == steady.entries[each] for each in passwords)


def read_back(keys: key_secrets.Keys) -> key_secrets.Keys:
    """The keys as somebody else reads them, who must find what edges are told."""
    read = key_secrets.read(key_secrets.secret(keys, "dnsfleet-keys", "dns"))
    assert public_keys.parse(read.entries["publisher.pub"].encode()) == read.public
    assert read.entries == keys.entries
    return read


def test_a_secret_that_lacks_something_is_refused() -> None:
    secret = made()
    del secret["data"]["ack"], secret["data"]["core.acl"]
    told = r"Secret dns/dnsfleet-keys lacks core.acl, ack; .*kubectl dnsfleet keys restore FILE"
    with pytest.raises(KeySecretError, match=told):
        key_secrets.read(secret)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("publisher.key", "publisher.key is no PEM private key"),
        ("next.key", "next.key is no PEM private key"),
        ("previous.pub", "previous.pub is no public key"),
    ],
)
def test_a_key_that_is_none_is_refused(name: str, problem: str) -> None:
    secret = made()
    secret["data"][name] = base64.b64encode(b"secret").decode()
    with pytest.raises(KeySecretError, match=problem) as caught:
        key_secrets.read(secret)
    assert "secret\n" not in str(caught.value)


def test_an_entry_that_is_no_text_is_refused() -> None:
    with pytest.raises(KeySecretError, match=r"ack is no text"):
        key_secrets.read(made() | {"data": {"ack": "!"}})
