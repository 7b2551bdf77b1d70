"""Edges that answer whatever the core has, and say so; nobody asks them anything."""

import threading
import time
from collections.abc import Sequence
from typing import Self

import redis
from dnsfleet.replication import acks, keys
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.announcements import read_index
from dnsfleet.replication.sums import AnnouncementSum

from support.controlled_fleets import DEADLINE_SECONDS
from support.valkey import Valkey
from support.waiting import wait_for

ACK_SECONDS = 0.2


class AnsweringEdges:
    """The pods that `edge_pod` makes, one in each Pop. They speak while they can and `follow`."""

    def __init__(self, core: Valkey, pops: Sequence[str] = ("fra",)) -> None:
        self.follows = threading.Event()
        self.follows.set()
        self._core = core
        self._fields = [f"{pop}/pop-{pop}-edge-1" for pop in pops]
        self._heard = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def follow(self) -> None:
        """Follow again; returns when that was said."""
        now = time.monotonic()
        self.follows.set()
        wait_for("the edges follow", lambda: self._heard > now, DEADLINE_SECONDS)

    def _run(self) -> None:
        while not self._stopping.wait(ACK_SECONDS):
            if not self.follows.is_set():
                continue
            began = time.monotonic()
            try:
                with self._core.client() as client:
                    told, zones = client.pipeline().get(keys.LSN).hgetall(keys.ZONES).execute()
                    lsn, total = int(told or 0), AnnouncementSum(read_index(zones)).total
                    ack = Ack(lsn, {}, 0, time.time_ns() // 1_000_000, told=lsn, total=total)
                    client.hset(keys.ACKS, mapping=dict.fromkeys(self._fields, acks.encode(ack)))
            except redis.RedisError:
                continue
            self._heard = began
