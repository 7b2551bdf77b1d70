"""`dnsfleet up` from a state folder that is damaged: it is told, and what worked works on."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.fleet import Fleet, replace
from support.ports import free_ports
from support.up_runs import LIVE_SECONDS, ask, one_zone_at_one_pop, pops, up, zone
from support.waiting import wait_for


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return one_zone_at_one_pop(tmp_path / "manifests")


@pytest.fixture
def state(small: Path, tmp_path: Path) -> Path:
    """The folder of a fleet that ran, and ended."""
    state = tmp_path / "state"
    with Fleet(small, state, 1) as fleet:
        fleet.wait("ready", 60)
    return state


def told(fleet: Fleet) -> dict[str, str]:
    """What was said of damaged files, by their names."""
    return {
        Path(event["where"]).name: event["message"]
        for event in fleet.events
        if event["event"] == "warned" and event["reason"] == "StateDamaged"
    }


def spoil(path: Path) -> None:
    """Change octets in the middle of a file."""
    content = path.read_bytes()
    half = len(content) // 2
    path.write_bytes(content[:half] + b"\xff" * 16 + content[half + 16 :])


def test_a_fleet_starts_beside_any_damage_but_that_of_its_key(small: Path, state: Path) -> None:
    names = ("passwords.json", "ports.json", "cookies", "accepted.db", "publisher.pub")
    edge = ("pops/fra/edge.json", "pops/fra/edge/index", "core/redis.conf", "core/users.acl")
    for name in (*names, *edge):
        spoil(state / name)
    for path in (state / "core/appendonlydir").iterdir():
        spoil(path)
    with Fleet(small, state, 1) as fleet:
        fleet.wait("ready", 60)
        assert ask(fleet.servers[0], "www.one.example") == ["192.0.2.1"]
        assert told(fleet) == {
            "passwords.json": "damaged: every server gets a new password",
            "ports.json": "damaged: every server gets a new port",
            "cookies": "damaged: new secrets were made",
            "accepted.db": "damaged: it is now accepted.db.damaged; "
            "0 documents of it could be kept",
            "appendonlydir": "damaged: it is now appendonlydir.damaged; the core begins without it",
        }
        position = len(fleet.events)
        replace(small / "all.yaml", zone("one", "192.0.2.2") + "---\n" + pops("fra"))
        fleet.wait("propagated", LIVE_SECONDS, after=position)
        assert ask(fleet.servers[0], "www.one.example") == ["192.0.2.2"]
    with Fleet(small, state, 1) as fleet:
        fleet.wait("ready", 60)
        assert told(fleet) == {}
        assert ask(fleet.servers[0], "www.one.example") == ["192.0.2.2"]


def last_part(state: Path) -> Path:
    (path,) = (state / "core/appendonlydir").glob("*.incr.aof")
    return path


CORE_DAMAGES: list[Callable[[Path], object]] = [
    lambda state: last_part(state).write_bytes(b"*" + last_part(state).read_bytes()),
    lambda state: spoil(state / "core/appendonlydir/appendonly.aof.manifest"),
    lambda state: [path.unlink() for path in (state / "core/appendonlydir").glob("*.base.*")],
]


@pytest.mark.parametrize("damage", CORE_DAMAGES)
def test_the_last_good_documents_fill_a_core_whose_data_is_damaged(
    small: Path, state: Path, damage: Callable[[Path], object]
) -> None:
    damage(state)
    (small / "all.yaml").write_text("kind: [\n---\n" + pops("fra"))
    shutil.rmtree(state / "pops/fra/edge")
    with Fleet(small, state, 1) as fleet:
        fleet.wait("ready", 60)
        assert "appendonlydir" in told(fleet)
        assert ask(fleet.servers[0], "www.one.example") == ["192.0.2.1"]


def test_a_manifest_that_is_damaged_in_the_core_is_published_again(
    small: Path, state: Path
) -> None:
    """Valkey does not notice it, the signature does."""
    part = last_part(state)
    content = part.read_bytes()
    part.write_bytes(content.replace(b'"serial"', b'"serjal"'))
    assert part.read_bytes() != content
    with Fleet(small, state, 1) as fleet:
        fleet.wait("ready", 60)
        assert told(fleet) == {}
        assert any(event["event"] == "published" for event in fleet.events)
        assert ask(fleet.servers[0], "www.one.example") == ["192.0.2.1"]


def test_a_core_whose_data_is_cut_short_begins_with_the_rest(small: Path, state: Path) -> None:
    part = last_part(state)
    part.write_bytes(part.read_bytes()[:-7])
    with Fleet(small, state, 1) as fleet:
        fleet.wait("ready", 60)
        assert told(fleet) == {}
        assert ask(fleet.servers[0], "www.one.example") == ["192.0.2.1"]


def test_tables_that_are_damaged_while_a_fleet_runs_do_not_change_it(
    small: Path, state: Path
) -> None:
    with Fleet(small, state, 1) as fleet:
        fleet.wait("ready", 60)
        before = json.loads((state / "ports.json").read_text())
        for name in ("passwords.json", "ports.json", "cookies"):
            (state / name).write_bytes(b"")
        position = len(fleet.events)
        replace(small / "all.yaml", zone("one", "192.0.2.2") + "---\n" + pops("fra", "iad"))
        fleet.wait("propagated", LIVE_SECONDS, after=position)
        second = ("127.0.0.1", fleet.dns_port + 1)
        assert ask(second, "www.one.example") == ["192.0.2.2"]
        assert told(fleet) == {"cookies": "damaged: written again"}
        after = json.loads((state / "ports.json").read_text())
        assert before.items() < after.items()


@pytest.mark.parametrize("spoiled", [True, False])
def test_a_key_that_is_lost_is_replaced_only_as_the_message_says(
    small: Path, state: Path, spoiled: bool
) -> None:
    key = state / "publisher.key"
    good = key.read_bytes()
    if spoiled:
        spoil(key)
    else:
        key.unlink()
    refused = up(small, state, free_ports(1))
    assert (refused.returncode, refused.stdout) == (2, "")
    what = "holds no Ed25519 private key" if spoiled else "is missing"
    assert refused.stderr == (
        f"dnsfleet: key file {key} {what}, and the core has zones that were signed with it: "
        f"restore it from a backup; if there is none, delete {state}/core, and all zones are "
        "published again, signed with a new key\n"
    )
    assert key.exists() == spoiled
    key.write_bytes(good)
    with Fleet(small, state, 1) as fleet:
        fleet.wait("ready", 60)
        assert told(fleet) == {}
    key.write_bytes(b"")
    shutil.rmtree(state / "core")
    with Fleet(small, state, 1) as fleet:
        fleet.wait("ready", 60)
        assert list(told(fleet)) == ["publisher.key"]
        wait_for("the zone", lambda: ask(fleet.servers[0], "www.one.example") == ["192.0.2.1"], 10)
    assert key.read_bytes() not in (b"", good)
