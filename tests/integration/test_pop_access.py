"""How Pops of other clusters get in and are sent away: an operator on a real core."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any, cast

import pytest
import redis
from dnsfleet.replication import keys, pop_slots
from dnsfleet_operator.cluster import Object
from dnsfleet_operator.pops import access
from dnsfleet_operator.secrets import authorities
from dnsfleet_publisher import pop_credentials
from dnsfleet_publisher.core_redis import connect
from dnsfleet_publisher.pop_credentials import ROTATE_ANNOTATION
from support.controlled_fleets import DEADLINE_SECONDS, NAMESPACE, ControlledFleet
from support.installations import CONFIGURATION
from support.valkey import Valkey
from support.waiting import wait_for

SECRET = "dnsfleet-pops"


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks that nothing asked for come soon."""
    monkeypatch.setattr(access, "LOOK_SECONDS", 0.1)


@pytest.fixture
def fleet(core: Valkey) -> Iterator[ControlledFleet]:
    with ControlledFleet(core) as fleet:
        take_users(core, fleet)
        yield fleet


def take_users(core: Valkey, fleet: ControlledFleet) -> None:
    """Give the core its user `admin`, as its file of users does."""
    users = fleet.keys.entries["core.acl"].splitlines()
    (admin,) = [user for user in users if user.startswith("user admin ")]
    with core.client() as root:
        root.execute_command("ACL", "SETUSER", *admin.split()[1:])


def pop(name: str, cluster: str = "agent", **annotations: str) -> Object:
    metadata = {"name": name, "annotations": annotations}
    api_version = "dnsfleet.io/v1alpha1"
    return {
        "apiVersion": api_version,
        "kind": "Pop",
        "metadata": metadata,
        "spec": {"cluster": cluster},
    }


def credentials(fleet: ControlledFleet, name: str) -> dict[str, Any] | None:
    """What the Secret has of a Pop."""
    secret = fleet.cluster.get("Secret", SECRET, NAMESPACE)
    entry = secret["data"].get(f"pop-{name}") if secret is not None else None
    return None if entry is None else cast(dict[str, Any], json.loads(base64.b64decode(entry)))


def gets_in(core: Valkey, name: str, password: str) -> bool:
    """Whether the user of a Pop may log in, and is not sent away at once."""
    with closing(connect(core.url_for(f"pop-{name}", password))) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:  # a refusal of the password is one too
            return False


def joined(fleet: ControlledFleet, core: Valkey, name: str) -> str:
    """The password of a Pop, once it gets in."""
    found = wait_for("the credentials", lambda: credentials(fleet, name), DEADLINE_SECONDS)
    password = str(found["passwords"][0])
    wait_for("the user", lambda: gets_in(core, name, password), DEADLINE_SECONDS)
    return password


def test_passwords_of_the_core_may_have_any_character(core: Valkey) -> None:
    """They are somebody else's where the core is (`core.external`)."""
    odd = "p@ss/w:rd?#[%41]&+"
    with core.client() as root:
        root.execute_command("ACL", "SETUSER", "publisher", "resetpass", f">{odd}")
    with ControlledFleet(core, password=odd) as fleet:
        take_users(core, fleet)
        fleet.put(pop("ams"))
        joined(fleet, core, "ams")
        found = wait_for("its spec", lambda: specs(core), DEADLINE_SECONDS)
    assert list(found) == [b"ams"]


def specs(core: Valkey) -> dict[bytes, bytes]:
    """The signed specs that the core has, by Pop."""
    with core.client() as root:
        return cast(dict[bytes, bytes], root.hgetall(keys.POPS))


def test_a_pop_of_another_cluster_gets_in_and_a_local_one_does_not(
    fleet: ControlledFleet, core: Valkey
) -> None:
    fleet.put(pop("fra", "local"))
    fleet.put(pop("ams"))
    joined(fleet, core, "ams")
    assert credentials(fleet, "fra") is None
    with core.client() as root:
        users = root.acl_users()
    assert [user for user in users if user.startswith("pop-")] == ["pop-ams"]
    end = "dnsfleet_pop_certificate_expiry_timestamp_seconds"
    ten_years = time.time() + authorities.CLIENT_DAYS * 24 * 3600

    def told_end() -> float | None:
        return fleet.metrics.registry.get_sample_value(end, {"pop": "ams"})

    assert wait_for("its end", told_end, DEADLINE_SECONDS) == pytest.approx(ten_years, abs=86400)
    assert fleet.metrics.registry.get_sample_value(end, {"pop": "fra"}) is None


def test_a_pop_that_was_deleted_is_sent_away_within_five_seconds(
    fleet: ControlledFleet, core: Valkey
) -> None:
    made = fleet.put(pop("ams"))
    password = joined(fleet, core, "ams")
    with closing(connect(core.url_for("pop-ams", password))) as stolen:
        stolen.set(pop_slots.key("ams", 0), b"said")
        wait_for("its spec", lambda: len(left(core)) == 2, DEADLINE_SECONDS)
        began = time.monotonic()
        fleet.delete(made)
        wait_for("the end", lambda: not gets_in(core, "ams", password), DEADLINE_SECONDS)
        assert time.monotonic() - began < 5.0
        with pytest.raises(redis.RedisError):
            stolen.ping()
    wait_for("no credentials", lambda: not credentials(fleet, "ams"), DEADLINE_SECONDS)
    wait_for("nothing is left of it", lambda: not left(core), DEADLINE_SECONDS)


def left(core: Valkey) -> list[bytes]:
    """What the core has of Pops of other clusters."""
    with core.client() as root:
        return [*specs(core), *root.keys("dnsfleet:1:pop:*")]


def test_the_secret_tells_no_end_of_access_before_it_is_one(
    fleet: ControlledFleet, core: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = fleet.put(pop("ams"))
    password = joined(fleet, core, "ams")
    got_in = []
    replace = fleet.cluster.replace

    def watched(changed: Object) -> Object:
        if changed["metadata"]["name"] == SECRET and "pop-ams" not in changed["data"]:
            got_in.append(gets_in(core, "ams", password))
        return replace(changed)

    monkeypatch.setattr(fleet.cluster, "replace", watched)
    fleet.delete(made)
    wait_for("no credentials", lambda: not credentials(fleet, "ams"), DEADLINE_SECONDS)
    assert got_in == [False]


def test_what_a_pop_said_ends_with_its_access(fleet: ControlledFleet, core: Valkey) -> None:
    made = fleet.put(pop("ams"))
    fleet.put(pop("fra"))
    password = joined(fleet, core, "ams")
    with core.client() as root, closing(connect(core.url_for("pop-ams", password))) as said:
        for slot in range(pop_slots.SLOTS):
            said.set(pop_slots.key("ams", slot), "said")
        root.set(pop_slots.key("fra", 0), "said")
        fleet.delete(made)
        wait_for("no credentials", lambda: not credentials(fleet, "ams"), DEADLINE_SECONDS)
        own = [pop_slots.key("fra", 0).encode()]
        wait_for("its words end", lambda: root.keys("dnsfleet:1:pop:*") == own, DEADLINE_SECONDS)


@pytest.mark.usefixtures("often")
def test_a_pop_that_is_gone_with_its_definition_stays(fleet: ControlledFleet, core: Valkey) -> None:
    made = fleet.put(pop("ams"))
    password = joined(fleet, core, "ams")
    definition = fleet.cluster.get("CustomResourceDefinition", "pops.dnsfleet.io")
    assert definition is not None
    fleet.cluster.delete(definition)
    fleet.delete(made)
    fleet.wait_for_passes("Access", more=2)
    assert gets_in(core, "ams", password)


@pytest.mark.usefixtures("often")
def test_users_come_back_with_the_core(fleet: ControlledFleet, core: Valkey) -> None:
    fleet.put(pop("ams"))
    password = joined(fleet, core, "ams")
    core.kill()
    core.start()
    take_users(core, fleet)
    wait_for("the user", lambda: gets_in(core, "ams", password), DEADLINE_SECONDS)


@pytest.mark.usefixtures("often")
def test_a_rotation_leaves_the_password_before(fleet: ControlledFleet, core: Valkey) -> None:
    fleet.put(pop("ams"))
    first = joined(fleet, core, "ams")
    before = credentials(fleet, "ams")
    fleet.put(pop("ams", **{ROTATE_ANNOTATION: "now"}))
    wait_for("a rotation", lambda: credentials(fleet, "ams") != before, DEADLINE_SECONDS)
    second = joined(fleet, core, "ams")
    found = credentials(fleet, "ams")
    assert found is not None
    assert found["passwords"] == [second, first]
    assert gets_in(core, "ams", first)
    fleet.wait_for_passes("Access", more=2)
    assert credentials(fleet, "ams") == found, "one wish is one rotation"
    bare = fleet.cluster.get("Pop", "ams")
    assert bare is not None
    bare["metadata"]["annotations"] = {}
    fleet.put(bare)
    fleet.wait_for_passes("Access", more=2)
    assert credentials(fleet, "ams") == found, "a tool that takes the annotation away asks nothing"
    secret = fleet.cluster.get("Secret", SECRET, NAMESPACE)
    assert secret is not None
    late = found | {"rotated": found["rotated"] - pop_credentials.OVERLAP_SECONDS - 1}
    secret["data"]["pop-ams"] = base64.b64encode(json.dumps(late).encode()).decode()
    fleet.cluster.put(secret)
    wait_for("the end", lambda: not gets_in(core, "ams", first), DEADLINE_SECONDS)
    assert gets_in(core, "ams", second)


@pytest.mark.usefixtures("often")
def test_rotations_leave_the_password_that_the_pop_still_has(
    fleet: ControlledFleet, core: Valkey
) -> None:
    fleet.put(pop("ams"))
    first = joined(fleet, core, "ams")
    for wish in ("first", "second"):
        before = credentials(fleet, "ams")
        fleet.put(pop("ams", **{ROTATE_ANNOTATION: wish}))
        wait_for(
            "a rotation", lambda known=before: credentials(fleet, "ams") != known, DEADLINE_SECONDS
        )
        joined(fleet, core, "ams")
        assert gets_in(core, "ams", first)


@pytest.mark.usefixtures("often")
def test_the_tunnel_lets_in_the_certificates_of_the_day(
    fleet: ControlledFleet, core: Valkey
) -> None:
    """Those of a Pop that left and of an older rotation do not count; a lost list comes back."""
    made = fleet.put(pop("ams"))
    joined(fleet, core, "ams")
    before = known(fleet) or set()
    assert len(before) == 1
    fleet.put(pop("ams", **{ROTATE_ANNOTATION: "once"}))
    wait_for("both", lambda: before < (known(fleet) or set()), DEADLINE_SECONDS)
    secret = fleet.cluster.get("Secret", SECRET, NAMESPACE)
    assert secret is not None
    del secret["data"][pop_credentials.FINGERPRINTS]  # as an older operator leaves it
    fleet.cluster.put(secret)
    wait_for("the list", lambda: before < (known(fleet) or set()), DEADLINE_SECONDS)
    fleet.delete(made)
    wait_for("the end of both", lambda: known(fleet) == set(), DEADLINE_SECONDS)


@pytest.mark.usefixtures("often")
def test_the_kubelet_is_to_bring_the_tunnel_each_list_at_once(
    fleet: ControlledFleet, core: Valkey
) -> None:
    labels = {
        "app.kubernetes.io/instance": CONFIGURATION.release,
        "app.kubernetes.io/component": "tunnel",
    }
    name = "dnsfleet-tunnel-1"
    fleet.cluster.put(
        {"kind": "Pod", "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels}}
    )

    def told() -> bool:
        pod = fleet.cluster.get("Pod", name, NAMESPACE)
        secret = fleet.cluster.get("Secret", SECRET, NAMESPACE)
        assert pod is not None
        assert secret is not None
        version = (pod["metadata"].get("annotations") or {}).get(f"mounted.dnsfleet.io/{SECRET}")
        return version is not None and version.startswith(secret["metadata"]["resourceVersion"])

    fleet.put(pop("ams"))
    joined(fleet, core, "ams")
    wait_for("it is told of the Pop that joins", told, DEADLINE_SECONDS)
    before = known(fleet)
    fleet.put(pop("ams", **{ROTATE_ANNOTATION: "once"}))
    wait_for("another certificate", lambda: known(fleet) != before, DEADLINE_SECONDS)
    wait_for("it is told of that", told, DEADLINE_SECONDS)


def known(fleet: ControlledFleet) -> set[str] | None:
    """The list for the tunnel."""
    secret = fleet.cluster.get("Secret", SECRET, NAMESPACE)
    assert secret is not None
    found = secret["data"].get(pop_credentials.FINGERPRINTS)
    return None if found is None else set(base64.b64decode(found).decode().split())


@pytest.mark.usefixtures("often")
def test_each_of_several_problems_is_told_once(
    fleet: ControlledFleet, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pop_credentials, "MAX_POPS", 0)
    for name in ("ams", "fra"):
        fleet.put(pop(name))

    def told() -> list[str]:
        return sorted(text for text in caplog.messages if "cannot reach the core" in text)

    wait_for("both are told", lambda: len(set(told())) == 2, DEADLINE_SECONDS)
    fleet.wait_for_passes("Access", more=3)
    assert [text.split()[1] for text in told()] == ["ams", "fra"]


@pytest.mark.usefixtures("often")
def test_a_secret_that_is_gone_is_written_again(fleet: ControlledFleet, core: Valkey) -> None:
    fleet.put(pop("ams"))
    joined(fleet, core, "ams")
    before = fleet.cluster.get("Secret", SECRET, NAMESPACE)
    assert before is not None
    fleet.cluster.delete(before)
    found = wait_for(
        "the Secret", lambda: fleet.cluster.get("Secret", SECRET, NAMESPACE), DEADLINE_SECONDS
    )
    assert found["data"] == before["data"]


@pytest.mark.usefixtures("often")
def test_a_secret_that_cannot_be_used_sends_nobody_away(
    fleet: ControlledFleet, core: Valkey
) -> None:
    fleet.put(pop("ams"))
    password = joined(fleet, core, "ams")
    secret = fleet.cluster.get("Secret", SECRET, NAMESPACE)
    assert secret is not None
    broken = secret | {"data": secret["data"] | {"pop-ams": "?"}}
    fleet.cluster.put(broken)
    fleet.wait_for_passes("Access", more=2)
    assert gets_in(core, "ams", password)
    found = fleet.cluster.get("Secret", SECRET, NAMESPACE)
    assert found is not None
    assert found["data"] == broken["data"]
