"""The Redis in memory of the model of a fleet does what a real Valkey does."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from dnsfleet.replication import ack_slots, encoding, keys
from dnsfleet.replication.kept_zones import Keeping, KeptZone
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet_publisher.core_redis import CoreRedis, connect
from dnsfleet_publisher.drafts import Draft
from hypothesis import given, settings
from hypothesis import strategies as st
from support.core_servers import A, B, CoreServer
from support.fleet_models.memory_redis import Data, Server

FENCE = st.integers(0, 3)
CHUNKS = [f"{keys.PREFIX}snapshot:{A}:1.1:{chunk}" for chunk in range(3)]
SOME_CHUNKS = st.lists(st.sampled_from(CHUNKS), unique=True, max_size=2)
FIELDS = st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from([None, b"1"]), min_size=1)
NAMES = st.sampled_from([keys.FENCE, keys.LSN, keys.LOG, keys.ZONES, keys.manifest(A), *CHUNKS])
MOSTLY = st.sampled_from([True, True, True, True, True, False])

Call = tuple[str, tuple[Any, ...]]


class Wish(NamedTuple):
    """A publication; where something is not as it should be, the core refuses it."""

    origin: str
    revision: str
    new: list[str]
    superseded: list[str]
    lsn: int
    fence_fits: bool
    position_fits: bool
    follows_fits: bool
    chunks_fit: bool
    of_zone: bool
    fleet: bytes
    keeps: bool

    def call(self, data: Data) -> Call:
        """What is published on a core that has this data."""
        stored = data.values.get(keys.FENCE, b"0")
        fence = int(stored) if self.fence_fits else 99
        position = data.position if self.position_fits else 99
        said = data.hashes.get(keys.ZONES, {}).get(self.origin.encode(), b"").decode()
        follows = said.partition(" ")[2] if self.follows_fits else "7.7"
        new = [each for each in self.new if each in data.values or not self.chunks_fit]
        at = Revision.parse(self.revision)
        manifest = Manifest(self.origin, at, None, 0, 1, b"", 0, 0, 0, tombstone=True)
        keeping = None
        if self.keeps:
            zone = KeptZone(replace(manifest, tombstone=False), 1, encoding.describe(at, b""))
            keeping = Keeping(zone, {}, (A, B), (CHUNKS[0],))
        chunks = dict.fromkeys(new, b"chunk")
        draft = Draft(manifest, None, chunks, self.superseded, follows, keeping)
        key = keys.manifest(self.origin) if self.of_zone else keys.FLEET
        allowed = (position, 98) if self.lsn % 2 else (98, position)
        given = draft if self.of_zone else None
        kept = b"kept" if self.keeps and self.of_zone else b""
        return "publish", (fence, self.lsn, allowed, key, b"head", given, self.fleet, kept)


WISHES = st.builds(
    Wish,
    st.sampled_from([A, B]),
    st.sampled_from(["1.1", "1.2", "2.1", "2.2", "10.1"]),
    SOME_CHUNKS,
    SOME_CHUNKS,
    st.integers(1, 6),
    *[MOSTLY] * 5,
    st.sampled_from([b"", b"fleet"]),
    st.booleans(),
)
CALLS: st.SearchStrategy[Call | Wish] = st.one_of(
    WISHES,
    WISHES,
    WISHES,
    st.tuples(st.just("claim"), st.tuples(FENCE, FENCE, st.integers(1, 2))),
    st.tuples(
        st.just("write_chunks"), SOME_CHUNKS.map(lambda each: (dict.fromkeys(each, b"chunk"),))
    ),
    st.tuples(
        st.just("end"),
        st.tuples(
            FENCE,
            st.integers(1, 6),
            st.tuples(st.integers(0, 6), st.integers(0, 6)),
            st.sampled_from([A, B]),
            st.sampled_from(["", "1.1", "1.2"]),
        ),
    ),
    st.tuples(
        st.sampled_from(["note_claims", "note_absences", "note_registrations"]),
        st.tuples(FENCE, FIELDS),
    ),
    st.tuples(st.just("forget_edges"), st.just((["ams/0"],))),
    st.tuples(st.just("chunks"), st.tuples(SOME_CHUNKS, st.just(100))),
    st.tuples(st.just("present"), st.just(([CHUNKS[:2], CHUNKS[2:]],))),
    st.tuples(st.just("heads"), st.just(([A, B],))),
    st.sampled_from(["state", "index", "origins", "fleet", "claims", "absences", "acks"]).map(
        lambda name: (name, ())
    ),
    st.tuples(st.just("delete"), st.tuples(NAMES)),
    st.tuples(st.just("say"), st.just(())),
)
"""Calls of CoreRedis; `delete` and `say` are what others do."""
CLAIM: Call = ("claim", (1, 0, 1))
ACK = b'{"lsn":1,"failing":{},"failingCount":0,"time":1}'
SLOT, WORD = ack_slots.key(0), b"ams/0 2\n" + ACK


def stored(server: CoreServer) -> Data:
    """All that a Valkey holds."""
    data, admin = Data(), server.admin
    names: Any = admin.keys("*")
    for name in (each.decode() for each in names):
        kind: Any = admin.type(name)
        found: Any
        match kind:
            case b"string":
                found = admin.get(name)
                data.values[name] = found
                if int(admin.ttl(name)) >= 0:  # type: ignore[arg-type]
                    data.expiring.add(name)
            case b"hash":
                found = admin.hgetall(name)
                data.hashes[name] = found
            case _:
                found = admin.xrange(name)
                data.log = found
                info: Any = admin.xinfo_stream(name)
                data.top = int(info["last-generated-id"].split(b"-")[0])
    return data


def without_empty(data: Data) -> Data:
    """As Valkey has it: a hash without fields is no key."""
    return replace(data, hashes={name: each for name, each in data.hashes.items() if each})


class Real:
    """A Valkey and what is done with it."""

    def __init__(self, server: CoreServer) -> None:
        self.client = connect(server.url_for("publisher", "right"))
        self.core = CoreRedis(self.client)
        self._server = server

    def delete(self, name: str) -> None:
        self._server.admin.delete(name)

    def say(self) -> None:
        self._server.admin.hset(keys.ACKS, "ams/0", ACK)
        self._server.admin.set(SLOT, WORD)


class Memory:
    """The model of it."""

    def __init__(self) -> None:
        server = Server()
        self.core = CoreRedis(server.client())
        self.data = server.data

    def delete(self, name: str) -> None:
        self.data.delete(name)

    def say(self) -> None:
        self.data.hashes.setdefault(keys.ACKS, {})[b"ams/0"] = ACK
        self.data.values[SLOT] = WORD


def run(on: Real | Memory, call: Call) -> Any:
    """What a call returns."""
    name, args = call
    found = getattr(on if name in ("delete", "say") else on.core, name)(*args)
    return list(found) if isinstance(found, Iterator) else found


def test_it_answers_and_holds_what_a_real_valkey_does(server: CoreServer) -> None:
    real = Real(server)

    @settings(max_examples=300, deadline=None)
    @given(st.lists(CALLS, min_size=5, max_size=40))
    def compare(calls: list[Call | Wish]) -> None:
        server.emptied()
        memory = Memory()
        for wish in (CLAIM, *calls):
            call = wish.call(memory.data) if isinstance(wish, Wish) else wish
            assert run(memory, call) == run(real, call)
            assert without_empty(memory.data) == stored(server), call

    with real.client:
        compare()
