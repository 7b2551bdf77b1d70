"""Which kinds are watched."""

from collections.abc import Collection
from typing import cast

import pytest
from dnsfleet.resources import GROUP
from dnsfleet_operator.api_calls import APICalls
from dnsfleet_operator.controller import Controller
from dnsfleet_operator.observed.observation import LISTED
from dnsfleet_operator.watching.handlers import register
from prometheus_client import CollectorRegistry


@pytest.mark.parametrize("kind", LISTED)
def test_what_is_listed_is_watched_too(kind: str) -> None:
    """Else a change of it would be known only after the next list."""
    controller = cast(Controller, None)  # no event comes
    before = _handlers(controller, [each for each in LISTED if each != kind])
    watched = _handlers(controller, LISTED)
    # RecordSets are watched beside kopf.
    assert kind == "RecordSet" or watched == before + 1


def _handlers(controller: Controller, kinds: Collection[str]) -> int:
    calls = APICalls(CollectorRegistry())
    registry = register(controller, {f"zones.{GROUP}": "uid"}, lambda: None, kinds, calls)
    return len(registry._watching.get_all_handlers())
