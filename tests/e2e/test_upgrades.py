"""A release is upgraded and rolled back under load, by the commands of docs/upgrades.md.

It begins with the chart and the images of an older commit, which takes minutes, so `make e2e`
leaves it out; `make e2e-upgrade COMMIT=…` runs it. It goes to a later version, which is this
checkout with another number and a field more in the spec of a Pop, and back.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from cluster import images
from cluster.access import Access
from cluster.clusters import Cluster
from cluster.namespaces import Node
from support import askers, probe_fleets, releases, shell_blocks, two_clusters, versions
from support.probe_fleets import POPS, ZONE
from support.releases import NAMESPACE, READY_SECONDS
from support.steady_changes import SteadyChanges
from support.waiting import wait_for

pytestmark = pytest.mark.skipif(
    versions.COMMIT_VARIABLE not in os.environ, reason="it takes minutes: make e2e-upgrade COMMIT=…"
)
PAGE = releases.REPOSITORY / "docs" / "upgrades.md"
OLDER, LATER = "0.0.1", "99.0.0"
"""What the other versions are numbered as, so that their images have names of their own."""
RATE = 600
"""Queries a second by UDP over all Pops, from kept ports, and as many from new ones."""
TCP_RATE = 10.0
"""Queries a second to each Pop over a kept connection, and as many over new ones."""
BEHIND_SECONDS = 15.0
"""How far one edge may be behind another of its Pop."""
LIVE_SECONDS = 30.0


class Upgrade(NamedTuple):
    """The checkouts with the charts of both versions."""

    before: Path
    after: Path


@pytest.fixture(scope="module")
def upgrade(own_cluster: Cluster, node: Node, tmp_path_factory: pytest.TempPathFactory) -> Upgrade:
    """Both versions, with their images on the node."""
    before, after = tmp_path_factory.mktemp("older"), tmp_path_factory.mktemp("later")
    versions.unpack(versions.wanted(), before)
    versions.number_as(before, OLDER)
    versions.later(after, LATER)
    for archive in images.build_changed(after) + images.build(before):
        own_cluster.import_image(archive)
    return Upgrade(before, after)


@pytest.fixture(scope="module")
def fleet(cluster: Access, upgrade: Upgrade) -> Iterator[Access]:
    """The version of before, with two edges in each Pop."""
    known = (upgrade.before / "crds" / "pops.yaml").read_text()
    edge = {key: value for key, value in probe_fleets.BRIEF.items() if f"{key}:" in known}
    releases.install(cluster, source=upgrade.before)
    probe_fleets.start(cluster, edge)
    probe_fleets.scale(cluster, 2, edge)
    yield cluster
    releases.remove(cluster)


@pytest.mark.timeout(900, func_only=True)  # not the images, which are built before
def test_an_upgrade_and_its_roll_back_lose_nothing(
    fleet: Access, upgrade: Upgrade, node: Node
) -> None:
    servers = probe_fleets.services(fleet)
    with (
        askers.asking(
            node, servers, RATE, TCP_RATE, published=0, behind_seconds=BEHIND_SECONDS
        ) as asking,
        SteadyChanges(fleet, asking, 0) as changes,
    ):
        wait_for("the first answers", lambda: asking.seen_everywhere(0), READY_SECONDS)
        for name, source in (("An upgrade", upgrade.after), ("A roll-back", upgrade.before)):
            began = time.monotonic()
            (commands,) = shell_blocks.under(PAGE, name)
            two_clusters.run(fleet, commands, upgrade.after)
            took = time.monotonic() - began
            assert pod_images(fleet) == chart_images(source), "the commands waited for all pods"
            if source == upgrade.after:
                use_what_is_new(fleet)
            reached = changes.counter
            wait_for("news", partial(asking.seen_everywhere, reached), LIVE_SECONDS)
            stale = max(changes.stale(verdict, began) for verdict in asking.verdicts)
            print(f"{name}: {took:.0f} s; a change was late by {stale:.1f} s at most")
            print(asking.told())
    assert not asking.faults, asking.faults
    fleet.wait("condition=Propagated", READY_SECONDS, "zone", ZONE)
    pop = fleet.get("pop", POPS[0])
    assert versions.LATER_FIELD not in pop["spec"]["edge"], "the definitions were rolled back too"


def use_what_is_new(fleet: Access) -> None:
    """Ask a Pop for what only the later version knows; it has to be taken."""
    edit = json.dumps({"spec": {"edge": {versions.LATER_FIELD: 1}}})
    fleet.kubectl("patch", "pop", POPS[0], "--type=merge", "--patch", edit)
    fleet.wait("condition=Ready", READY_SECONDS, "pop", POPS[0])
    assert fleet.get("pop", POPS[0])["spec"]["edge"][versions.LATER_FIELD] == 1


def chart_images(source: Path) -> set[str]:
    """The images of the chart of a checkout, as it names them."""
    named = (replace(image, source=source).name for image in (images.OPERATOR, images.EDGE))
    return {name.removeprefix("docker.io/library/") for name in named}


def pod_images(fleet: Access) -> set[str]:
    """The images of all pods of the release that are to stay."""
    pods = fleet.items("pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/name=dnsfleet")
    staying = (pod for pod in pods if "deletionTimestamp" not in pod["metadata"])
    return {each["image"] for pod in staying for each in pod["spec"]["containers"]}
