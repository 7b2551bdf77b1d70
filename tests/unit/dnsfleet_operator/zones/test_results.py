"""What is said of Zones, in whatever order they are looked at."""

from typing import cast

import pytest
from dnsfleet.resources import Reference, Resource, ZoneClass
from dnsfleet.resources.documents import Document
from dnsfleet_cli.zone_paths import ZonePaths
from dnsfleet_operator.observed.observation import Observation
from dnsfleet_operator.zones.results import Results
from dnsfleet_operator.zones.without_zone import WithoutZone
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.claims import Ledger
from support import yaml_resources

FIRST, SECOND = (Reference("Zone", "default", name) for name in ("example-com", "second"))
TXT = "[{name: _acme-challenge, type: TXT, data: [%s]}]"


class Told:
    """An assembler, and what is said of its Zones."""

    def __init__(self) -> None:
        self.assembler = Assembler(ZonePaths())
        self.results = Results()

    def put(self, *resources: Resource) -> None:
        for each in resources:
            self.assembler.put(Document(each.kind, each, "f", 1, {}))

    def tell(self, *order: Reference) -> None:
        """Assemble all, and say what is so of these Zones, one after the other."""
        self.assembler.assemble()
        without_zone = WithoutZone(cast(Ledger, None), lambda _: False)  # no object is known
        touched = dict.fromkeys(order).keys()
        self.results.tell(touched, Observation(), self.assembler, without_zone)


def zone_class(suffix: str) -> ZoneClass:
    return yaml_resources.zone_class(f"{{suffixes: [{suffix}]}}")


@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST)])
def test_an_origin_keeps_nothing_of_the_zone_that_had_it(order: tuple[Reference, ...]) -> None:
    told = Told()
    told.put(yaml_resources.zone("origin: a.test"), zone_class("a.test"))
    told.put(*(yaml_resources.record_set(TXT % name, name) for name in "xy"))
    told.tell(FIRST)
    assert told.results.shared.keys() == {"a.test."}
    assert told.results.given == {"a.test.": {"name": "teams"}}
    told.put(
        yaml_resources.zone("origin: b.test"),
        yaml_resources.zone("origin: a.test", "second"),
        zone_class("b.test"),
    )
    told.tell(*order)
    assert told.results.origins == {FIRST: "b.test.", SECOND: "a.test."}
    assert told.results.given == {"b.test.": {"name": "teams"}}
    assert told.results.shared.keys() == {"b.test."}
