"""Which parts of a zone are a doubt, by what they gave before."""

import pytest
from dnsfleet.zones.parts import Parts, doubt

CASES = [
    # records of parts before, now, what is said
    ({"f": 100}, {"f": 100}, ""),
    ({"f": 100}, {"f": 70}, ""),
    ({"f": 100}, {"f": 69}, "f has lost 31 of 100 records"),
    ({"f": 1000, "i": 10}, {"f": 1000, "i": 0}, ""),
    ({"f": 1000, "i": 30}, {"f": 1000, "i": 20}, ""),
    ({"f": 1000, "i": 30}, {"f": 1000, "i": 19}, "i has lost 11 of 30 records"),
    ({"f": 1000, "i": 30}, {"f": 1030, "i": 0}, "i has lost 30 of 30 records"),
    # renamed, split and merged
    ({"f": 1000, "i": 30}, {"f": 1000, "j": 29}, ""),
    ({"f": 1000, "i": 30}, {"f": 1000, "j": 15, "k": 15}, ""),
    ({"f": 1000, "i": 15, "j": 15}, {"f": 1000, "k": 30}, ""),
    ({"spec.records": 30}, {"f": 30}, ""),
    # cut off
    ({"f": 1000, "i": 10}, {"f": 1000}, ""),
    ({"f": 1000, "i": 11}, {"f": 1000}, "i is not read any more"),
    ({"f": 1000, "i": 30}, {"f": 1000, "j": 19}, "i is not read any more"),
    ({f"i{n}": 5 for n in range(9)}, {f"i{n}": 5 for n in range(6)}, "i6 is not read any more"),
]


@pytest.mark.parametrize(("before", "now", "said"), CASES)
def test_what_is_a_doubt(before: dict[str, int], now: dict[str, int], said: str) -> None:
    assert doubt(Parts(tuple(now.items())), Parts(tuple(before.items()))) == said
    assert doubt(Parts(tuple(now.items())), None) == ""
    assert doubt(None, Parts(tuple(before.items()))) == ""


def test_an_empty_part_is_one_without_knowing_what_it_had() -> None:
    assert doubt(Parts((("f", 9), ("i", 0)), "i"), None) == "i is empty"
