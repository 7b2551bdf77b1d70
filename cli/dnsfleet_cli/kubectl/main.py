"""The command `kubectl dnsfleet` (`kubectl-dnsfleet`): what each subcommand takes.

Exit status: 0 done; 1 the answer is no, or it did not come in time; 2 it could not be done, or
wrong usage. docs/kubectl.md has all of it for users.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import typer
from dnsfleet import names, rrtypes
from dnsfleet_status import holds as held_changes

from dnsfleet_cli.kubectl import (
    command_line,
    documents,
    explaining,
    holds,
    joins,
    keys,
    objects,
    orphans,
    pop_commands,
    restores,
    states,
    status_pages,
    summaries,
    traffic,
    tsig,
    verdicts,
)
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.command_line import Everywhere, Home, Namespace, Release
from dnsfleet_cli.kubectl.documents import Output
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.kubectl.pods import STATUS_PORT
from dnsfleet_cli.kubectl.zone_pops import ZonePop
from dnsfleet_cli.options import Lsn, Once, PlanCommand, PlanForm, PlannedPaths, Seed, version
from dnsfleet_cli.troubles import NEGATIVE, RefusedTrouble, Trouble

DEFAULT_TIMEOUT = 120.0
"""Seconds: a change is live within three; an edge takes 45 and more to leave."""
TRACE_SECONDS = 3600
"""Seconds: what a kubelet keeps of a busy container is rarely older."""


app = command_line.app(
    "What a dnsfleet in a cluster does. Exit status: 0 done; 1 the answer is no; 2 trouble.\n\n"
    "Options of a command may stand before it too: `kubectl dnsfleet -n dns status`. All take "
    "--kubeconfig and --context.",
    command_line.Root,
)

app.add_typer(keys.app, name="keys")
app.add_typer(tsig.app, name="tsig")
for each in (pop_commands.snapshot, pop_commands.restart_replica, pop_commands.forget_edge):
    joins.app.command()(each)
app.add_typer(joins.app, name="pop")
restores.app.command("end")(orphans.end)
app.add_typer(restores.app, name="zone")

Timeout = Annotated[float, typer.Option(min=0, help="Seconds to wait.")]
PopName = Annotated[str, typer.Argument(help="The Pop's name.", show_default=False)]


@app.callback()
def _all(_version: Annotated[bool, version("kubectl-dnsfleet")] = False) -> None: ...


@app.command()
def status(
    ctx: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[ZONE|POP]",
            help="A Zone (NAME, NAMESPACE/NAME or origin) or a Pop; zone/… and pop/… say which.",
        ),
    ] = None,
    namespace: Namespace = "",
    everywhere: Everywhere = False,
    output: Output = None,
    release: Release = "",
) -> None:
    """Show all Pops and Zones and what is wrong with the fleet, or one of them.

    Of a Zone: what each Pop answers, for which it reads the core, as `verify` does. Figures of
    traffic need the right to get pods/proxy in the namespace of the release. What may not be read
    is said on standard error, and the rest is shown.
    """
    cluster: Cluster = ctx.obj()
    zones = cluster.zones(command_line.namespace_of_zones(namespace, everywhere))
    pops = _if_allowed(cluster.pops)
    found = None if name is None else objects.zone_or_pop(name, zones, pops or ())
    if found is not None and found["kind"] == "Zone":
        at_pops = None if pops is None else _at_pops(cluster, release, found, pops)
        if output is None:
            print(summaries.zone(found, at_pops))
        else:
            documents.show(documents.zone(found, at_pops), output)
        return
    figures: Mapping[str, traffic.Traffic] = {}
    try:
        figures = traffic.read(cluster, cluster.release(release))
    except Trouble as trouble:
        print(f"no figures of traffic: {trouble}", file=sys.stderr)
    if found is None:
        fleets = _if_allowed(cluster.fleets) or ()
        if output is None:
            print(summaries.fleet(zones, pops, fleets, figures))
        else:
            documents.show(documents.fleet(zones, pops, fleets, figures), output)
    elif output is None:
        print(summaries.pop(found, figures))
    else:
        documents.show(documents.pop(found, figures), output)


def _if_allowed(read: Callable[[], list[Object]]) -> list[Object] | None:
    """Objects; None where they may not be read, which is said."""
    try:
        return read()
    except RefusedTrouble as trouble:
        print(trouble, file=sys.stderr)
        return None


def _at_pops(
    cluster: Cluster, release: str, zone: Object, pops: Sequence[Object]
) -> list[ZonePop] | None:
    """How each Pop stands to a Zone; None where the core cannot be read."""
    from dnsfleet_cli.kubectl import core_looks

    try:
        return core_looks.of_zone(cluster, release, zone, pops)
    except Trouble as trouble:
        print(f"no table of Pops: {trouble}", file=sys.stderr)
        return None


@app.command()
def held(
    ctx: typer.Context,
    namespace: Namespace = "",
    everywhere: Everywhere = False,
    output: Output = None,
) -> None:
    """Show all that waits for an approval, and the command that approves it.

    With -n: what waits on the Zones of a namespace, and of the Fleet nothing.
    """
    cluster: Cluster = ctx.obj()
    within = command_line.namespace_of_zones(namespace, everywhere)
    found = held_changes.held([] if within else cluster.fleets(), cluster.zones(within))
    if output is None:
        print(holds.text(found))
    else:
        documents.show(documents.held(found), output)


@app.command()
def dashboard(
    ctx: typer.Context,
    namespace: Home = "",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of this machine; 0: any that is free.")
    ] = STATUS_PORT,
) -> None:
    """Show the status page to a browser on this machine, until Ctrl-C.

    It is carried through the API server, for which you need the right to forward ports of pods in
    the namespace of the release; the page itself only reads.
    """
    status_pages.run(ctx.obj(), namespace, port)


@app.command()
def wait(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="ZONE", help="NAME, NAMESPACE/NAME or origin of a Zone.")
    ],
    namespace: Namespace = "",
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Wait until every Ready edge answers the Zone as it is now.

    Ends at once with exit status 1 when the Zone is not accepted, as it then waits for people.
    """
    cluster: Cluster = ctx.obj()
    found = objects.zone(name, cluster.zones(namespace))
    states.follow(cluster, found, verdicts.propagation, timeout)


@app.command()
def drain(
    ctx: typer.Context,
    name: PopName,
    wait: Annotated[bool, typer.Option("--wait", help="Until no edge of it runs.")] = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Take a Pop out of service: its edges stop after clients are sent elsewhere.

    Sets the annotation dnsfleet.io/drain, which stays when a tool applies the Pop from Git again.
    The operator refuses it for the last Pop that serves a zone.
    """
    cluster: Cluster = ctx.obj()
    found = states.set_drain(cluster, name, "true", "Drained")
    if wait:
        states.follow(cluster, found, verdicts.drain, timeout)


@app.command()
def undrain(ctx: typer.Context, name: PopName) -> None:
    """Put a Pop back into service: removes the annotation dnsfleet.io/drain.

    Exit status 1: its spec.state is Drained, so it stays out of service.
    """
    found = states.set_drain(ctx.obj(), name, None, "Active")
    if asked_by := objects.drain_asked_by(found):
        print(
            f"pop/{name} stays Drained, as {asked_by} asks; change that where its manifest is kept"
        )
        raise typer.Exit(NEGATIVE)


@app.command()
def explain(
    ctx: typer.Context,
    qname: Annotated[str, typer.Argument(help="A name to ask for.", show_default=False)],
    rtype: Annotated[str, typer.Option("--type", help="The type to ask for.")] = "A",
    output: Output = None,
    release: Release = "",
) -> None:
    """Show the zone of a name, its shard, and what every Ready edge answers, asked directly.

    The edges are asked over TCP through the API server, so no Service or load balancer is in
    between; those of Pops in other clusters are not reached. The shard is the one that answers the
    name over UDP. Exit status 1: edges differ.
    """
    cluster: Cluster = ctx.obj()
    try:
        absolute = names.normalise(qname)
        kind = rrtypes.normalise(rtype)
    except ValueError as error:
        raise Trouble(f"cannot ask for {qname} {rtype}: {error}") from None
    zone = objects.holder(absolute, cluster.zones())
    pops = [] if zone is None else [each for each in cluster.pops() if objects.serves(each, zone)]
    home = "" if zone is None else cluster.release(release)
    replies = [] if zone is None else explaining.ask(cluster, home, absolute, kind, zone, pops)
    remote = [objects.name(each) for each in pops if objects.is_remote(each)]
    if output is None:
        print(explaining.text(absolute, kind, zone, replies, remote))
    else:
        documents.show(explaining.document(absolute, kind, zone, replies, remote), output)
    if not explaining.agree(replies):
        raise typer.Exit(NEGATIVE)


@app.command()
def top(ctx: typer.Context, once: Once = False, namespace: Home = "") -> None:
    """Show what each Pop does now, until Ctrl-C.

    Those that need attention come first. Rates are of the last two seconds, read from the pages of
    the edges through the API server; a Pop of another cluster shows what it reports. Needs the
    right to get pods/proxy.
    """
    from dnsfleet_cli.kubectl.cluster_top import ClusterTop
    from dnsfleet_cli.top import running

    cluster: Cluster = ctx.obj()
    running.run(ClusterTop(cluster, cluster.release(namespace)).look, once)


@app.command()
def trace(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="ZONE", help="A Zone (NAME, NAMESPACE/NAME) or an origin.")
    ],
    lsn: Lsn = None,
    since: Annotated[int, typer.Option(min=1, help="Seconds of the logs to read.")] = TRACE_SECONDS,
    namespace: Namespace = "",
    release: Release = "",
) -> None:
    """Follow the newest change of a zone by the logs: when each station had it.

    Reads what operators and edges of this cluster have logged. Exit status: 1 no line tells of a
    change.
    """
    from dnsfleet_cli.kubectl import pod_logs
    from dnsfleet_cli.tracing import following, report

    cluster: Cluster = ctx.obj()
    origin, zone = objects.zone_or_origin(name, cluster.zones(namespace))
    parts = None if zone is None else pod_logs.parts(zone, cluster)
    logs, unread = pod_logs.read(cluster, cluster.release(release), origin, since)
    found = following.follow(origin, logs, parts, lsn)
    print(report.text(origin, found, logs, unread))
    if found is None:
        raise typer.Exit(NEGATIVE)


@app.command(cls=PlanCommand)
def plan(
    ctx: typer.Context,
    paths: PlannedPaths,
    namespace: Annotated[
        str,
        typer.Option(
            "--namespace", "-n", help="Of objects that name none; else that of the context."
        ),
    ] = "",
    release: Release = "",
    output: Annotated[
        PlanForm, typer.Option("--output", "-o", help="How to print it.")
    ] = PlanForm.TEXT,
) -> None:
    """Show what manifests would change in the fleet, before they are applied, and change nothing.

    Objects that the files do not have stay as they are. It reads the Secret with the keys, as
    `verify` does. Exit status: 0 nothing changes, 1 something is wrong, 2 something changes or is
    held.
    """
    from dnsfleet_cli.kubectl import plans

    cluster: Cluster = ctx.obj()
    raise typer.Exit(plans.run(cluster, release, paths, namespace or cluster.namespace, output))


@app.command()
def verify(
    ctx: typer.Context,
    namespace: keys.Namespace = "",
    seed: Seed = None,
    heal: Annotated[
        bool, typer.Option("--heal", help="Have the operator publish everything again first.")
    ] = False,
) -> None:
    """Compare objects, core, replicas and the answers of every Ready edge.

    Of a Pop in another cluster it judges what that says; its replica and answers are not asked.
    All of them are asked through the API server. Tells what differs, why, and what to do; it
    changes nothing without --heal. Exit status: 0 all is equal, 1 something differs, 2 it could not
    look at all of it.
    """
    from dnsfleet_cli.kubectl.cluster_fleet import ClusterFleet
    from dnsfleet_cli.verifying import running

    raise typer.Exit(running.run(ClusterFleet(ctx.obj(), namespace), seed, heal))
