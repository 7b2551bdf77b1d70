"""`kubectl dnsfleet zone removed` and `restore`: zones that were removed, and how they come back.

What was removed is read from the core, as `verify` reads it: by port-forward, with the password in
the Secret with the keys. The objects are made with the rights of whoever runs the command.
"""

import enum
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from dnsfleet import names, tables
from dnsfleet_engine import Zone
from dnsfleet_publisher import kept_contents
from dnsfleet_publisher.kept_contents import Removed
from dnsfleet_publisher.store_errors import StoreError

from dnsfleet_cli import yaml_writing, zone_commands
from dnsfleet_cli.kubectl import command_line, documents, objects, restoring, verdicts
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.command_line import Everywhere, Namespace, Release
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.kubectl.restoring import Plan, There
from dnsfleet_cli.troubles import NEGATIVE, Trouble, counted

TIMEOUT_SECONDS = 60.0
LOOK_SECONDS = 0.5
NOTHING = "nothing is kept: no zone was removed in the last 7 days"

app = command_line.app("Zones without an object: those that were removed, and orphans.")


class Output(enum.StrEnum):
    """What `restore` prints in place of making it."""

    YAML = "yaml"
    ZONE = "zone"


@app.command()
def removed(
    ctx: typer.Context,
    namespace: Namespace = "",
    everywhere: Everywhere = False,
    output: documents.Output = None,
    release: Release = "",
) -> None:
    """List the zones that were removed in the last 7 days and can be restored, and until when."""
    cluster: Cluster = ctx.obj()
    within = command_line.namespace_of_zones(namespace, everywhere)
    core, there = _Core(cluster, release, within), _Named(cluster.zones())
    found = [each for each in core.removed if not there.is_back(each)]
    if core.unverified:
        print(f"no valid key signed what is kept of {', '.join(core.unverified)}", file=sys.stderr)
    if output is not None:
        documents.show(
            {
                "kind": "RemovedZones",
                "items": [
                    {
                        "origin": each.zone.origin,
                        "zone": _name(each) or None,
                        "records": each.zone.manifest.records,
                        "removed": _time(each.zone.removed),
                        "until": _time(each.zone.until),
                        "inTheWay": there.problem(each) or None,
                    }
                    for each in found
                ],
            },
            output,
        )
    elif not found:
        print(NOTHING)
    else:
        rows = [
            (
                each.zone.origin,
                _name(each) or tables.ABSENT,
                each.zone.manifest.records,
                _time(each.zone.removed),
                _time(each.zone.until),
                there.problem(each) or tables.ABSENT,
            )
            for each in found
        ]
        print(tables.table(["ORIGIN", "ZONE", "RECORDS", "REMOVED", "UNTIL", "IN THE WAY"], rows))


@app.command()
def restore(
    ctx: typer.Context,
    zones: Annotated[
        list[str] | None,
        typer.Argument(metavar="ZONE", help="NAME, NAMESPACE/NAME or origin of each."),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="All that `zone removed` lists.")] = False,
    namespace: Namespace = "",
    everywhere: Everywhere = False,
    output: Annotated[
        Output | None,
        typer.Option("--output", "-o", help="Print objects, or a master file, and make nothing."),
    ] = None,
    release: Release = "",
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait.")] = TIMEOUT_SECONDS,
) -> None:
    """Make the Zone of a removed zone again, with the records that were served.

    Makes its RecordSets and ConfigMaps too, where they are gone, and waits until every Ready edge
    answers it. What is there is left as it is. Exit status 1: not all of it is live; 2: some of it
    could not be made.
    """
    if bool(zones) == all_:
        raise Trouble("say which zones, or --all; `kubectl dnsfleet zone removed` lists them")
    cluster: Cluster = ctx.obj()
    within = command_line.namespace_of_zones(namespace, everywhere)
    core, there = _Core(cluster, release, within), _Named(cluster.zones())
    wanted = [_one(word, core.removed) for word in zones or ()]
    if all_:
        wanted = [each for each in core.removed if not there.is_back(each)]
    if output is Output.ZONE:
        print("".join(core.content(each).to_text() for each in wanted), end="")
        return
    plans = _Plans(cluster)
    if output is Output.YAML:
        made = [item for each in wanted for item in plans.of(each, core.content(each)).objects]
        print("---\n".join(yaml_writing.dump(dict(item)) for item in made), end="")
        return
    restored = []
    for each in wanted:
        try:
            there.check(each)
            content = core.content(each)
            restored.append(_make(cluster, each, content, plans.of(each, content)))
        except Trouble as trouble:
            print(f"{each.zone.origin} is not restored: {trouble}", file=sys.stderr)
    live = _live(cluster, restored, timeout)
    if len(restored) < len(wanted):
        raise Trouble(f"{len(restored)} of {counted(len(wanted), 'zone')} restored")
    if not live:
        raise typer.Exit(NEGATIVE)


class _Core:
    """What is kept in the core of a release, of the Zones of one namespace or of all."""

    def __init__(self, cluster: Cluster, release: str, namespace: str) -> None:
        from dnsfleet_cli.kubectl.cluster_fleet import ClusterFleet

        fleet, now = ClusterFleet(cluster, release), time.time()
        self._core = fleet.core
        try:
            kept = kept_contents.read(fleet.core, fleet.public)
        except StoreError as error:
            raise Trouble(str(error)) from None
        found = (
            each
            for each in kept.removed
            if each.zone.until > now and (not namespace or _name(each).startswith(f"{namespace}/"))
        )
        self.removed = sorted(found, key=_order)
        """What can be restored; a zone above another one first, as it was there before."""
        self.unverified = sorted(kept.unverified)
        """Origins of what no valid key signed."""

    def content(self, removed: Removed) -> Zone:
        """The records of one."""
        try:
            return kept_contents.content(self._core, removed.zone)
        except (StoreError, ValueError) as error:
            origin = removed.zone.origin
            raise Trouble(f"the records of {origin} cannot be read: {error}") from None


class _Named:
    """The Zones that are there."""

    def __init__(self, zones: Sequence[Object]) -> None:
        self._names = {objects.name(each): objects.origin(each) for each in zones}
        self._origins: Mapping[str, str] = {origin: name for name, origin in self._names.items()}

    def is_back(self, removed: Removed) -> bool:
        """Whether the very Zone is there again."""
        return self._names.get(_name(removed)) == removed.zone.origin

    def problem(self, removed: Removed) -> str:
        """What keeps a zone from being restored; empty for nothing."""
        own, origin = _name(removed), removed.zone.origin
        if own in self._names:
            other = self._names[own]
            about = "" if other == origin else f", for {other}"
            return f"zone/{own} is there{about}"
        if (owner := self._origins.get(origin)) is not None:
            return f"zone/{owner} has this origin"
        return ""

    def check(self, removed: Removed) -> None:
        """Trouble where there is such a problem."""
        if problem := self.problem(removed):
            raise Trouble(problem)


def _one(word: str, found: Sequence[Removed]) -> Removed:
    """The removed zone of a word."""
    fitting = [each for each in found if _means(word, each)]
    if not fitting:
        raise Trouble(
            f"no zone {word} is kept that was removed; `kubectl dnsfleet zone removed` lists what "
            "can be restored, and for one that is served its manifest is enough"
        )
    if len(fitting) > 1:
        choices = ", ".join(each.zone.origin for each in fitting)
        raise Trouble(f"{word} is not clear; say one of: {choices}")
    return fitting[0]


def _means(word: str, removed: Removed) -> bool:
    """Whether a word is the NAME, NAMESPACE/NAME or origin of a zone."""
    name = _name(removed)
    if word in (name, name.partition("/")[2]):
        return True
    try:
        return names.normalise(word) == removed.zone.origin
    except ValueError:
        return False


def _order(removed: Removed) -> tuple[int, str]:
    return names.labels(removed.zone.origin), removed.zone.origin


class _Plans:
    """What is to be made, beside what there is."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._sets = {restoring.reference(each) for each in cluster.record_sets()}
        namespaces = cluster.namespaces()
        spaces = ({**each, "apiVersion": "v1", "kind": "Namespace"} for each in namespaces)
        rules = map(restoring.document, (*spaces, *cluster.zone_classes()))
        self._rules = [each for each in rules if each is not None]

    def of(self, removed: Removed, content: Zone) -> Plan:
        """What brings one zone back."""
        config_maps = {}
        if (outline := removed.outline) is not None:
            for name, _ in outline.config_maps:
                found = self._cluster.config_map(name, outline.zone.namespace)
                if found is not None:
                    config_maps[name] = found
        return restoring.plan(removed, content, There(self._sets, config_maps, self._rules))


def _make(cluster: Cluster, removed: Removed, content: Zone, plan: Plan) -> Object:
    """Make the objects of one zone; its Zone."""
    for item in plan.objects:
        who = f"{item['kind'].lower()}/{objects.name(item)}"
        made = cluster.create(item)
        print(f"{who} is made again" if made else f"{who} is there and left as it is")
    zone = plan.objects[-1]
    if removed.outline is not None and plan.source != removed.outline.source:
        print(
            f"zone/{objects.name(zone)} had its records in {removed.outline.source}, and has them "
            f"in {plan.source} now: put its manifest back by `kubectl replace`, not by an apply"
        )
    for found in zone_commands.about_signatures(content, content.origin, time.time()):
        print(found)
    return zone


def _live(cluster: Cluster, restored: Sequence[Object], timeout: float) -> bool:
    """Wait until all of them are answered everywhere, and tell of each."""
    waiting, deadline, live = set(map(objects.name, restored)), time.monotonic() + timeout, True
    while waiting:
        late = time.monotonic() >= deadline
        for zone in cluster.zones():
            verdict = verdicts.propagation(zone)
            if objects.name(zone) in waiting and (late or verdict.done is not None):
                waiting.remove(objects.name(zone))
                print(verdict.text)
                live = live and verdict.done is True
        if late:
            break
        if waiting:
            time.sleep(LOOK_SECONDS)
    return live and not waiting


def _name(removed: Removed) -> str:
    """NAMESPACE/NAME of the Zone; empty where that is not known."""
    zone = None if removed.outline is None else removed.outline.zone
    return "" if zone is None else f"{zone.namespace}/{zone.name}"


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
