"""What is held of the keys, beside what the Secret says."""

from dataclasses import replace
from typing import Any

import pytest
from dnsfleet.replication import public_keys
from dnsfleet.replication.sums import Positions
from dnsfleet_operator.cluster import ClusterError, Object
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.objects import MANAGED_BY, POP_LABEL
from dnsfleet_operator.secrets import key_keeping, pruning
from dnsfleet_operator.secrets.key_keeping import KeyKeeper
from dnsfleet_operator.secrets.rotations import Progress
from dnsfleet_publisher import key_secrets
from dnsfleet_publisher.key_secrets import Keys, KeySecretError
from dnsfleet_publisher.redis_users import LATER_REPLICA_USERS, LATER_USERS
from support.installations import CONFIGURATION
from support.memory_clusters import MemoryCluster

NAMESPACE, NAME = CONFIGURATION.namespace, CONFIGURATION.keys_secret
RESTORE = "kubectl dnsfleet keys restore FILE"


class Installation:
    """A Secret, and an operator that read it."""

    def __init__(self) -> None:
        self.cluster = MemoryCluster()
        self.metrics = Metrics()
        keys, _ = key_keeping.first(self.cluster, CONFIGURATION)
        assert keys is not None
        self.keys = keys
        self.keeper = KeyKeeper(self.cluster, CONFIGURATION, keys, self.metrics)

    def pop(self, keys: Keys, name: str = "fra") -> None:
        """A Pop whose edges were told these keys."""
        labels = {POP_LABEL: name, "app.kubernetes.io/managed-by": MANAGED_BY}
        metadata = {"name": f"pop-{name}", "namespace": NAMESPACE, "labels": labels}
        data = {"publisher.pub": keys.public_pem}
        self.cluster.put({"kind": "ConfigMap", "metadata": metadata, "data": data})

    def stored(self) -> dict[str, Any] | None:
        return self.cluster.get("Secret", NAME, NAMESPACE)

    def lose(self) -> None:
        found = self.stored()
        assert found is not None
        self.cluster.delete(found)

    def sample(self, name: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"dnsfleet_operator_{name}")


@pytest.fixture
def fleet() -> Installation:
    return Installation()


def test_a_first_start_makes_keys_and_the_next_one_reads_them(fleet: Installation) -> None:
    fleet.pop(fleet.keys)
    again, why = key_keeping.first(fleet.cluster, CONFIGURATION)
    assert again is not None
    assert (again.entries, why) == (fleet.keys.entries, "")


def test_a_start_without_the_secret_makes_no_keys_where_edges_have_some(
    fleet: Installation,
) -> None:
    for name in ("ams", "fra", "iad", "sin"):
        fleet.pop(fleet.keys, name)
    fleet.lose()
    keys, why = key_keeping.first(fleet.cluster, CONFIGURATION)
    assert keys is None
    assert fleet.stored() is None
    assert f"Secret {NAMESPACE}/{NAME} is gone, and no new keys are made" in why
    assert "ConfigMaps pop-ams, pop-fra, pop-iad and 1 more" in why
    assert RESTORE in why


def test_a_secret_that_is_gone_is_written_again_and_that_is_told(fleet: Installation) -> None:
    fleet.keeper.look(None)
    assert (fleet.keeper.known, fleet.keeper.report) == (True, key_keeping.STORED)
    assert fleet.keeper.take_notices() == []
    fleet.lose()
    fleet.keeper.look(None)
    again = fleet.stored()
    assert again is not None
    assert key_secrets.read(again).entries == fleet.keys.entries
    assert again["metadata"]["labels"].items() >= key_secrets.LABELS.items()
    assert (fleet.keeper.report.good, fleet.keeper.report.reason) == (True, "SecretWrittenAgain")
    assert (fleet.sample("keys_losses_total"), fleet.sample("keys_lost")) == (1, 0)
    fleet.keeper.look(None)
    assert fleet.keeper.report.reason == "SecretWrittenAgain", "for people to notice it"
    fleet.lose()
    fleet.keeper.look(None)
    assert fleet.keeper.take_notices() == [], "the Fleet tells it"
    assert fleet.sample("keys_losses_total") == 2


def test_a_secret_that_cannot_be_written_again_is_told_as_lost(
    fleet: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.keeper.look(None)
    fleet.lose()

    def refused(_: object) -> object:
        raise ClusterError("forbidden", 403)

    with monkeypatch.context() as patched:
        patched.setattr(fleet.cluster, "create", refused)
        for _ in range(2):
            with pytest.raises(ClusterError):
                fleet.keeper.look(None)
    report = fleet.keeper.report
    assert (report.good, report.reason) == (False, "SecretLost")
    assert "cannot be written: forbidden" in report.message
    assert (fleet.sample("keys_losses_total"), fleet.sample("keys_lost")) == (1, 1)
    fleet.keeper.look(None)
    assert fleet.stored() is not None
    assert fleet.sample("keys_lost") == 0


def test_a_new_term_takes_what_the_secret_says(fleet: Installation) -> None:
    rotated = key_secrets.switch(key_secrets.begin(fleet.keys))
    fleet.cluster.put(key_secrets.secret(rotated, NAME, NAMESPACE))
    fleet.keeper.begin_term()
    assert fleet.keeper.keys.entries == rotated.entries
    assert (fleet.keeper.known, fleet.keeper.report) == (True, key_keeping.STORED)


def test_a_term_that_begins_while_the_api_server_is_away_reads_the_secret_later(
    fleet: Installation,
) -> None:
    rotated = key_secrets.switch(key_secrets.begin(fleet.keys))
    fleet.cluster.put(key_secrets.secret(rotated, NAME, NAMESPACE))
    fleet.cluster.faults["Secret"] = ClusterError("no answer", 0)
    fleet.keeper.begin_term()
    assert (fleet.keeper.known, fleet.keeper.report) == (False, key_keeping.UNKNOWN)
    fleet.cluster.faults.clear()
    fleet.keeper.look(None)
    assert fleet.keeper.keys.entries == rotated.entries


@pytest.mark.parametrize("told", [True, False])
def test_a_new_term_without_the_secret_trusts_only_keys_that_edges_have(
    fleet: Installation, told: bool
) -> None:
    fleet.pop(fleet.keys if told else key_secrets.make())
    fleet.lose()
    fleet.keeper.begin_term()
    fleet.keeper.look(None)
    assert fleet.keeper.known is told
    assert (fleet.stored() is not None) is told
    if not told:
        assert (fleet.keeper.report.good, fleet.keeper.report.reason) == (False, "SecretLost")
        assert RESTORE in fleet.keeper.report.message


def with_users_of_yesterday(keys: Keys) -> Keys:
    """As a version made them whose publisher could not read the clock of the core."""
    entries = {**keys.entries, "core.acl": keys.entries["core.acl"].replace(" +time", "")}
    assert entries != keys.entries
    return keys._replace(entries=entries)


def test_redis_users_of_an_earlier_version_get_the_rights_of_this_one(fleet: Installation) -> None:
    fleet.cluster.put(key_secrets.secret(with_users_of_yesterday(fleet.keys), NAME, NAMESPACE))
    fleet.keeper.begin_term()
    found = fleet.stored()
    assert found is not None
    assert key_secrets.read(found).entries == fleet.keys.entries
    assert fleet.keeper.keys.entries == fleet.keys.entries
    assert (fleet.keeper.known, fleet.keeper.report) == (True, key_keeping.STORED)
    ((kind, reason, text),) = fleet.keeper.take_notices()
    assert (kind, reason) == ("Normal", "UsersRenewed")
    assert "has the Redis users of this version now, with the same passwords" in text
    fleet.keeper.look(None)
    assert fleet.keeper.take_notices() == []
    assert fleet.stored() == found, "it is written once"


def without_later_users(keys: Keys) -> Keys:
    """As a version before made them: no users for Pops, no status page and no probers."""
    entries = {name: text for name, text in keys.entries.items() if name not in LATER_USERS}
    *others, admin, status, probe = entries["core.acl"].splitlines(keepends=True)
    assert (admin.split()[1], status.split()[1], probe.split()[1]) == LATER_USERS
    *of_replicas, probe = entries["replica.acl"].splitlines(keepends=True)
    assert (probe.split()[1],) == LATER_REPLICA_USERS
    acls = {"core.acl": "".join(others), "replica.acl": "".join(of_replicas)}
    return keys._replace(entries=entries | acls)


def test_a_secret_of_a_version_before_gets_the_users_that_came_later(
    fleet: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = without_later_users(fleet.keys)
    fleet.cluster.put(key_secrets.secret(before, NAME, NAMESPACE))
    keeper = KeyKeeper(fleet.cluster, CONFIGURATION, before, fleet.metrics)

    def refused(_changed: Object) -> Object:
        raise ClusterError("no answer", 0)

    with monkeypatch.context() as patched:
        patched.setattr(fleet.cluster, "replace", refused)
        with pytest.raises(ClusterError):
            keeper.look(None)
        with pytest.raises(ClusterError):
            keeper.look(None)  # with the same password: it is no other Secret
    keeper.look(None)
    found = fleet.stored()
    assert found is not None
    stored = key_secrets.read(found)
    assert stored.entries == keeper.keys.entries
    acls = {"core.acl": LATER_USERS, "replica.acl": LATER_REPLICA_USERS}
    for acl, users in acls.items():
        assert stored.entries[acl].startswith(before.entries[acl])
        for user in users:
            assert f"user {user} on" in stored.entries[acl]
    for user in LATER_USERS:
        assert len(stored.entries[user]) == 2 * key_secrets.PASSWORD_OCTETS
    others = stored.entries.keys() - acls.keys() - set(LATER_USERS)
    assert others == before.entries.keys() - acls.keys()
    assert all(stored.entries[name] == before.entries[name] for name in others)


def test_a_backup_with_users_of_an_earlier_version_is_no_other_secret(fleet: Installation) -> None:
    fleet.keeper.look(None)
    fleet.cluster.put(key_secrets.secret(with_users_of_yesterday(fleet.keys), NAME, NAMESPACE))
    fleet.keeper.look(None)
    assert fleet.keeper.report == key_keeping.STORED
    found = fleet.stored()
    assert found is not None
    assert key_secrets.read(found).entries == fleet.keys.entries


def test_users_in_a_secret_of_somebody_else_stay_as_they_are(fleet: Installation) -> None:
    theirs = with_users_of_yesterday(fleet.keys)
    made = fleet.cluster.put(key_secrets.secret(theirs, "theirs", NAMESPACE))
    configuration = replace(CONFIGURATION, keys_secret="theirs")
    keeper = KeyKeeper(fleet.cluster, configuration, theirs, fleet.metrics)
    keeper.look(None)
    assert (keeper.known, keeper.report) == (True, key_keeping.STORED)
    assert fleet.cluster.get("Secret", "theirs", NAMESPACE) == made


def test_a_secret_that_somebody_changed_changes_nothing_within_a_term(
    fleet: Installation,
) -> None:
    fleet.keeper.look(None)
    fleet.cluster.put(key_secrets.secret(key_secrets.make(), NAME, NAMESPACE))
    fleet.keeper.look(None)
    assert (fleet.keeper.report.good, fleet.keeper.report.reason) == (False, "SecretChanged")
    assert fleet.keeper.keys.entries == fleet.keys.entries
    assert fleet.sample("keys_lost") == 1
    fleet.cluster.put(key_secrets.secret(fleet.keys, NAME, NAMESPACE))
    fleet.keeper.look(None)
    assert fleet.keeper.report == key_keeping.STORED
    fleet.cluster.put({"kind": "Secret", "metadata": {"name": NAME, "namespace": NAMESPACE}})
    found = fleet.stored()
    assert found is not None
    found["data"] = {}
    fleet.cluster.put(found)
    fleet.keeper.look(None)
    assert (fleet.keeper.report.good, fleet.keeper.report.reason) == (False, "SecretUnusable")
    with pytest.raises(KeySecretError):
        key_keeping.first(fleet.cluster, CONFIGURATION)


def test_a_config_map_without_a_key_keeps_nobody_from_making_keys(fleet: Installation) -> None:
    fleet.lose()
    empty = fleet.keys._replace(private=fleet.keys.private)
    fleet.pop(empty)
    found = fleet.cluster.get("ConfigMap", "pop-fra", NAMESPACE)
    assert found is not None
    assert public_keys.parse(found["data"]["publisher.pub"].encode()) == fleet.keys.public
    fleet.cluster.put(found | {"data": {"publisher.pub": ""}})
    keys, _ = key_keeping.first(fleet.cluster, CONFIGURATION)
    assert keys is not None
    assert keys.public != fleet.keys.public


def test_a_step_whose_answer_is_lost_is_gone_on_from(
    fleet: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.keeper.look(None)
    secret = fleet.stored()
    assert secret is not None
    secret["metadata"]["annotations"] |= {key_secrets.ROTATE_ANNOTATION: "now", "other": "kept"}
    fleet.cluster.put(secret)

    def lost(changed: Object) -> Object:
        fleet.cluster.put(changed)
        raise ClusterError("no answer", 0)

    progress = Progress({"fra/1": None}, "", 0, Positions())
    with monkeypatch.context() as patched:
        patched.setattr(fleet.cluster, "replace", lost)
        with pytest.raises(ClusterError):
            fleet.keeper.look(progress)
    fleet.keeper.look(progress)
    assert (fleet.keeper.report.good, fleet.keeper.report.reason) == (True, "Rotating")
    assert fleet.keeper.keys.next is not None
    again = fleet.stored()
    assert again is not None
    assert key_secrets.read(again).entries == fleet.keeper.keys.entries
    assert again["metadata"]["annotations"] == {**pruning.KEEP, "other": "kept"}
