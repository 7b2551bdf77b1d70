"""The slot of this edge among the acks in the core (see `dnsfleet.replication.ack_slots`)."""

import logging
import time
from collections.abc import Sequence
from typing import cast

import redis
from dnsfleet.replication import ack_slots, acks, keys
from dnsfleet.replication.acks import Ack
from dnsfleet_io.logs import line

REFUSED_SECONDS = 60.0
"""How long the hash is written after the core refused the slots: it gets users of a newer version
once, when it starts again."""

log = logging.getLogger(__name__)


class AckSlot:
    """Writes the acks of the edge POP/EDGE; any method may raise `redis.RedisError`."""

    def __init__(self, client: redis.Redis, edge: str) -> None:
        self._client = client
        self._edge = edge
        self._slot: int | None = None
        self._refused_at: float | None = None

    def write(self, ack: Ack) -> None:
        """Make this the newest ack of the edge; its time is now."""
        now, refused_at = time.monotonic(), self._refused_at
        if refused_at is None or now - refused_at >= REFUSED_SECONDS:
            try:
                self._write(ack)
            except redis.exceptions.NoPermissionError as error:
                # The users of the core are older than the slots; its writer hears both.
                if refused_at is None:
                    log.warning(line("ack_slots_refused", problem=error))
                self._refused_at = now
            else:
                self._refused_at = None
                return
        self._client.hset(keys.ACKS, self._edge, acks.encode(ack))

    def _write(self, ack: Ack) -> None:
        value = ack_slots.encode(self._edge, ack)
        if self._slot is None:
            self._slot = self._take(value, ack.time_ms)
            return
        name = ack_slots.key(self._slot)
        pipeline = self._client.pipeline(transaction=False)
        pipeline.getrange(name, 0, ack_slots.HEADER_OCTETS)
        pipeline.set(name, value)
        word = ack_slots.decode(pipeline.execute()[0])
        if word is not None and word.edge != self._edge:
            self._slot = self._take(value, ack.time_ms, self._slot)

    def _take(self, value: bytes, now_ms: int, left: int | None = None) -> int:
        """Write into a slot that is ours from now on, and is not the one that was left."""
        slots = [slot for slot in ack_slots.order(self._edge) if slot != left]
        while True:
            beginnings = self._beginnings(slots)
            chosen = ack_slots.choose(self._edge, slots, beginnings, now_ms)
            if chosen is None:
                raise redis.RedisError(f"all {len(slots)} slots for acks are in use")
            empty = not beginnings[slots.index(chosen)]
            if self._client.set(ack_slots.key(chosen), value, nx=empty):
                log.info(line("ack_slot_taken", slot=chosen))
                return chosen
            slots.remove(chosen)  # another edge was faster

    def _beginnings(self, slots: Sequence[int]) -> list[bytes]:
        pipeline = self._client.pipeline(transaction=False)
        for slot in slots:
            pipeline.getrange(ack_slots.key(slot), 0, ack_slots.HEADER_OCTETS)
        return cast(list[bytes], pipeline.execute())
