"""The Secret with keys and passwords: made whole, read whole."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from dnsfleet_operator.secrets import key_secrets
from dnsfleet_operator.secrets.key_secrets import KeySecretError


def made() -> dict[str, Any]:
    return key_secrets.make("dnsfleet-keys", "dns", {"a": "b"})


def entry(secret: dict[str, Any], name: str) -> str:
    return base64.b64decode(secret["data"][name]).decode()


def test_a_new_secret_has_all_that_each_role_needs() -> None:
    secret = made()
    keys = key_secrets.read(secret)
    public = keys.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert keys.public_pem == public.decode() == entry(secret, "publisher.pub")
    assert keys.publisher_password == entry(secret, "publisher")
    users = [line.split()[1] for line in entry(secret, "core.acl").splitlines()]
    assert users == ["default", "publisher", "replica", "ack"]
    users = [line.split()[1] for line in entry(secret, "replica.acl").splitlines()]
    assert users == ["default", "edge"]
    for name in ("publisher", "replica", "ack", "edge"):
        password = entry(secret, name)
        assert len(password) == 64
        assert password not in entry(secret, "core.acl") + entry(secret, "replica.acl")


def test_no_two_secrets_are_alike() -> None:
    assert made()["data"]["publisher.key"] != made()["data"]["publisher.key"]


def test_a_secret_that_lacks_something_is_refused() -> None:
    secret = made()
    del secret["data"]["ack"], secret["data"]["core.acl"]
    with pytest.raises(KeySecretError, match=r"Secret dns/dnsfleet-keys lacks core.acl, ack;"):
        key_secrets.read(secret)


def test_a_key_that_is_none_is_refused() -> None:
    secret = made()
    secret["data"]["publisher.key"] = base64.b64encode(b"secret").decode()
    with pytest.raises(KeySecretError, match=r"publisher.key is no PEM private key") as caught:
        key_secrets.read(secret)
    assert "secret\n" not in str(caught.value)
