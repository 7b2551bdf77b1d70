"""The command `kubectl dnsfleet` (`kubectl-dnsfleet`): what each subcommand takes.

Exit status: 0 done; 1 the answer is no, or it did not come in time; 2 it could not be done.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from dnsfleet import names, rrtypes
from dnsfleet.resources.base import DEFAULT_NAMESPACE

from dnsfleet_cli.kubectl import (
    explaining,
    holds,
    joins,
    keys,
    objects,
    pop_commands,
    restores,
    states,
    status_pages,
    summaries,
    traffic,
    verdicts,
)
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.pods import STATUS_PORT
from dnsfleet_cli.options import Lsn, Once, PlanCommand, PlanJson, PlanMarkdown, PlannedPaths, Seed
from dnsfleet_cli.troubles import NEGATIVE, Group, Trouble

DEFAULT_TIMEOUT = 60.0
"""Seconds: a change is live within three; in a rolling restart each edge drains for five."""
TRACE_SECONDS = 3600
"""Seconds: what a kubelet keeps of a busy container is rarely older."""


class _Group(Group):
    program = "kubectl-dnsfleet"


app = typer.Typer(
    cls=_Group,
    help="What a dnsfleet in a cluster does. Exit status: 0 done; 1 the answer is no; 2 trouble.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(keys.app, name="keys")
for each in (pop_commands.snapshot, pop_commands.restart_replica, pop_commands.forget_edge):
    joins.app.command()(each)
app.add_typer(joins.app, name="pop")
app.add_typer(restores.app, name="zone")

Timeout = Annotated[float, typer.Option(min=0, help="Seconds to wait.")]
Release = Annotated[
    str, typer.Option("--namespace", "-n", help="Of the release; default: where its operator is.")
]
PopName = Annotated[str, typer.Argument(help="The Pop's name.", show_default=False)]


@app.callback()
def connect(
    ctx: typer.Context,
    kubeconfig: Annotated[
        Path | None, typer.Option(help="A kubeconfig; default: as kubectl has it.")
    ] = None,
    context: Annotated[str | None, typer.Option(help="A context of the kubeconfig.")] = None,
) -> None:
    """What a dnsfleet in a cluster does."""
    ctx.obj = lambda: Cluster(kubeconfig, context)


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
    namespace: Release = "",
) -> None:
    """Show all Pops and Zones and what is wrong with the fleet, or one of them.

    Figures of traffic need the right to get pods/proxy in the namespace of the release.
    """
    cluster: Cluster = ctx.obj()
    zones, pops = cluster.zones(), cluster.pops()
    found = None if name is None else objects.zone_or_pop(name, zones, pops)
    if found is not None and found["kind"] == "Zone":
        print(summaries.zone(found))
        return
    figures: Mapping[str, traffic.Traffic] = {}
    try:
        figures = traffic.read(cluster, cluster.release(namespace))
    except Trouble as trouble:
        print(f"no figures of traffic: {trouble}", file=sys.stderr)
    if found is None:
        print(summaries.fleet(zones, pops, cluster.fleets(), figures))
    else:
        print(summaries.pop(found, figures))


@app.command()
def held(ctx: typer.Context) -> None:
    """Show all that waits for an approval, and the command that approves it."""
    cluster: Cluster = ctx.obj()
    print(holds.text(cluster.fleets(), cluster.zones()))


@app.command()
def dashboard(
    ctx: typer.Context,
    namespace: Release = "",
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
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Wait until every Ready edge answers the Zone as it is now.

    Ends at once with exit status 1 when the Zone is not accepted, as it then waits for people.
    """
    cluster: Cluster = ctx.obj()
    states.follow(cluster, objects.zone(name, cluster.zones()), verdicts.propagation, timeout)


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
    namespace: Release = "",
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
    home = "" if zone is None else cluster.release(namespace)
    replies = [] if zone is None else explaining.ask(cluster, home, absolute, kind, zone, pops)
    remote = [objects.name(each) for each in pops if objects.is_remote(each)]
    print(explaining.text(absolute, kind, zone, replies, remote))
    if not explaining.agree(replies):
        raise typer.Exit(NEGATIVE)


@app.command()
def top(ctx: typer.Context, once: Once = False, namespace: Release = "") -> None:
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
    namespace: Release = "",
) -> None:
    """Follow the newest change of a zone by the logs: when each station had it.

    Reads what operators and edges of this cluster have logged. Exit status: 1 no line tells of a
    change.
    """
    from dnsfleet_cli.kubectl import pod_logs
    from dnsfleet_cli.tracing import following, report

    cluster: Cluster = ctx.obj()
    origin, zone = objects.zone_or_origin(name, cluster.zones())
    parts = None if zone is None else pod_logs.parts(zone, cluster)
    logs, unread = pod_logs.read(cluster, cluster.release(namespace), origin, since)
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
        typer.Option("--namespace", "-n", help="Of objects that name none."),
    ] = DEFAULT_NAMESPACE,
    release: Annotated[
        str, typer.Option(help="Namespace of the release; default: where its keys are.")
    ] = "",
    json: PlanJson = False,
    markdown: PlanMarkdown = False,
) -> None:
    """Show what manifests would change in the fleet, before they are applied, and change nothing.

    Objects that the files do not have stay as they are. It reads the Secret with the keys, as
    `verify` does. Exit status: 0 nothing changes, 1 something is wrong, 2 something changes or is
    held.
    """
    from dnsfleet_cli.kubectl import plans
    from dnsfleet_cli.planning.rendering import Form

    raise typer.Exit(plans.run(ctx.obj(), release, paths, namespace, Form.of(json, markdown)))


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
