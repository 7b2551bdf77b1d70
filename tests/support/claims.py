"""What a fleet claims to be live, compared with what every edge answers at that moment.

A claim is an event of `dnsfleet up --json`: `propagated` and `removed` of one zone, `ready` of all.
Each is judged as it comes, by a question to every edge for the address of `www` in the zone and for
the serial. An edge may be ahead of a claim, by a revision that was published after it or by the
removal of the zone; never behind it, and never at something that nobody wants.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import dns.exception
import dns.message
import dns.query
import dns.rcode

from support.up_runs import ask

Event = dict[str, Any]
Server = tuple[str, int]
ANSWER_SECONDS = 30.0
"""The longest for one answer, on a machine that may stand still for a while.

Asked by TCP, where nothing gets lost: a lost datagram is no wrong answer, and no reason to end the
thread that reads all events.
"""


@dataclass
class Claims:
    """Hears every event of one fleet (`heard`) and asks its `servers`."""

    allowed: dict[str, set[str | None]]
    """By origin, the addresses that `www` may have now; None is a zone that is not served."""
    servers: Sequence[Server] = ()
    judged: int = 0
    wrong: list[str] = field(default_factory=list)
    """Claims that were not true, one line each."""
    unsettled: dict[str, str] = field(default_factory=dict)
    """By origin, the newest revision published, until a claim about it has been judged."""
    _published: dict[str, list[Event]] = field(default_factory=dict)
    _serials: list[tuple[Event, Server, int | None]] = field(default_factory=list)
    _judging: threading.Lock = field(default_factory=threading.Lock)
    _edges_stop: bool = False

    def edges_stop(self) -> None:
        """Say so before edges are told to stop: what is being judged is, and nothing after that."""
        with self._judging:
            self._edges_stop = True

    def heard(self, event: Event) -> None:
        """Judge an event that has just been told."""
        with self._judging:
            if not self._edges_stop:
                self._hear(event)

    def _hear(self, event: Event) -> None:
        match event["event"]:
            case "published":
                self._published.setdefault(event["zone"], []).append(event)
                self.unsettled[event["zone"]] = event["revision"]
            case "propagated":
                self._judge(event, event["zone"])
                self._serials += [
                    (event, server, serial_of(server, event["zone"])) for server in self.servers
                ]
                if self.unsettled.get(event["zone"]) == event["revision"]:
                    del self.unsettled[event["zone"]]
            case "removed":
                self._judge(event, event["zone"], removed=True)
                # Edges may have it while a claim before it is judged, as with any newer revision.
                after = {"serial": None, "revision": None}
                self._published.setdefault(event["zone"], []).append(after)
                self.unsettled.pop(event["zone"], None)
            case "ready":
                for origin in event["zones"]:
                    self._judge(event, origin)
                    self.unsettled.pop(origin, None)

    def finish(self) -> list[str]:
        """All that was wrong; after the last event."""
        for event, server, serial in self._serials:
            published = self._published.get(event["zone"], [])
            revisions = [each["revision"] for each in published]
            since = published[revisions.index(event["revision"]) :]
            if serial not in [each["serial"] for each in since]:
                self.wrong.append(f"{server} answers serial {serial} at {event}")
        return self.wrong

    def _judge(self, event: Event, origin: str, removed: bool = False) -> None:
        may_be = {None} if removed else self.allowed.get(origin)
        if may_be is None:
            return
        self.judged += 1
        for server in self.servers:
            try:
                found = address_of(server, origin)
            except (OSError, dns.exception.Timeout) as error:
                found = repr(error)
            if found not in may_be:
                self.wrong.append(f"{server} answers {found} at {event}, not one of {may_be}")


def address_of(server: Server, origin: str) -> str | None:
    """What an edge answers for `www` in a zone."""
    found = ask(server, f"www.{origin}", tcp=True, seconds=ANSWER_SECONDS)
    return None if found is None else found[0]


def serial_of(server: Server, origin: str) -> int | None:
    """The serial of the zone that an edge answers from; None where it serves none."""
    query = dns.message.make_query(origin, "SOA", flags=0)
    reply = dns.query.tcp(query, server[0], port=server[1], timeout=ANSWER_SECONDS)
    if reply.rcode() != dns.rcode.NOERROR or not reply.answer:
        return None
    return int(reply.answer[0][0].serial)
