"""`kubectl dnsfleet zone end`: published zones without a Zone object end before their time.

An orphan is served on for a day, so that people notice. Who meant it need not wait: the Fleet
approves the end of this zone, missed since this time, by the hash that its status tells. So an
approval that stays written ends nothing another time.
"""

import sys
import time
from typing import Annotated

import typer
from dnsfleet import names
from dnsfleet.zones.plans import APPROVE_ANNOTATION
from dnsfleet.zones.removals import SETTLING_SECONDS

from dnsfleet_cli.kubectl import fleets, objects
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.objects import Object, value
from dnsfleet_cli.troubles import NEGATIVE, Trouble

TIMEOUT_SECONDS = 60.0
"""The operator looks at the Fleet every two seconds, and has a zone settle before it leaves."""
LOOK_SECONDS = 0.5


def end(
    ctx: typer.Context,
    zones: Annotated[
        list[str], typer.Argument(metavar="ORIGIN", help="A zone that `status` lists as orphan.")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait.")] = TIMEOUT_SECONDS,
) -> None:
    """End zones now that are served and have no Zone object: they would end in a day.

    Edges refuse their names then. `zone restore` brings them back for 7 days. Many at once wait for
    an approval, as any removal of many zones does. Exit status 1: not all of them have ended.
    """
    cluster: Cluster = ctx.obj()
    wanted = list(dict.fromkeys(map(_origin, zones)))
    known = {each["origin"]: (fleet, each) for fleet, each in fleets.orphans(cluster.fleets())}
    for origin in wanted:
        _check(origin, known[origin][1] if origin in known else None, cluster)
    if not yes:
        _ask(wanted)
    by_fleet: dict[str, tuple[Object, list[str]]] = {}
    for origin in wanted:
        fleet, orphan = known[origin]
        by_fleet.setdefault(objects.name(fleet), (fleet, []))[1].append(orphan["hash"])
    for name, (fleet, hashes) in by_fleet.items():
        before = value(fleet, "metadata", "annotations", APPROVE_ANNOTATION, default="")
        cluster.annotate_fleet(
            name, {APPROVE_ANNOTATION: ",".join(filter(None, (before, *hashes)))}
        )
    if not _wait(cluster, wanted, timeout):
        raise typer.Exit(NEGATIVE)


def _origin(text: str) -> str:
    try:
        return names.normalise(text)
    except ValueError as error:
        raise Trouble(f"{text} is no origin: {error}") from None


def _check(origin: str, orphan: Object | None, cluster: Cluster) -> None:
    """Trouble where there is no such orphan, or none that can be ended."""
    if orphan is None:
        owner = next((z for z in cluster.zones() if objects.origin(z) == origin), None)
        if owner is not None:
            raise Trouble(f"{origin} has a Zone, zone/{objects.name(owner)}: delete that to end it")
        raise Trouble(
            f"no orphan {origin}; `kubectl dnsfleet status` lists them. They are looked for every "
            "five minutes, and it names the first 50"
        )
    if not orphan.get("hash"):
        raise Trouble(
            f"{origin} cannot be ended: nothing says yet that its Zone is gone and not only not "
            "back, as after its CRD was made anew"
        )


def _ask(origins: list[str]) -> None:
    """Trouble unless a person says yes."""
    what = ", ".join(origins)
    if not sys.stdin.isatty():
        raise Trouble(f"nobody can be asked here whether {what} may end; add --yes")
    if not typer.confirm(f"{what}: edges answer it now, and will refuse it. End it?"):
        raise Trouble("nothing is ended")


def _wait(cluster: Cluster, wanted: list[str], timeout: float) -> bool:
    """Wait until they have ended, and tell of each; whether all have."""
    waiting, deadline = list(wanted), time.monotonic() + timeout
    while True:
        found = cluster.fleets()
        there = {each["origin"] for _, each in fleets.orphans(found)}
        held = _held(found)
        if held and not there.intersection(waiting):
            print(f"many zones are to leave at once, so they wait: {held}")
            return False
        for origin in [each for each in waiting if each not in there]:
            waiting.remove(origin)
            print(f"{origin} ends; edges refuse it within {SETTLING_SECONDS:g} s")
        if not waiting:
            return True
        if time.monotonic() > deadline:
            print(f"not ended within {timeout:g} s: {', '.join(waiting)}; see the operator's log")
            return False
        time.sleep(LOOK_SECONDS)


def _held(known: list[Object]) -> str:
    """What approves a removal of many zones that waits; empty for none."""
    for fleet in known:
        for each in value(fleet, "status", "held", default=()):
            if each["kind"] == "Removal":
                return (
                    f"kubectl annotate --overwrite fleet {objects.name(fleet)} "
                    f"{APPROVE_ANNOTATION}={each['hash']}"
                )
    return ""
