"""certbot gets a certificate by DNS-01 from an ACME server, by updates of a gate and of named.

It is the client that has two TXT records at one name at the same time: for a wildcard and its base
it puts both, and then has the ACME server ask. named shows that this takes nothing special.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from support import certbot
from support.acme_servers import challenge, pebble
from support.updated_servers import ORIGIN, UpdatedServer, gate, gate_with_keys, named
from support.waiting import wait_for

PUT_SECONDS = 60.0
ENDED_SECONDS = 120.0

pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("serving", [gate, named])
def test_a_wildcard_and_its_base(
    serving: Callable[[Path], AbstractContextManager[UpdatedServer]], tmp_path: Path
) -> None:
    (owner,) = {challenge(name) for name in certbot.NAMES}
    with serving(tmp_path) as server, pebble(tmp_path, server.resolver) as acme:
        with certbot.run(acme, server, tmp_path) as client:
            wait_for("two records", lambda: len(server.txt(owner)) == 2, PUT_SECONDS)
            acme.check(client.ended(ENDED_SECONDS), certbot.NAMES)
        assert server.txt(owner) == set()
        assert server.txt(ORIGIN) == {'"of others"'}


def test_two_clients_with_their_own_keys(tmp_path: Path) -> None:
    """As in two clusters, for one name at one time."""
    (owner,) = {challenge(name) for name in certbot.NAMES}
    places = [tmp_path / "one", tmp_path / "other"]
    for each in places:
        each.mkdir()
    with (
        gate_with_keys("one", "other") as (one, other),
        pebble(tmp_path, one.resolver) as acme,
        certbot.run(acme, one, places[0]) as first,
        certbot.run(acme, other, places[1]) as second,
    ):
        wait_for("records of both", lambda: len(one.txt(owner)) > 2, PUT_SECONDS)
        for client in (first, second):
            acme.check(client.ended(ENDED_SECONDS), certbot.NAMES)
        assert one.txt(owner) == set()
