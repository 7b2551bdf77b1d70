"""The chart by each version of Helm that it is for, without a cluster."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cluster import builds
from cluster.access import Access
from support import charts


@pytest.fixture(scope="module", params=["helm 4", "helm 3"])
def helm(request: pytest.FixtureRequest) -> Access:
    """It renders; there is no cluster behind it, and no kubectl."""
    found = builds.helm() if request.param == "helm 4" else builds.helm_3()
    return Access(Path(os.devnull), os.devnull, str(found))


@pytest.fixture
def render(helm: Access, tmp_path: Path) -> Callable[..., list[charts.Object]]:
    """Render the chart with values."""
    return charts.renderer(helm, tmp_path)
