"""The commands `dnsfleet zone …`: what each takes (see `main`); modules beside do the work."""

from pathlib import Path
from typing import Annotated

import typer

from dnsfleet_cli.options import Output
from dnsfleet_cli.troubles import Trouble

app = typer.Typer(help="Work with master files (RFC 1035 section 5).", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="A master file, plain or gzip.", show_default=False)]
Origin = Annotated[
    str | None,
    typer.Option(help="The zone's name; default: the owner of the file's SOA."),
]


@app.command("lint")
def zone_lint(file: File, origin: Origin = None) -> None:
    """Check a master file; what passes here, `up` and `serve` take.

    Prints `FILE:LINE: message [Reason]` for each finding. Exit status: 0 no errors (warnings are
    shown), 1 errors, 2 the file cannot be read.
    """
    from dnsfleet_cli import zone_commands

    raise typer.Exit(zone_commands.lint(file, origin))


@app.command("import")
def zone_import(
    file: Annotated[
        Path | None, typer.Argument(help="A master file, plain or gzip.", show_default=False)
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option(
            help="The zone's name; default: the owner of the file's SOA. --axfr needs it."
        ),
    ] = None,
    axfr: Annotated[
        str | None,
        typer.Option(
            metavar="SERVER[:PORT]",
            help="In place of FILE: transfer the zone from this server, over TCP (RFC 5936); "
            "[ADDR]:PORT for IPv6.",
        ),
    ] = None,
    tsig: Annotated[
        Path | None,
        typer.Option(
            help="Sign the transfer with the key of this file (RFC 8945), which is one of "
            "`tsig-keygen`, or says ALGORITHM:NAME:SECRET.",
        ),
    ] = None,
    output: Annotated[
        Output,
        typer.Option(
            "--output",
            "-o",
            help="yaml: objects for a cluster; path: a Zone for `dnsfleet up` that names FILE; "
            "zone: a master file, absolute names in canonical order.",
        ),
    ] = Output.YAML,
) -> None:
    """Turn a master file, or what a server transfers, into a Zone manifest on standard output.

    The records are listed in the manifest where that keeps all of the zone but the serial, which
    dnsfleet gives; otherwise the file goes in whole, as `zoneFile.inline`, or in ConfigMaps where
    it is too big for one object. Their names contain a digest of it: after a new import, delete the
    ones that no Zone names. Apply it with `kubectl apply --server-side`.
    """
    if file is not None and axfr is None and tsig is None:
        from dnsfleet_cli import zone_objects

        raise typer.Exit(zone_objects.import_(file, origin, output))
    if file is not None or axfr is None or origin is None:
        raise Trouble("name a master FILE, or give --axfr SERVER --origin ZONE, and --tsig with it")
    from dnsfleet_cli.transferring import importing

    raise typer.Exit(importing.import_axfr(axfr, origin, tsig, output))


@app.command("export")
def zone_export(
    name: Annotated[str, typer.Argument(help="The zone's name.", show_default=False)],
    paths: Annotated[
        list[Path],
        typer.Option("--filename", "-f", help="A manifest or a folder of them; repeatable."),
    ],
) -> None:
    """Print a zone of manifests, its RecordSets included, as a master file.

    Names are absolute, the order is canonical, so equal zones give equal bytes. The serial is the
    zone file's, or 0: the real one is given when the zone is published.
    """
    from dnsfleet_cli import zone_objects

    raise typer.Exit(zone_objects.export(name, paths))


@app.command("diff")
def zone_diff(
    a: Annotated[Path, typer.Argument(help="The old master file.", show_default=False)],
    b: Annotated[Path, typer.Argument(help="The new master file.", show_default=False)],
    origin: Origin = None,
) -> None:
    """Print the records that differ, `-` for those of A and `+` for those of B.

    Exit status: 0 the zones are equal, 1 they differ, 2 a file has errors.
    """
    from dnsfleet_cli import zone_commands

    raise typer.Exit(zone_commands.diff(a, b, origin))
