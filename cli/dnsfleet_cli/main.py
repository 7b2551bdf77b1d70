"""The command `dnsfleet`: what each subcommand takes; the work is in the modules beside, each
imported by the command that needs it.

Exit status: 0 done; 1 done, and the answer is no (errors in a zone, files differ); 2 it could not
be done, or wrong usage.
"""

from pathlib import Path
from typing import Annotated

import typer

from dnsfleet_cli import zone_main
from dnsfleet_cli.options import (
    DEFAULT_DNS_PORT,
    DEFAULT_LISTEN,
    DEFAULT_STATE_DIR,
    REDIS_URL_VARIABLE,
    Lsn,
    Once,
    PlanCommand,
    PlanForm,
    PlannedPaths,
    RedisUrl,
    Seed,
    UpOptions,
    version,
)
from dnsfleet_cli.troubles import Group

MAX_SHARDS = 64
"""What the kernel program that spreads names over shards can hold."""


app = typer.Typer(
    cls=Group,
    help="Authoritative DNS as a fleet. Exit status: 0 done; 1 the answer is no; 2 trouble.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(zone_main.app, name="zone")


@app.callback()
def _all(_version: Annotated[bool, version("dnsfleet")] = False) -> None: ...


@app.command()
def up(
    paths: Annotated[
        list[Path],
        typer.Option(
            "--filename",
            "-f",
            help="A manifest or a folder of them (*.yaml, *.yml, at any depth); repeatable.",
            show_default=False,
        ),
    ],
    dns_port: Annotated[
        int,
        typer.Option(
            min=1, max=65535, help="Port of the first Pop; the next ones count up, past --gate."
        ),
    ] = DEFAULT_DNS_PORT,
    shards: Annotated[
        int, typer.Option(min=1, max=MAX_SHARDS, help="Answering threads of each edge.")
    ] = 1,
    state_dir: Annotated[
        Path, typer.Option(help="Where key, passwords, data and logs are kept.")
    ] = DEFAULT_STATE_DIR,
    redis_url: Annotated[
        str | None,
        typer.Option(
            envvar=REDIS_URL_VARIABLE,
            help="A Redis to use as the core in place of the embedded one. One with a password is "
            "better in the environment: everybody on this machine sees arguments.",
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch/--no-watch", help="Publish again what changes in the files.")
    ] = True,
    gate: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            help="Transfer zones at this port of loopback, to secondaries that have a TsigKey.",
            show_default=False,
        ),
    ] = None,
    observe: Annotated[
        bool,
        typer.Option(
            "--observe", help="Run Prometheus and Alertmanager beside it, where they are installed."
        ),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print events as JSON lines in place of text.")
    ] = False,
) -> None:
    """Run a whole fleet on this machine from the manifests that a cluster takes.

    The core, and for each Pop that is not drained a Redis replica and one edge (spec.edge.replicas
    and spec.edge.shards are for clusters), listen on loopback only. Pop number i answers at
    DNS-PORT+i over UDP and TCP, those behind the port of --gate at one more. Ctrl-C ends every
    process that was started.
    """
    from dnsfleet_cli.up import fleet

    fleet.run(
        UpOptions(
            paths=tuple(paths),
            dns_port=dns_port,
            shards=shards,
            state_dir=state_dir,
            redis_url=redis_url,
            watch=watch,
            gate=gate,
            observe=observe,
            json=json,
        )
    )


@app.command()
def top(
    state_dir: Annotated[
        Path, typer.Option(help="The folder that `up` was given.")
    ] = DEFAULT_STATE_DIR,
    once: Once = False,
) -> None:
    """Show what each Pop of a running `up` does now, until Ctrl-C.

    Those that need attention come first. Rates are of the last two seconds. Alerts are shown where
    `up` runs with --observe.
    """
    from dnsfleet_cli.top import running
    from dnsfleet_cli.up.local_top import LocalTop

    running.run(LocalTop(state_dir).look, once)


@app.command()
def verify(
    paths: Annotated[
        list[Path],
        typer.Option(
            "--filename",
            "-f",
            help="The manifests that `up` was given: a file or a folder; repeatable.",
            show_default=False,
        ),
    ],
    state_dir: Annotated[
        Path, typer.Option(help="The folder that `up` was given.")
    ] = DEFAULT_STATE_DIR,
    redis_url: RedisUrl = None,
    seed: Seed = None,
    heal: Annotated[
        bool, typer.Option("--heal", help="Have `up` publish everything again first.")
    ] = False,
) -> None:
    """Compare manifests, core, replicas and the answers of every edge of a running `up`.

    Tells what differs, why, and what to do; it changes nothing without --heal. Exit status: 0 all
    is equal, 1 something differs, 2 it could not look at all of it.
    """
    from dnsfleet_cli.up.local_fleet import LocalFleet
    from dnsfleet_cli.verifying import running

    raise typer.Exit(running.run(LocalFleet(paths, state_dir, redis_url), seed, heal))


@app.command(cls=PlanCommand)
def plan(
    paths: PlannedPaths,
    state_dir: Annotated[
        Path, typer.Option(help="The folder that `up` was given.")
    ] = DEFAULT_STATE_DIR,
    redis_url: RedisUrl = None,
    output: Annotated[
        PlanForm, typer.Option("--output", "-o", help="How to print it.")
    ] = PlanForm.TEXT,
) -> None:
    """Show what files would change in a running `up`, and change nothing.

    Give all the manifests that `up` would be given, as they will be. A zone that they do not have
    stays. Exit status: 0 nothing changes, 1 something is wrong, 2 something changes or is held.
    """
    from dnsfleet_cli.up import local_plans

    raise typer.Exit(local_plans.run(paths, state_dir, redis_url, output))


@app.command()
def probe(
    state_dir: Annotated[
        Path, typer.Option(help="The folder that `up` was given.")
    ] = DEFAULT_STATE_DIR,
    place: Annotated[
        str | None,
        typer.Option(metavar="POP", help="Ask what the prober of this Pop asks; default: all."),
    ] = None,
    http: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Ask again and again, and serve /metrics there."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON in place of a table.")] = False,
) -> None:
    """Ask every Pop of a running `up` from outside, and compare with what is published.

    Over UDP and TCP, at each address: the serials of some zones and a record of each, others each
    time. Exit status: 0 all is as published, 1 something differs, 2 nothing could be asked.
    """
    from dnsfleet_cli.up import local_probes

    raise typer.Exit(local_probes.run(state_dir, place, http, json))


@app.command()
def trace(
    zone: Annotated[str, typer.Argument(help="The zone's name.", show_default=False)],
    state_dir: Annotated[
        Path, typer.Option(help="The folder that `up` was given.")
    ] = DEFAULT_STATE_DIR,
    lsn: Lsn = None,
) -> None:
    """Follow the newest change of a zone by the logs of `up`: when each station had it.

    The fleet need not run any more. Exit status: 1 no line tells of a change.
    """
    from dnsfleet_cli.up import tracing

    raise typer.Exit(tracing.trace(zone, state_dir, lsn))


@app.command()
def check(
    paths: Annotated[
        list[Path],
        typer.Option(
            "--filename",
            "-f",
            help="A manifest (*.yaml, *.yml, *.json), a folder of them, - for manifests that come "
            "in, or a master file; repeatable.",
            show_default=False,
        ),
    ],
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="CHECK", help="A check to leave out (docs/checks.md); repeatable."),
    ] = None,
) -> None:
    """Check manifests and master files, without a cluster and without serving them.

    Give the Zones and the RecordSets that add to them together. Prints `FILE:LINE: message
    [Reason]` for each finding. Exit status: 0 no errors (warnings are shown), 1 errors, 2 a file
    cannot be read.
    """
    from dnsfleet_cli import checking

    raise typer.Exit(checking.check(paths, ignore or []))


@app.command()
def serve(
    zones: Annotated[
        list[str] | None,
        typer.Option(
            "--zone", metavar="ORIGIN=FILE", help="A zone and its master file; repeatable."
        ),
    ] = None,
    zones_dir: Annotated[
        Path | None, typer.Option(help="A folder: each NAME.zone in it is the zone NAME.")
    ] = None,
    listen: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDR:PORT",
            help=f"Where to answer, UDP and TCP; [ADDR]:PORT for IPv6; repeatable; "
            f"default: {DEFAULT_LISTEN}.",
        ),
    ] = None,
    shards: Annotated[int, typer.Option(min=1, max=MAX_SHARDS, help="Answering threads.")] = 1,
    watch: Annotated[bool, typer.Option("--watch", help="Load again what changes.")] = False,
) -> None:
    """Answer from master files: the engine alone, without Redis, until Ctrl-C or SIGTERM.

    A zone with errors is refused and nothing is served: exit status 1. SIGHUP loads all files
    again, new ones in the folder too. Then a zone with errors, or whose file is gone, keeps the
    version that it has, and what is wrong is printed.
    """
    from dnsfleet_cli import serving

    raise typer.Exit(serving.serve(zones or [], zones_dir, listen or [], shards, watch))


@app.command()
def crds(
    folder: Annotated[Path, typer.Option("--dir", help="Where to write the files.")] = Path("crds"),
    chart: Annotated[
        Path | None, typer.Option(help="A Helm chart to bring up to the same models.")
    ] = None,
) -> None:
    """Write the CustomResourceDefinitions of dnsfleet.io, a file for each kind."""
    from dnsfleet_cli import crd_files

    crd_files.write(folder)
    if chart is not None:
        crd_files.write_chart(chart)
