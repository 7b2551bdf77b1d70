"""The Secret with the cookie secrets: made when absent, replaced when a step is due, else alone."""

import base64
from typing import Any

import pytest
from dnsfleet import cookies
from dnsfleet.cookies import Part
from dnsfleet_operator.secrets import cookie_secrets
from dnsfleet_operator.secrets.cookie_secrets import CookieSecretError
from support.installations import CONFIGURATION

FRESH = bytes(range(16))


def renewed(found: dict[str, Any] | None, now: int) -> dict[str, Any] | None:
    return cookie_secrets.renewed(found, CONFIGURATION, now, FRESH)


def made(now: int = 0) -> dict[str, Any]:
    secret = renewed(None, now)
    assert secret is not None
    secret["metadata"] |= {"resourceVersion": "7"}
    return secret


def text(secret: dict[str, Any]) -> str:
    return base64.b64decode(secret["data"]["secrets"]).decode()


def with_text(content: bytes) -> dict[str, Any]:
    return made() | {"data": {"secrets": base64.b64encode(content).decode()}}


def test_an_absent_secret_is_made() -> None:
    secret = made(5)
    assert (secret["kind"], secret["metadata"]["name"]) == ("Secret", "dnsfleet-cookies")
    assert secret["metadata"]["namespace"] == "dns"
    (only,) = cookies.parse(text(secret))
    assert (only.part, only.octets, only.since) == (Part.CURRENT, FRESH, 5)


def test_one_with_nothing_due_is_left_alone() -> None:
    assert renewed(made(), cookies.PERIOD_SECONDS - 1) is None


def test_a_step_replaces_the_version_that_was_read_and_nothing_but_the_text() -> None:
    before = made()
    after = renewed(before, cookies.PERIOD_SECONDS)
    assert after is not None
    assert [secret.part for secret in cookies.parse(text(after))] == [Part.CURRENT, Part.NEXT]
    assert after | {"data": None} == before | {"data": None}


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        (made() | {"data": None}, "it lacks the entry secrets; mend it, or delete it"),
        (made() | {"data": {}}, "it lacks the entry secrets"),
        (made() | {"data": {"secrets": "?"}}, "the entry secrets is no text"),
        (with_text(b"\xff"), "the entry secrets is no text"),
        (with_text(b"current 00 1"), "the entry secrets, line 1: write current, next"),
    ],
)
def test_one_that_cannot_be_read_is_told_and_not_overwritten(
    secret: dict[str, Any], problem: str
) -> None:
    with pytest.raises(CookieSecretError, match=f"Secret dns/dnsfleet-cookies: {problem}"):
        renewed(secret, 0)
