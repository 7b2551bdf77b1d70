"""The Secret with the credentials of Pops: read as it was written, and what is wrong with one."""

import base64
import hashlib
import json
import ssl
from typing import Any

import pytest
from dnsfleet_publisher import pop_credentials
from dnsfleet_publisher.pop_credentials import (
    OVERLAP_SECONDS,
    Credentials,
    CredentialsError,
    Stored,
)

PEM = ssl.DER_cert_to_PEM_cert(b"certificate")
NEWEST = hashlib.sha256(b"certificate").hexdigest()
AMS = Credentials("2026-01-01T00:00:00Z", "", 1000.0, ("new", "old"), PEM, "key", ("before",))
STORED = Stored("authorities", "authority key", {"ams": AMS, "f-r-a": AMS})
WHERE = {"name": "dnsfleet-pops", "namespace": "dns"}


def secret(**changed: str | None) -> dict[str, Any]:
    data = pop_credentials.data(STORED) | changed
    kept = {name: value for name, value in data.items() if value is not None}
    return {"kind": "Secret", "metadata": WHERE, "data": kept}


def encoded(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def test_what_is_written_is_read() -> None:
    assert pop_credentials.read(secret()) == STORED


def test_entries_and_fields_of_a_newer_version_are_left_aside() -> None:
    newer = encoded({**AMS._asdict(), "more": 1})
    found = pop_credentials.read(secret(other="Pz8=", **{"pop-ams": newer}))
    assert found == STORED


def test_the_password_before_ends_after_a_day() -> None:
    at_the_end = pop_credentials.without_former(STORED.pops, AMS.rotated + OVERLAP_SECONDS)
    assert at_the_end == STORED.pops
    after = pop_credentials.without_former(STORED.pops, AMS.rotated + OVERLAP_SECONDS + 1)
    assert {each.passwords for each in after.values()} == {("new",)}
    assert {pop_credentials.fingerprints(each) for each in after.values()} == {(NEWEST,)}


def test_the_tunnel_is_told_which_certificates_may_come() -> None:
    found = base64.b64decode(secret()["data"]["fingerprints"]).decode()
    assert found.splitlines() == sorted([NEWEST, "before"])
    unread = AMS._replace(certificate="no certificate")
    assert pop_credentials.fingerprints(unread) == ("before",)


def test_what_an_older_version_wrote_has_no_former_certificates() -> None:
    older = {name: value for name, value in AMS._asdict().items() if name != "former"}
    found = pop_credentials.read(secret(**{"pop-ams": encoded(older)}))
    assert found.pops["ams"] == AMS._replace(former=())


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"ca.crt": None}, "it lacks ca.crt"),
        ({"ca.key": ""}, "it lacks ca.key"),
        ({"pop-ams": "?"}, "pop-ams cannot be read"),
        ({"pop-ams": encoded([])}, "pop-ams cannot be read"),
        ({"pop-ams": encoded({"passwords": ["x"]})}, "pop-ams cannot be read"),
    ],
)
def test_what_nobody_can_use_is_told(changed: dict[str, str | None], problem: str) -> None:
    with pytest.raises(CredentialsError, match=problem) as caught:
        pop_credentials.read(secret(**changed))
    assert str(caught.value).startswith("Secret dns/dnsfleet-pops: ")
