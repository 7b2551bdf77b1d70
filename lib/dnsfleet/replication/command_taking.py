"""Taking Pop commands: what whoever carries them out begins, and what came too late. Pure.

A command is taken once its number is above all that were taken. Taken is not done: it is *begun*,
noted, and then tried until it is done, fails for good, or expires. So one that cannot be done now
does not hold up those behind it.
"""

from collections.abc import Iterable

from dnsfleet.replication.command_words import EXPIRED, Begun, Journal, Outcome
from dnsfleet.replication.pop_commands import MAX_WAITING, PopCommand


def take(journal: Journal, commands: Iterable[PopCommand], now_ms: int) -> Journal:
    """The journal with all commands begun that may be; `commands` is what the stream has.

    One that ended, or is begun, is known by the name of its request, whatever its number.
    """
    for command in sorted(commands, key=lambda each: each.sequence):
        if command.sequence <= journal.sequence:
            continue
        request = command.request
        known = {each.request for each in journal.outcomes}
        known |= {each.request.name for each in journal.begun}
        if request.name not in known:
            if now_ms >= request.expires_ms:
                late = Outcome(request.name, EXPIRED, "it came when it had expired", now_ms)
                journal = journal.with_outcome(late)
            elif len(journal.begun) == MAX_WAITING:
                break  # those behind it wait as well: they are begun in order
            else:
                begun = (*journal.begun, Begun(request, command.sequence))
                journal = journal._replace(begun=begun)
        journal = journal._replace(sequence=command.sequence)
    return journal


def lapse(journal: Journal, now_ms: int) -> Journal:
    """The journal without what was begun and has expired since."""
    for each in journal.begun:
        if now_ms >= each.request.expires_ms:
            why = each.problem or "it was not done in time"
            if each.target:
                why = f"it was begun on {each.target}, and not known to be done in time: {why}"
            journal = journal.with_outcome(Outcome(each.request.name, EXPIRED, why, now_ms))
    return journal
