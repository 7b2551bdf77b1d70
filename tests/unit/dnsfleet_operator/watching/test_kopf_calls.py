"""The calls of kopf: what they mean, and that kopf can tell the same credentials."""

import asyncio

import kopf
import pytest
from dnsfleet_operator.api_calls import APICalls
from dnsfleet_operator.watching.kopf_calls import KopfSessions, meaning
from prometheus_client import CollectorRegistry


@pytest.mark.parametrize(
    ("path", "watches", "verb", "resource", "namespace"),
    [
        ("/version", False, "get", "version", ""),
        ("/api", False, "get", "apis", ""),
        ("/api/v1", False, "get", "apis", ""),
        ("/apis", False, "get", "apis", ""),
        ("/apis/dnsfleet.io/v1alpha1", False, "get", "apis", ""),
        ("/api/v1/namespaces", False, "list", "namespaces", ""),
        ("/api/v1/configmaps", True, "watch", "configmaps", ""),
        ("/apis/dnsfleet.io/v1alpha1/zones", False, "list", "zones", ""),
        ("/apis/dnsfleet.io/v1alpha1/zones", True, "watch", "zones", ""),
        ("/apis/dnsfleet.io/v1alpha1/namespaces/shop/zones", False, "list", "zones", "shop"),
        ("/apis/dnsfleet.io/v1alpha1/namespaces/shop/zones", True, "watch", "zones", "shop"),
        ("/api/v1/namespaces/shop/configmaps", True, "watch", "configmaps", "shop"),
    ],
)
def test_a_call_is_named_as_rights_name_it(
    path: str, watches: bool, verb: str, resource: str, namespace: str
) -> None:
    assert meaning(path, watches) == (verb, resource, namespace)


def test_other_credentials_are_another_session_and_the_same_are_none() -> None:
    """Else kopf would log in without end where the API server refuses what it gets."""

    async def made() -> list[kopf.AiohttpSession]:
        sessions = KopfSessions(APICalls(CollectorRegistry()))
        tokens = ("one", "one", "two")
        found = [
            sessions.session(kopf.ConnectionInfo(server="https://api.example", token=token))
            for token in tokens
        ]
        for each in found:
            await each.aiohttp_session.close()
        return found

    first, again, other = asyncio.run(made())
    assert first == again != other
