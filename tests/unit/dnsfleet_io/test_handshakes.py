"""Places for handshakes: how many there are, and how many one source may have."""

import asyncio

import pytest
from dnsfleet_io.handshakes import (
    HANDSHAKES,
    HANDSHAKES_OF_ONE,
    HANDSHAKES_OF_WIDE,
    Handshakes,
    source_of,
)


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.77", ["192.0.2.0/24"]),
        ("::ffff:192.0.2.77", ["192.0.2.0/24"]),
        ("2001:db8:1:2ff::1", ["2001:db8:1:200::/56", "2001:db8:1::/48"]),
        ("fe80::1%eth0", ["fe80::/56", "fe80::/48"]),
    ],
)
def test_where_an_address_belongs(address: str, source: list[str]) -> None:
    assert [str(network) for network in source_of(address)] == source


def test_one_source_has_some_places_and_another_one_has_its_own() -> None:
    async def run() -> None:
        places, stranger, pop = Handshakes(), source_of("192.0.2.1"), source_of("198.51.100.1")
        for number in range(HANDSHAKES_OF_ONE + 3):
            await places.wait()
            assert places.take(stranger) is (number < HANDSHAKES_OF_ONE)
        await places.wait()
        assert places.take(pop)
        assert places.taken == HANDSHAKES_OF_ONE + 1
        places.end(stranger)
        await places.wait()
        assert places.take(stranger)

    asyncio.run(run())


def test_all_sites_of_a_wide_network_have_some_places_together() -> None:
    async def run() -> None:
        places = Handshakes()
        sites = [source_of(f"2001:db8:1:{number:x}00::1") for number in range(256)]
        taken = []
        for site in sites:
            await places.wait()
            taken.append(places.take(site))
        assert sum(taken) == places.taken == HANDSHAKES_OF_WIDE
        await places.wait()
        assert places.take(source_of("2001:db8:2::1"))
        places.end(sites[0])
        await places.wait()
        assert places.take(sites[-1])

    asyncio.run(run())


def test_others_wait_where_all_places_are_taken() -> None:
    async def run() -> None:
        places = Handshakes()
        sources = [source_of(f"192.0.{number}.1") for number in range(HANDSHAKES)]
        for source in sources:
            await places.wait()
            assert places.take(source)
        waiting = asyncio.create_task(places.wait())
        for _ in range(3):
            await asyncio.sleep(0)
        assert not waiting.done()
        places.end(sources[0])
        await waiting
        places.pass_on()
        await places.wait()

    asyncio.run(run())
