"""What other threads tell the controller, until it takes it.

Of each object the newest version waits and no other, so what waits is bounded by the objects that
there are, however fast they change. An object that was deleted and made anew while it waited comes
as the new one: its uid tells that it is another.
"""

import threading
from collections.abc import Callable
from typing import NamedTuple

from dnsfleet.resources import Reference

from dnsfleet_operator.objects import Object

Message = Callable[[], None]


class Event(NamedTuple):
    """What a watch said of an object."""

    found: Object
    deleted: bool
    listed: bool
    """Whether it was only there already when the watch began."""
    at: float = 0.0
    """When it was heard, in monotonic seconds."""


class Inbox:
    """Objects and messages. Any thread may put, one takes."""

    def __init__(self) -> None:
        self._events: dict[Reference, Event] = {}
        self._messages: list[Message] = []
        self._condition = threading.Condition()

    def put_event(self, reference: Reference, event: Event) -> None:
        """An object was made, changed or deleted."""
        with self._condition:
            self._events[reference] = event
            self._condition.notify()

    def put(self, message: Message) -> None:
        """Something is to be done by the thread that takes."""
        with self._condition:
            self._messages.append(message)
            self._condition.notify()

    def take(self, wait: float) -> tuple[list[Message], dict[Reference, Event]]:
        """All that is here, in the order in which it came; waits so many seconds for something."""
        with self._condition:
            if not self._messages and not self._events and wait > 0:
                self._condition.wait(wait)
            messages, self._messages = self._messages, []
            events, self._events = self._events, {}
            return messages, events
