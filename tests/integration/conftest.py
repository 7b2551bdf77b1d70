"""What many tests of the operator begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.core_servers import PUBLISHER_USER
from support.valkey import Valkey


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    """An empty core with the user of a writer."""
    valkey = Valkey(tmp_path / "core", users=[PUBLISHER_USER])
    valkey.start()
    yield valkey
    valkey.kill()
