"""Which object a word on the command line of `kubectl dnsfleet` means."""

from typing import Any

import pytest
from dnsfleet_cli.kubectl import objects
from dnsfleet_cli.troubles import Trouble
from support.cluster_objects import condition, pop, zone

ZONES = [
    zone("example-com"),
    zone("example-com", namespace="dns", origin="Example.NET."),
    zone("fra"),
    zone("bad", origin="exa mple"),
]
POPS = [pop("fra"), pop("iad")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("example.com", "default/example-com"),
        ("EXAMPLE.net.", "dns/example-com"),
        ("dns/example-com", "dns/example-com"),
        ("zone/example.com", "default/example-com"),
        ("zones/default/example-com", "default/example-com"),
        ("iad", "iad"),
        ("pop/fra", "fra"),
        ("zone/fra", "default/fra"),
        ("bad", "default/bad"),
    ],
)
def test_a_word_means_one_object(text: str, found: str) -> None:
    assert objects.name(objects.zone_or_pop(text, ZONES, POPS)) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lhr", "no Zone or Pop lhr; `kubectl dnsfleet status` lists what there is"),
        ("pop/lhr", "no Pop lhr; `kubectl dnsfleet status` lists what there is"),
        ("fra", "fra is not clear; say one of: zone/default/fra, pop/fra"),
        (
            "example-com",
            "example-com is not clear; say one of: zone/default/example-com, zone/dns/example-com",
        ),
    ],
)
def test_a_word_for_none_or_several_is_refused(text: str, message: str) -> None:
    with pytest.raises(Trouble) as caught:
        objects.zone_or_pop(text, ZONES, POPS)
    assert str(caught.value) == message


def published(name: str, origin: str) -> dict[str, Any]:
    return zone(name, origin=origin, status={"conditions": [condition("Programmed", "True")]})


@pytest.mark.parametrize(
    ("qname", "found"),
    [
        ("www.example.com.", "com"),
        ("example.com.", "com"),
        ("a.dev.example.com.", "dev"),
        ("xdev.example.com.", "com"),
        ("www.held.example.com.", "com"),
        ("example.org.", None),
    ],
)
def test_the_published_zone_with_the_longest_origin_has_a_name(
    qname: str, found: str | None
) -> None:
    zones = [
        published("com", "example.com"),
        published("dev", "dev.example.com"),
        zone("held", origin="held.example.com"),
    ]
    holder = objects.holder(qname, zones)
    assert (holder and holder["metadata"]["name"]) == found
