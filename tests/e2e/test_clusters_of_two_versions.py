"""A core and a Pop in two clusters, one of them with the images and the chart of an older commit.

It builds that commit and takes minutes, so `make e2e` leaves it out: `make e2e-skew COMMIT=…`.
`kubectl dnsfleet` is that of this checkout in both.
"""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from cluster import images
from cluster.access import Access
from cluster.clusters import Cluster
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from dnsfleet.replication import keys, pop_specs, public_keys
from dnsfleet_operator.joined.mirror import SIGNED_ANNOTATION
from support import probe_fleets, redis_pods, releases, versions
from support.kubectl_plugin import dnsfleet
from support.probe_fleets import ZONE
from support.releases import NAMESPACE, READY_SECONDS
from support.two_clusters import LOCAL_ADDRESS, REMOTE, REMOTE_ADDRESS, TwoClusters
from support.waiting import wait_for

pytestmark = pytest.mark.skipif(
    not os.environ.get("SKEW_COMMIT"), reason="it takes minutes: make e2e-skew COMMIT=…"
)
SERVERS = [(LOCAL_ADDRESS, 53), (REMOTE_ADDRESS, 53)]
RATE = 200
"""Queries a second, over both Pops."""
CHANGES = 20
WAIT_SECONDS = 300
"""What `kubectl dnsfleet` may wait for: a key is rotated in a minute and a half."""
FIELD = "ofLaterVersions"
"""Of spec.edge: one that no version knows."""


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The older commit, with its images."""
    folder = tmp_path_factory.mktemp("older")
    versions.unpack(versions.wanted(), folder)
    images.build(folder)
    return folder


@pytest.fixture(params=["core", "pop"])
def fleet(request: pytest.FixtureRequest, older: Path) -> Iterator[TwoClusters]:
    """A fleet of which that side is older."""
    ours = releases.REPOSITORY
    of_core, of_pop = (older, ours) if request.param == "core" else (ours, older)
    images.build()  # last, so that the names of the images are ours again
    core = Cluster()
    place = Cluster(1, core)
    try:
        core.up(images.archives(of_core))
        place.up(images.archives(of_pop))
        fleet = TwoClusters(core, place, core_source=of_core, place_source=of_pop)
        fleet.start()
        yield fleet
    finally:
        place.down()
        core.down()


@pytest.mark.timeout(1200)
def test_a_core_and_a_pop_of_two_versions_work_together(fleet: TwoClusters) -> None:
    core, place = fleet.core.access, fleet.place.access
    assert image_of_operator(core) != image_of_operator(place)
    with probe_fleets.watching(fleet.core.node, SERVERS, RATE, retries=1) as oracle:
        for counter in range(1, CHANGES + 1):
            oracle.publishing(counter)
            fleet.publish(counter)
            core.wait("condition=Propagated", READY_SECONDS, "zone", ZONE)
            wait_for("it", lambda n=counter: oracle.seen_everywhere(n), READY_SECONDS)
        scale(core, 2)
        wait_for("two edges", lambda: edges(core) == "2/2", READY_SECONDS)
        do(core, "pop", "snapshot", REMOTE, "--wait", f"--timeout={WAIT_SECONDS}")
        do(core, "keys", "rotate", "--wait", f"--timeout={WAIT_SECONDS}")
        oracle.publishing(CHANGES + 1)
        fleet.publish(CHANGES + 1)
        core.wait("condition=Propagated", READY_SECONDS, "zone", ZONE)
    assert not any(verdict.wrong for verdict in oracle.verdicts.values()), oracle.verdicts
    ask_for_a_field_of_later_versions(fleet)
    for access in (core, place):
        assert "Traceback" not in logs(access)


def ask_for_a_field_of_later_versions(fleet: TwoClusters) -> None:
    """Publish the spec of the Pop once more as a later core would: both sides tell what it ignores.

    The model of each version says which fields it knows, so no core of today signs others.
    """
    core, place = fleet.core.access, fleet.place.access
    entries = core.get(*redis_pods.SECRET)["data"]
    private = load_pem_private_key(base64.b64decode(entries["publisher.key"]), None)
    assert isinstance(private, Ed25519PrivateKey)
    trusted = public_keys.parse(base64.b64decode(entries["publisher.pub"]))
    (pod,) = core.items("pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/component=core")
    password = redis_pods.password(core, "publisher")
    with (
        fleet.core.node.on_client(),
        closing(redis_pods.client(pod, "publisher", password)) as client,
    ):
        now = pop_specs.verify(client.hget(keys.POPS, REMOTE), REMOTE, trusted)
        edge = {**now.spec["edge"], FIELD: 1}
        revision = now.revision._replace(seq=now.revision.seq + 1)
        later = replace(now, spec={**now.spec, "edge": edge}, revision=revision)
        signed = pop_specs.sign(later, private)
        client.hset(keys.POPS, REMOTE, signed)

    def told(access: Access, condition: str) -> bool:
        return any(
            each["type"] == condition
            and each["reason"] == "FieldsIgnored"
            and f"spec.edge.{FIELD}" in each["message"]
            for each in access.get("pop", REMOTE)["status"]["conditions"]
        )

    wait_for("the Pop tells", lambda: told(place, "Mirrored"), READY_SECONDS)
    wait_for("the core tells", lambda: told(core, "SpecApplied"), READY_SECONDS)
    copied = place.get("pop", REMOTE)
    assert FIELD not in copied["spec"]["edge"]
    carried = copied["metadata"]["annotations"][SIGNED_ANNOTATION]
    assert base64.b64decode(carried) == signed, "a newer operator there finds all of it"


def image_of_operator(access: Access) -> str:
    """The digest of what the operator of a cluster runs."""
    (pod, *_) = access.items(
        *("pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/component=operator")
    )
    return str(pod["status"]["containerStatuses"][0]["imageID"])


def scale(core: Access, edges: int) -> None:
    edit = json.dumps({"spec": {"edge": {"replicas": edges}}})
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
