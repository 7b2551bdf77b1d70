"""Which connections have places."""

import pytest
from dnsfleet_gate.places import Place, Places


class Clients:
    """Connections that know when they were closed."""

    def __init__(self, most: int, most_of_one: int = 100) -> None:
        self.places = Places(most, most_of_one)
        self.closed: list[str] = []

    def connect(self, client: str, has_key: bool = False) -> Place | None:
        place = self.places.take(client, lambda: self.closed.append(client))
        if place is not None and has_key:
            self.places.keep(place)
        return place


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1:2:3", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("0.0.0.1", "::1", False),
    ],
)
def test_a_network_has_so_many(one: str, other: str, is_same: bool) -> None:
    clients = Clients(10, 1)
    first = clients.connect(one)
    assert first is not None
    assert (clients.connect(other) is None) == is_same
    clients.places.leave(first)
    assert clients.connect(one) is not None
    assert not clients.closed


def test_the_oldest_that_has_shown_no_key_gives_way() -> None:
    clients = Clients(3)
    clients.connect("192.0.2.1", has_key=True)
    stranger = clients.connect("192.0.2.2")
    clients.connect("192.0.2.3")
    assert clients.connect("192.0.2.4", has_key=True) is not None
    assert clients.closed == ["192.0.2.2"]
    assert stranger is not None
    clients.places.leave(stranger)  # as its connection is over now: the place is another's
    assert clients.connect("192.0.2.5", has_key=True) is not None
    assert clients.closed == ["192.0.2.2", "192.0.2.3"]
    assert clients.connect("192.0.2.6") is None
    assert len(clients.closed) == 2


def test_a_network_that_has_all_that_it_may_sends_nobody_away() -> None:
    clients = Clients(2, 1)
    clients.connect("192.0.2.1")
    clients.connect("192.0.2.2")
    assert clients.connect("192.0.2.2") is None
    assert not clients.closed
