"""Carrying out the commands of one Pop, each of them once.

An operator may end at any moment, and begins anew with what it kept. So before a command has an
effect, it is kept that it is begun and on which one object it has its effect: on that object it has
it once, however often it is tried. The journal is kept in the cluster of the Pop, because the core
may be away.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from dnsfleet.replication import command_taking
from dnsfleet.replication.command_words import DONE, FAILED, Begun, Journal, Outcome
from dnsfleet.replication.pop_commands import PopCommand
from dnsfleet_publisher.store_errors import StoreError

from dnsfleet_operator.cluster import ClusterError
from dnsfleet_operator.configuration import VERSION

_log = logging.getLogger(__name__)


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """A command cannot be carried out, now or later."""


class NotYet(Exception):  # noqa: N818 - an answer, not a fault
    """A command cannot be carried out now."""


class Verb(Protocol):
    """One thing that a Pop can be told to do. ClusterError, StoreError: to be tried again."""

    def choose(self, begun: Begun, /) -> str:
        """The one object that the command has its effect on; empty where it needs none."""

    def carry_out(self, begun: Begun) -> str:
        """Have the effect on `begun.target`, and nowhere else; what was done.

        It may come again for a target on which it had the effect, and has no other one then.
        """


class Carrier:
    """Carries out the commands of one Pop."""

    def __init__(
        self, journal: Journal, keep: Callable[[Journal], None], verbs: Mapping[str, Verb]
    ) -> None:
        """`keep` returns once the journal is safe; it may raise ClusterError."""
        self.journal = journal
        self._keep = keep
        self._verbs = verbs

    def turn(self, commands: Iterable[PopCommand]) -> None:
        """Take these commands, and do what can be done; ClusterError where nothing can be kept."""
        now = now_ms()
        taken = command_taking.take(self.journal, commands, now)
        self._hold(command_taking.lapse(taken, now))
        for begun in self.journal.begun:
            self._try(begun)

    def _try(self, begun: Begun) -> None:
        request = begun.request
        try:
            state, message = DONE, self._carry_out(begun)
        except Refused as error:
            state, message = FAILED, str(error)
        except (NotYet, ClusterError, StoreError) as error:
            # Only told, so there is no need to keep it.
            problem = begun._replace(target=self._target(begun), problem=str(error))
            self.journal = self.journal.with_begun(problem)
            return
        outcome = Outcome(request.name, state, message, now_ms())
        self._hold(self.journal.with_outcome(outcome))
        _log.info("command %s (%s) %s: %s", request.name, request.verb, state.lower(), message)

    def _carry_out(self, begun: Begun) -> str:
        verb = self._verbs.get(begun.request.verb)
        if verb is None:
            raise Refused(f"version {VERSION} of its operator does not know {begun.request.verb}")
        if not begun.target:
            begun = begun._replace(target=verb.choose(begun))
            self._hold(self.journal.with_begun(begun))
        return verb.carry_out(begun)

    def _target(self, begun: Begun) -> str:
        """What is chosen by now."""
        name = begun.request.name
        return next(each.target for each in self.journal.begun if each.request.name == name)

    def _hold(self, journal: Journal) -> None:
        if journal != self.journal:
            self._keep(journal)
            self.journal = journal


def now_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000
