"""What a core Redis refuses, and how that is told, on a real Valkey."""

import pytest
from dnsfleet.replication import acks, keys
from dnsfleet.replication.acks import Ack
from dnsfleet_publisher import drafts
from dnsfleet_publisher.core_redis import CoreRedis, connect
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import StoreError
from support.core_servers import KEY, A, Clock, CoreServer
from support.ports import free_port
from support.zones import make_zone


def test_acks_are_read_and_rubbish_is_not(server: CoreServer, store: RecordStore) -> None:
    ack = Ack(5, {A: "why"}, 1, 7)
    server.admin.hset(keys.ACKS, "ams/0", acks.encode(ack))
    server.admin.hset(keys.ACKS, "ams/1", b"{")
    assert store.core.acks() == {"ams/0": ack}


@pytest.mark.parametrize(
    ("user", "password", "message"),
    [
        ("publisher", "wrong", 'user "publisher" is refused: check name and password'),
        (
            "reader",
            "right",
            'user "reader" may not run EVALSHA: grant ~dnsfleet:* +@read +@write +@scripting',
        ),
        (
            "scripter",
            "right",
            'user "scripter" may not run SET: grant ~dnsfleet:* +@read +@write +@scripting',
        ),
        (
            "elsewhere",
            "right",
            'user "elsewhere" may not use the keys of the fleet: '
            "grant ~dnsfleet:* +@read +@write +@scripting",
        ),
    ],
)
def test_refusals_say_who_and_what_to_do(
    server: CoreServer, clock: Clock, user: str, password: str, message: str
) -> None:
    store = RecordStore(CoreRedis(connect(server.url_for(user, password))), KEY, clock)
    with pytest.raises(StoreError) as caught:
        store.claim()
    assert str(caught.value) == f"core Redis 127.0.0.1:{server.port}: {message}"


def test_a_core_that_wants_a_password_says_so(server: CoreServer, clock: Clock) -> None:
    server.admin.config_set("requirepass", "something")
    try:
        with pytest.raises(StoreError, match="it wants a user and a password: put them into the"):
            RecordStore(CoreRedis(connect(server.url)), KEY, clock).claim()
    finally:
        server.admin.config_set("requirepass", "")


def test_a_core_that_is_not_there_says_where(clock: Clock) -> None:
    port = free_port()
    store = RecordStore(
        CoreRedis(connect(f"redis://publisher:secret@127.0.0.1:{port}")), KEY, clock
    )
    with pytest.raises(StoreError) as caught:
        store.claim()
    message = str(caught.value)
    assert message.startswith(
        f"core Redis 127.0.0.1:{port}: cannot be reached: check that it runs there"
    )
    assert "secret" not in message


def test_a_replica_and_a_full_core_say_so(server: CoreServer, store: RecordStore) -> None:
    server.admin.config_set("maxmemory", "1")
    try:
        with pytest.raises(StoreError, match="out of memory, nothing was written: raise maxmemory"):
            store.publish(A, make_zone(A))
    finally:
        server.admin.config_set("maxmemory", "0")
    server.admin.replicaof("127.0.0.1", "1")
    try:
        with pytest.raises(StoreError, match="it is a replica: give the address of its primary"):
            store.publish(A, make_zone(A))
    finally:
        server.admin.replicaof("NO", "ONE")
    assert store.publish(A, make_zone(A)) is not None


def test_a_chunk_that_is_gone_at_once_is_named(server: CoreServer, store: RecordStore) -> None:
    zone = make_zone(A)
    draft = drafts.change(drafts.Published(), store.fence, zone, None, 1)
    assert draft is not None
    with pytest.raises(StoreError, match=r"it dropped .* at once: set maxmemory-policy noeviction"):
        store._commit(keys.manifest(A), b"signed", 2_000_000_000_000, draft)
    assert server.admin.hgetall(keys.ZONES) == {}
