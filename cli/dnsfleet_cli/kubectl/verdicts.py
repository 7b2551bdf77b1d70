"""When waiting is over: what each new state of an object says about what is waited for."""

from typing import NamedTuple

from dnsfleet.zones import placements

from dnsfleet_cli.kubectl import objects
from dnsfleet_cli.kubectl.objects import Object, value


class Verdict(NamedTuple):
    """Where a wait stands."""

    done: bool | None
    """True: it has come; False: waiting will not bring it; None: it may still come."""
    text: str


def propagation(zone: Object) -> Verdict:
    """Whether every Ready edge of the zone's Active Pops answers the Zone as it is now."""
    accepted = objects.condition(zone, "Accepted")
    propagated = objects.condition(zone, "Propagated")
    who = f"zone/{objects.name(zone)}"
    if accepted.false and accepted.reason != placements.REASON:  # then the records go on
        return Verdict(False, f"{who} is not accepted: {_why(accepted)}")
    if propagated.true:
        pops = value(zone, "status", "propagation", "text", default="all")
        serial = value(zone, "status", "serial")
        return Verdict(True, f"{who} is live with serial {serial} at {pops} Pops")
    return Verdict(None, f"{who} is not live everywhere: {_why(propagated)}")


def drain(pop: Object) -> Verdict:
    """Whether the Pop is out of service: no client is sent to it and its edges have stopped."""
    drained = objects.condition(pop, "Drained")
    who = f"pop/{objects.name(pop)}"
    if drained.true:
        return Verdict(True, f"{who} is drained")
    if drained.false and drained.reason in REFUSALS:
        return Verdict(False, f"{who} is not drained: {_why(drained)}")
    return Verdict(None, f"{who} is not drained yet: {_why(drained)}")


def command(pop: Object, name: str) -> Verdict:
    """How a command to the Pop ended; `name` is that of its request."""
    who = f"pop/{objects.name(pop)}"
    found = next((each for each in objects.commands(pop) if each["name"] == name), {})
    state = found.get("state", "Waiting")
    if state == "Waiting":
        return Verdict(None, f"{who}: {name} waits, until {found.get('expires', 'it is seen')}")
    message = found.get("message", "")
    return Verdict(state == "Done", f"{who}: {name} {state.lower()}: {message}")


REFUSALS = ("LastActivePop",)
"""Reasons of Drained=False that do not pass: the Pop is the last Active one of a zone."""


def _why(condition: objects.Condition) -> str:
    if not condition.current:
        return "the operator has not looked at it yet"
    return f"{condition.message} [{condition.reason}]" if condition.message else condition.reason
