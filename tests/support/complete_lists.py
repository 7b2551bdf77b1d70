"""Complete lists of objects, as an API server gives them in one page."""

from typing import Any

from dnsfleet.resources import Reference
from dnsfleet_operator.observed.observation import LISTED, Observation

LATEST = 10**9
"""A resourceVersion after all others."""


def list_all(observation: Observation, *objects: dict[str, Any]) -> list[Reference]:
    """Have these be all objects that a complete list of each kind gives; those that are gone."""
    gone = []
    for kind in LISTED:
        observation.begin_list(kind)
        observation.take_page(kind, [each for each in objects if each["kind"] == kind])
        gone += [reference for reference, _ in observation.end_list(kind, LATEST)]
    return gone
