"""Two clusters: a core, and one that joined it as the Pop fra."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.controlled_fleets import ControlledFleet
from support.joined_clusters import JoinedCluster, core_of_pops, replica_of_pop
from support.valkey import Valkey


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    with core_of_pops(tmp_path / "core") as valkey:
        yield valkey


@pytest.fixture
def replica(tmp_path: Path, core: Valkey) -> Iterator[Valkey]:
    with replica_of_pop(tmp_path / "replica", core) as valkey:
        yield valkey


@pytest.fixture
def fleet(core: Valkey) -> Iterator[ControlledFleet]:
    with ControlledFleet(core) as fleet:
        yield fleet


@pytest.fixture
def joined(core: Valkey, replica: Valkey, fleet: ControlledFleet) -> JoinedCluster:
    """Not entered yet."""
    return JoinedCluster("fra", core, replica, fleet.keys.public_pem)
