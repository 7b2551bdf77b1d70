"""The zones that are signed for a benchmark, before they are signed."""

from dnsfleet.zones import master_files

from bench import datasets, signed_zones
from bench.signed_zones import LETTERS

COUNT = 300


def test_names_are_random_letters_but_that_of_the_first_answer() -> None:
    labels = signed_zones.scattered(COUNT)
    assert len(set(labels)) == COUNT
    assert labels[0] == datasets.host(0)
    assert all(len(label) == len(datasets.REPLACED) for label in labels)
    assert {letter for label in labels[1:] for letter in label} == set(LETTERS)
    # A longer list begins with the same, so its end has names that the zone lacks.
    assert signed_zones.scattered(COUNT + 1)[:COUNT] == labels


def test_zones_have_an_address_or_a_delegation_at_each_name() -> None:
    labels = signed_zones.scattered(COUNT)
    for text, rtype in (
        (signed_zones.addresses(labels), "A"),
        (signed_zones.delegations(labels), "NS"),
    ):
        zone, violations = master_files.read(text.encode(), "bench.zone", datasets.ORIGIN)
        assert zone is not None, violations
        owners = [f"{label}.{datasets.ORIGIN}." for label in labels]
        assert zone.get(owners[0], "A") is not None
        assert all(zone.get(owner, rtype) is not None for owner in owners[1:])
        signed = [owner for owner in owners if zone.get(owner, "DS") is not None]
        assert bool(signed) == (rtype == "NS")
