"""A core and a Pop in two clusters, one of them with the images and the chart of an older commit.

At last both are upgraded, the core first, to a version that has a field more than this checkout. So
an older side is told of a field that it does not know by a core that knows it.

It builds these versions and takes minutes, so `make e2e` leaves it out: `make e2e-skew COMMIT=…`.
`kubectl dnsfleet` is that of this checkout all the time.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import images
from cluster.access import Access, Object
from cluster.clusters import Cluster
from support import probe_fleets, releases, versions
from support.kubectl_plugin import dnsfleet
from support.oracle import Oracle
from support.probe_fleets import ZONE
from support.releases import NAMESPACE, READY_SECONDS
from support.two_clusters import (
    FOLLOW_SECONDS,
    LOCAL_ADDRESS,
    REMOTE,
    REMOTE_ADDRESS,
    TwoClusters,
    joining,
)
from support.versions import LATER_FIELD
from support.waiting import wait_for

pytestmark = pytest.mark.skipif(
    versions.COMMIT_VARIABLE not in os.environ, reason="it takes minutes: make e2e-skew COMMIT=…"
)
SERVERS = [(LOCAL_ADDRESS, 53), (REMOTE_ADDRESS, 53)]
RATE = 200
"""Queries a second, over both Pops."""
CHANGES = 20
WAIT_SECONDS = 300
"""What `kubectl dnsfleet` may wait for: a key is rotated in a minute and a half."""
LATER = "0.2.0"
"""A version after both: what this checkout and the older one are numbered as comes before it."""


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The older commit, with its images."""
    folder = tmp_path_factory.mktemp("older")
    versions.unpack(versions.wanted(), folder)
    images.build(folder)
    return folder


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version after this checkout, with its images."""
    folder = tmp_path_factory.mktemp("later")
    versions.later(folder, LATER)
    images.build()
    images.build_changed(folder)
    return folder


@pytest.fixture(params=["core", "pop"])
def fleet(request: pytest.FixtureRequest, older: Path, later: Path) -> Iterator[TwoClusters]:
    """A fleet of which that side is older; the nodes have the images of a later version too."""
    ours = releases.REPOSITORY
    of_core, of_pop = (older, ours) if request.param == "core" else (ours, older)
    core = Cluster()
    place = Cluster(1, core)
    try:
        core.up([*images.archives(of_core), *images.archives(later)[1:]])
        place.up([*images.archives(of_pop), *images.archives(later)[1:]])
        fleet = TwoClusters(core, place, core_source=of_core, place_source=of_pop)
        fleet.start()
        yield fleet
    finally:
        place.down()
        core.down()


@pytest.mark.timeout(1800, func_only=True)  # not the images, which are built before
def test_a_core_and_a_pop_of_two_versions_work_together(fleet: TwoClusters, later: Path) -> None:
    core, place = fleet.core.access, fleet.place.access
    assert image_of_operator(core) != image_of_operator(place), "both commits have one image"
    with probe_fleets.watching(fleet.core.node, SERVERS, RATE, retries=1) as oracle:
        for _ in range(CHANGES):
            change(fleet, oracle)
        patch(core, {"edge": {"replicas": 2}})
        wait_for("two edges", lambda: edges(core) == "2/2", READY_SECONDS)
        do(core, "pop", "snapshot", REMOTE, "--wait", f"--timeout={WAIT_SECONDS}")
        do(core, "keys", "rotate", "--wait", f"--timeout={WAIT_SECONDS}")
        place.apply(joining(core, REMOTE, "--rotate", "-o", "yaml"))
        change(fleet, oracle, FOLLOW_SECONDS)
        upgrade(fleet, later)
        change(fleet, oracle)
    for server, verdict in oracle.verdicts.items():
        print(f"{server}: {verdict.asked} asked, {verdict.lost} lost, {verdict.wrong} wrong")
    assert not any(verdict.wrong for verdict in oracle.verdicts.values()), oracle.verdicts
    for access in (core, place):
        assert "Traceback" not in logs(access)


def change(fleet: TwoClusters, oracle: Oracle, seconds: float = READY_SECONDS) -> None:
    """Publish another revision; returns when both Pops have said and answered it."""
    counter = fleet.counter + 1
    oracle.publishing(counter)
    fleet.publish(counter)
    fleet.core.access.wait("condition=Propagated", seconds, "zone", ZONE)
    wait_for("it is answered", lambda: oracle.seen_everywhere(counter), READY_SECONDS)


def upgrade(fleet: TwoClusters, later: Path) -> None:
    """Upgrade the core and then the Pop to a later version, of which the Pop is asked for a field.

    The Pop, which does not know it, says so, and has it when it is upgraded too.
    """
    core, place = fleet.core.access, fleet.place.access
    releases.upgrade(core, later)
    patch(core, {"edge": {LATER_FIELD: 1}})

    def told(access: Access, condition: str) -> bool:
        return any(
            each["type"] == condition
            and each["reason"] == "FieldsIgnored"
            and f"spec.edge.{LATER_FIELD}" in each["message"]
            for each in access.get("pop", REMOTE)["status"]["conditions"]
        )

    wait_for("the Pop tells", lambda: told(place, "Mirrored"), READY_SECONDS)
    wait_for("the core tells", lambda: told(core, "SpecApplied"), READY_SECONDS)
    copied = place.get("pop", REMOTE)
    assert LATER_FIELD not in copied["spec"]["edge"]
    core.wait("condition=Propagated", READY_SECONDS, "zone", ZONE)
    releases.upgrade(place, later)
    wait_for(
        "the Pop has the field",
        lambda: place.get("pop", REMOTE)["spec"]["edge"].get(LATER_FIELD) == 1,
        READY_SECONDS,
    )
    core.wait("condition=SpecApplied", READY_SECONDS, "pop", REMOTE)


def image_of_operator(access: Access) -> str:
    """The digest of what the operator of a cluster runs."""
    (pod, *_) = access.items(
        *("pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/component=operator")
    )
    return str(pod["status"]["containerStatuses"][0]["imageID"])


def patch(core: Access, spec: Object) -> None:
    """Change this much of the spec of the Pop."""
    edit = json.dumps({"spec": spec})
    core.kubectl("patch", "pop", REMOTE, "--type=merge", "--patch", edit)


def edges(core: Access) -> str:
    """Ready edges of the Pop, of those that it is to have, as the table shows them."""
    shown = core.kubectl("get", "pop", REMOTE, "--no-headers")
    return next(word for word in shown.split() if "/" in word)


def do(core: Access, *command: str) -> None:
    """Run `kubectl dnsfleet` with this; it has to work."""
    ended = dnsfleet(core, *command)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def logs(access: Access) -> str:
    """Of all pods of a release."""
    selector = "app.kubernetes.io/name=dnsfleet"
    return access.kubectl("logs", "-n", NAMESPACE, "-l", selector, "--prefix", "--tail=-1")
