"""The core takes Redis users that were written anew, without a person.

Here it is told by a stand-in of `live_users`; that itself is tried on a real core.
"""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from dnsfleet_operator.cluster import ClusterError, ConflictError, Object
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.secrets import core_restarts, key_keeping, pruning
from dnsfleet_operator.secrets.key_keeping import KeyKeeper
from dnsfleet_publisher import key_secrets, live_users
from dnsfleet_publisher.live_users import RefusedError
from dnsfleet_publisher.store_errors import StoreError
from support.installations import CONFIGURATION
from support.memory_clusters import MemoryCluster

NAMESPACE, NAME = CONFIGURATION.namespace, CONFIGURATION.keys_secret
OF_THE_RELEASE = replace(CONFIGURATION, core_host=f"dnsfleet-core.{NAMESPACE}.svc")
CORE = ("Pod", "dnsfleet-core-0", NAMESPACE)
BY_HAND = "kubectl -n dns rollout restart statefulset/dnsfleet-core"


class Upgrade:
    """A Secret with an entry as an earlier version wrote it, and the pod of the core."""

    def __init__(self, entry: str = "core.acl") -> None:
        self.cluster = MemoryCluster()
        self.today = key_secrets.make()
        text = self.today.entries[entry]
        entries = {**self.today.entries, entry: text.replace(" +ping", "")}
        assert entries != self.today.entries
        self.yesterday = self.today._replace(entries=entries)
        self.store(self.yesterday)
        self.start_core()
        self.brought: list[str] = []
        self.now = 5000.0
        """Of the monotonic clock, in seconds."""
        self.answer: StoreError | None = RefusedError('user "admin" is refused')
        """Of a core that is told its users; None where it takes them."""

    def bring(self, _client: object, acl: str) -> None:
        """As `live_users`."""
        self.brought.append(acl)
        if self.answer is not None:
            raise self.answer

    def store(self, keys: key_secrets.Keys) -> None:
        secret = key_secrets.secret(keys, NAME, NAMESPACE)
        secret["metadata"]["annotations"] = {"other": "kept"}
        self.cluster.put(secret)

    def start_core(self) -> None:
        """As its StatefulSet does."""
        kind, name, namespace = CORE
        self.cluster.put({"kind": kind, "metadata": {"name": name, "namespace": namespace}})

    def core_runs(self) -> bool:
        return self.cluster.get(*CORE) is not None

    def operator(self, configuration: Configuration = OF_THE_RELEASE) -> KeyKeeper:
        """One that has just started."""
        return KeyKeeper(self.cluster, configuration, self.yesterday, Metrics())

    def assert_settled(self) -> None:
        """The users are those of today, and nothing is left to do."""
        found = self.cluster.get("Secret", NAME, NAMESPACE)
        assert found is not None
        assert key_secrets.read(found).entries == self.today.entries
        annotations = found["metadata"]["annotations"]
        assert annotations | pruning.KEEP == {"other": "kept"} | pruning.KEEP


@pytest.fixture
def upgrade(monkeypatch: pytest.MonkeyPatch) -> Upgrade:
    made = Upgrade()
    monkeypatch.setattr(live_users, "bring", made.bring)
    monkeypatch.setattr(core_restarts, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


def told(keeper: KeyKeeper) -> str:
    """The one notice that there is."""
    ((kind, reason, text),) = keeper.take_notices()
    assert (kind, reason) == ("Normal", "UsersRenewed")
    return text


def test_a_core_that_runs_takes_its_users_without_a_restart(upgrade: Upgrade) -> None:
    upgrade.answer = None
    keeper = upgrade.operator()
    keeper.begin_term()
    assert upgrade.core_runs()
    assert upgrade.brought == [upgrade.today.entries["core.acl"]]
    assert "with the same passwords; the core has taken them" in told(keeper)
    keeper.look(None)
    assert keeper.take_notices() == [], "it is told once"
    found = upgrade.cluster.get("Secret", NAME, NAMESPACE)
    assert found is not None
    assert core_restarts.is_due(found)
    assert pruning.is_kept(found), "other work on the Secret goes on meanwhile"
    upgrade.now += core_restarts.REREAD_SECONDS
    keeper.look(None)
    upgrade.assert_settled()
    given = len(upgrade.brought)
    keeper.look(None)
    assert len(upgrade.brought) == given


def test_a_core_that_starts_again_before_the_kubelet_brought_the_file_is_given_them_again(
    upgrade: Upgrade,
) -> None:
    """Its container reads the users of before then."""
    upgrade.answer = None
    keeper = upgrade.operator()
    keeper.look(None)
    upgrade.now += core_restarts.REREAD_SECONDS - 1
    upgrade.brought.clear()
    upgrade.answer = StoreError("cannot be reached")
    keeper.look(None)
    upgrade.answer = None
    keeper.look(None)
    assert upgrade.brought == [upgrade.today.entries["core.acl"]] * 2
    assert upgrade.core_runs()


def test_users_that_are_written_anew_have_the_whole_time(upgrade: Upgrade) -> None:
    upgrade.answer = None
    keeper = upgrade.operator()
    keeper.look(None)
    assert "the core has taken them" in told(keeper)
    upgrade.now += core_restarts.REREAD_SECONDS
    upgrade.store(upgrade.yesterday)
    keeper.look(None)
    assert "the core has taken them" in told(keeper)
    upgrade.brought.clear()
    keeper.look(None)
    assert len(upgrade.brought) == 1


def test_a_core_that_does_not_answer_is_told_again(upgrade: Upgrade) -> None:
    upgrade.answer = StoreError("cannot be reached")
    keeper = upgrade.operator()
    for _ in range(2):
        keeper.look(None)
    assert upgrade.core_runs()
    assert keeper.take_notices() == []
    upgrade.answer = None
    following = upgrade.operator()
    following.look(None)
    assert "the core has taken them" in told(following)
    upgrade.now += core_restarts.REREAD_SECONDS
    following.look(None)
    upgrade.assert_settled()


def test_a_core_that_is_being_replaced_is_told_nothing(upgrade: Upgrade) -> None:
    kind, name, namespace = CORE
    metadata = {"name": name, "namespace": namespace, "deletionTimestamp": "2026-01-01T00:00:00Z"}
    upgrade.cluster.put({"kind": kind, "metadata": metadata})
    keeper = upgrade.operator()
    keeper.look(None)
    assert upgrade.brought == []
    assert "the core takes them when it starts" in told(keeper)
    upgrade.assert_settled()


def test_a_core_that_refuses_them_is_restarted_once(upgrade: Upgrade) -> None:
    keeper = upgrade.operator()
    keeper.begin_term()
    assert not upgrade.core_runs()
    assert "the core (pod dnsfleet-core-0) was restarted to take them" in told(keeper)
    assert keeper.report == key_keeping.STORED
    upgrade.assert_settled()
    upgrade.start_core()
    for each in (keeper, upgrade.operator()):
        each.look(None)
        assert each.take_notices() == []
    assert upgrade.core_runs()


def test_users_that_something_else_puts_back_do_not_restart_the_core_each_time(
    upgrade: Upgrade,
) -> None:
    keeper = upgrade.operator()
    keeper.look(None)
    assert "was restarted to take them" in told(keeper)
    upgrade.start_core()
    upgrade.store(upgrade.yesterday)
    keeper.look(None)
    text = told(keeper)
    assert "see that nothing else writes the Secret" in text
    assert BY_HAND in text
    assert upgrade.core_runs()
    upgrade.assert_settled()


def test_a_first_install_restarts_nothing() -> None:
    upgrade = Upgrade()
    upgrade.store(upgrade.today)
    keeper = upgrade.operator()
    keeper.begin_term()
    assert upgrade.core_runs()
    assert keeper.take_notices() == []


def test_users_of_the_replicas_restart_no_core() -> None:
    upgrade = Upgrade("replica.acl")
    keeper = upgrade.operator()
    keeper.look(None)
    assert upgrade.core_runs()
    assert "replicas take them when they start" in told(keeper)
    upgrade.assert_settled()


def test_what_a_leader_left_undone_is_done_by_the_next_one(
    upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = upgrade.cluster.replace

    def written_and_ended(changed: Object) -> Object:
        write(changed)
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(upgrade.cluster, "replace", written_and_ended)
        with pytest.raises(SystemExit):
            upgrade.operator().begin_term()
    assert upgrade.core_runs()
    following = upgrade.operator()
    following.begin_term()
    assert not upgrade.core_runs()
    assert "was restarted to take them" in told(following)
    upgrade.assert_settled()


def test_an_api_server_in_trouble_is_asked_again(upgrade: Upgrade) -> None:
    keeper = upgrade.operator()
    upgrade.cluster.faults["Pod"] = ClusterError("no answer", 0)
    for _ in range(2):
        with pytest.raises(ClusterError):
            keeper.look(None)
    assert keeper.take_notices() == []
    assert keeper.report == key_keeping.STORED
    upgrade.cluster.faults.clear()
    keeper.look(None)
    assert not upgrade.core_runs()
    assert "was restarted to take them" in told(keeper)
    upgrade.assert_settled()


def test_without_the_right_people_are_asked_to_restart_it(upgrade: Upgrade) -> None:
    keeper = upgrade.operator()
    upgrade.cluster.faults["Pod"] = ClusterError("pods is forbidden", 403)
    keeper.look(None)
    text = told(keeper)
    assert "could not be restarted to take them: pods is forbidden" in text
    assert BY_HAND in text
    upgrade.assert_settled()
    keeper.look(None)
    assert keeper.take_notices() == [], "it is told once"


def test_a_core_of_somebody_else_is_left_alone(upgrade: Upgrade) -> None:
    keeper = upgrade.operator(replace(CONFIGURATION, core_host="redis.example"))
    keeper.look(None)
    assert upgrade.core_runs()
    assert "the core at redis.example is not of this release" in told(keeper)
    upgrade.assert_settled()


def test_a_core_that_is_just_starting_anew_is_not_ended(
    upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    def another(_: Object) -> None:
        raise ConflictError("it has another uid", 409)

    monkeypatch.setattr(upgrade.cluster, "delete", another)
    keeper = upgrade.operator()
    keeper.look(None)
    assert "was restarted meanwhile" in told(keeper)
    upgrade.assert_settled()


def test_without_a_pod_there_is_nothing_to_end(upgrade: Upgrade) -> None:
    found = upgrade.cluster.get(*CORE)
    assert found is not None
    upgrade.cluster.delete(found)
    keeper = upgrade.operator()
    keeper.look(None)
    assert "the core takes them when it starts" in told(keeper)
    upgrade.assert_settled()


def test_the_mark_leaves_all_else_of_the_secret_as_it_is() -> None:
    secret: Object = {"metadata": {"name": NAME}, "data": {"a": "b"}}
    assert not core_restarts.is_due(secret)
    marked = core_restarts.marked(secret)
    assert core_restarts.is_due(marked)
    unmarked = core_restarts.unmarked(marked)
    assert unmarked == {"metadata": {"name": NAME, "annotations": {}}, "data": {"a": "b"}}
