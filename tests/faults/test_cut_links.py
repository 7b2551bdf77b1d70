"""A link that is cut, in both directions or in one, is noticed through the tunnel as soon as
without it (needs root)."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from dnsfleet_publisher import redis_settings
from support.linked_places import START_SECONDS, Places, Server
from support.lossy_links import NEAR
from support.waiting import wait_for

CUTS = {"both": ("near", "far"), "to the Pop": ("near",), "to the core": ("far",)}
"""By name, where nothing arrives."""
SPARE_SECONDS = 3.0
"""For a machine that is busy, and because silence is looked at once a second."""
REPLICA_SECONDS = redis_settings.REPLICA_SILENCE_SECONDS + 2 + SPARE_SECONDS
CORE_SECONDS = redis_settings.CORE_SILENCE_SECONDS + 2 + SPARE_SECONDS
HEALED_SECONDS = 15.0


@pytest.fixture
def places(tmp_path: Path) -> Iterator[dict[str, Places]]:
    """A link for each cut, with servers that follow."""
    with ExitStack() as stack:
        made = {
            cut: stack.enter_context(Places(tmp_path / f"place{number}", 0, 0.0))
            for number, cut in enumerate(CUTS)
        }
        for place in made.values():
            place.start_replicas()
            for replica in (place.direct, place.tunnelled):
                wait_for("the first copy", replica.follows, START_SECONDS)
        yield made


def known(core: Server) -> set[str]:
    """The replicas that a core has: one that comes by the tunnel has an address of its own."""
    found = core.client.client_list(_type="replica")
    return {"direct" if each["addr"].startswith(NEAR) else "tunnelled" for each in found}


@pytest.mark.timeout(300)
def test_a_cut_is_noticed_at_both_ends_as_soon_as_without_a_tunnel(
    places: dict[str, Places],
) -> None:
    began = time.monotonic()
    for cut, place in places.items():
        for end in CUTS[cut]:
            place.link.cut(getattr(place.link, end))
    noticed: dict[tuple[str, str, str], float] = {}

    def all_noticed() -> bool:
        for cut, place in places.items():
            there = known(place.core)
            for name in ("direct", "tunnelled"):
                if not getattr(place, name).follows():
                    noticed.setdefault((cut, name, "replica"), time.monotonic() - began)
                if name not in there:
                    noticed.setdefault((cut, name, "core"), time.monotonic() - began)
        return len(noticed) == 4 * len(CUTS)

    wait_for("all to notice", all_noticed, CORE_SECONDS)
    for where, seconds in noticed.items():
        print(f"cut {where[0]}, {where[1]}: the {where[2]} noticed after {seconds:.1f} s")
    assert max(each for where, each in noticed.items() if "replica" in where) < REPLICA_SECONDS
    began = time.monotonic()
    for cut, place in places.items():
        assert place.link.dropped() > 0
        place.core.client.set("missed", 1)
        for end in CUTS[cut]:
            place.link.heal(getattr(place.link, end))
    for cut, place in places.items():
        for name in ("direct", "tunnelled"):
            copy = getattr(place, name).client
            wait_for("what was missed", lambda c=copy: c.get("missed"), HEALED_SECONDS)
            print(f"cut {cut}, {name}: follows {time.monotonic() - began:.1f} s after it healed")
        assert place.core.client.info("stats")["sync_full"] == 2, "no other copy was needed"
