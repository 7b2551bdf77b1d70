"""The Secret of a joined Pop: what is kept, what begins anew, and what is written again."""

import base64

import pytest
from dnsfleet.replication.revisions import Revision
from dnsfleet_operator.joined import own_keys
from dnsfleet_operator.joined.joining import Join, JoinError
from dnsfleet_publisher import key_secrets, redis_users
from support.installations import CONFIGURATION
from support.memory_clusters import MemoryCluster

FIRST, SECOND, THIRD = (key_secrets.make().public_pem for _ in range(3))
JOIN = Join("fra", "core.example:16379", "pop-fra", "secret", FIRST, "dnsfleet-join")
SECRET = ("Secret", "dnsfleet-keys", "dns")


def test_passwords_and_a_rotated_key_stay_until_the_join_secret_has_another_key() -> None:
    cluster = MemoryCluster()
    first = own_keys.keep(cluster, CONFIGURATION, JOIN, None)
    assert (first.public_pem, first.revision) == (FIRST, None)
    before = cluster.get(*SECRET)
    assert own_keys.keep(cluster, CONFIGURATION, JOIN, None) == first
    assert cluster.get(*SECRET) == before, "nothing is written again"

    rotated = own_keys.advance(cluster, CONFIGURATION, first, Revision(7, 2), SECOND)
    assert (rotated.public_pem, rotated.revision) == (SECOND, Revision(7, 2))
    assert rotated.users_version == first.users_version
    assert own_keys.keep(cluster, CONFIGURATION, JOIN, None) == rotated

    other = JOIN._replace(public_key=THIRD)
    anew = own_keys.keep(cluster, CONFIGURATION, other, rotated)
    assert (anew.public_pem, anew.revision) == (THIRD, None)
    assert anew.operator_password == first.operator_password
    assert [each.anew for each in (first, rotated, anew)] == [False, False, True]
    assert own_keys.keep(cluster, CONFIGURATION, other, None).anew, "a new operator knows it too"
    settled = own_keys.advance(cluster, CONFIGURATION, anew, Revision(1, 1), THIRD)
    assert not settled.anew
    assert own_keys.keep(cluster, CONFIGURATION, other, None) == settled


@pytest.mark.parametrize(
    ("trusted", "printed"),
    [(SECOND, SECOND), (FIRST + SECOND, SECOND + FIRST), (FIRST + SECOND, SECOND)],
)
def test_a_join_secret_with_keys_that_the_core_rotated_to_is_of_the_same_core(
    trusted: str, printed: str
) -> None:
    """As one that was printed anew after the key was: what was done is not done again."""
    cluster = MemoryCluster()
    held = own_keys.keep(cluster, CONFIGURATION, JOIN, None)
    rotated = own_keys.advance(cluster, CONFIGURATION, held, Revision(7, 2), trusted)
    damage(cluster, **{own_keys.JOURNAL: base64.b64encode(b"done").decode()})
    join = JOIN._replace(public_key=printed)
    for before in (rotated, None):
        found = own_keys.keep(cluster, CONFIGURATION, join, before)
        assert (found.public_pem, found.revision, found.anew) == (trusted, Revision(7, 2), False)
        assert found.entries[own_keys.JOURNAL] == "done"
        assert found.entries[own_keys.JOINED_KEYS] == printed
    other = own_keys.keep(cluster, CONFIGURATION, JOIN._replace(public_key=THIRD), None)
    assert (other.public_pem, other.revision, other.anew) == (THIRD, None, True)
    assert own_keys.JOURNAL not in other.entries


def test_of_another_pop_in_the_cluster_no_spec_was_taken_yet_and_the_rotated_key_stays() -> None:
    cluster = MemoryCluster()
    held = own_keys.keep(cluster, CONFIGURATION, JOIN, None)
    held = own_keys.advance(cluster, CONFIGURATION, held, Revision(7, 2), SECOND)
    other = JOIN._replace(pop="ams")
    for before in (held, None):
        anew = own_keys.keep(cluster, CONFIGURATION, other, before)
        assert (anew.public_pem, anew.revision) == (SECOND, None)
        assert anew.operator_password == held.operator_password


def damage(cluster: MemoryCluster, **entries: str) -> None:
    found = cluster.get(*SECRET)
    assert found is not None
    cluster.put({**found, "data": found["data"] | entries})


@pytest.mark.parametrize("entries", [{"publisher.pub": "?"}, {"publisher.pub": ""}, {"edge": "ä"}])
def test_what_is_lost_or_damaged_while_the_operator_runs_is_written_again(
    entries: dict[str, str],
) -> None:
    cluster = MemoryCluster()
    held = own_keys.keep(cluster, CONFIGURATION, JOIN, None)
    held = own_keys.advance(cluster, CONFIGURATION, held, Revision(7, 2), SECOND)
    before = cluster.get(*SECRET)
    assert before is not None
    for lose in (lambda: cluster.delete(before), lambda: damage(cluster, **entries)):
        lose()
        assert own_keys.keep(cluster, CONFIGURATION, JOIN, held) == held
        found = cluster.get(*SECRET)
        assert found is not None
        assert found["data"] == before["data"]


def test_what_was_lost_while_no_operator_ran_is_made_anew_and_what_is_damaged_is_told() -> None:
    cluster = MemoryCluster()
    held = own_keys.keep(cluster, CONFIGURATION, JOIN, None)
    damage(cluster, **{"publisher.pub": base64.b64encode(b"PEM").decode()})
    with pytest.raises(JoinError, match="dns/dnsfleet-keys: no PEM public key"):
        own_keys.keep(cluster, CONFIGURATION, JOIN, None)
    found = cluster.get(*SECRET)
    assert found is not None
    cluster.delete(found)
    anew = own_keys.keep(cluster, CONFIGURATION, JOIN, None)
    assert anew.operator_password != held.operator_password
    assert anew.users_version != held.users_version, "its pods are replaced"


def test_a_user_that_the_version_before_did_not_have_concerns_the_replica_and_no_edge() -> None:
    cluster = MemoryCluster()
    held = own_keys.keep(cluster, CONFIGURATION, JOIN, None)
    before = cluster.get(*SECRET)
    assert before is not None
    former = {user: held.entries[user] for user in ("edge", "ack", "operator")}
    acl = base64.b64encode(redis_users.acl(former).encode()).decode()
    data = {entry: text for entry, text in before["data"].items() if entry != redis_users.PROBE}
    cluster.put({**before, "data": data | {"replica.acl": acl}})

    now = own_keys.keep(cluster, CONFIGURATION, JOIN, None)
    assert now.entries["replica.acl"].count("\nuser probe on #") == 1
    assert now.entries["probe"] != held.entries["probe"]
    assert {user: now.entries[user] for user in former} == former
    assert now.passwords_version == held.passwords_version
    assert now.users_version != held.users_version
    assert own_keys.keep(cluster, CONFIGURATION, JOIN, None) == now
