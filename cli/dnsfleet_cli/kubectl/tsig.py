"""`kubectl dnsfleet tsig`: TSIG keys for whoever talks to the gates of a release."""

import secrets
import sys
from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import Annotated

import typer

from dnsfleet_cli.kubectl import command_line, documents, tsig_keys, update_clients
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.command_line import Home
from dnsfleet_cli.kubectl.documents import Output
from dnsfleet_cli.kubectl.objects import value
from dnsfleet_cli.kubectl.pods import selector
from dnsfleet_cli.kubectl.tsig_keys import Pair
from dnsfleet_cli.troubles import Trouble

UNKNOWN_GATE = "192.0.2.1"
"""In the lines where the address of the gate is not known; for documentation (RFC 5737)."""

app = command_line.app("TSIG keys, by which others talk to the gates of the fleet.")


class Algorithm(StrEnum):
    """As it is on the wire (RFC 8945 section 6)."""

    SHA256 = "hmac-sha256"
    SHA384 = "hmac-sha384"
    SHA512 = "hmac-sha512"


class Use(StrEnum):
    """What a key is for."""

    TRANSFER = "transfer"
    UPDATE = "update"


class Wait(StrEnum):
    """What has to be true of an update before its sender is told."""

    PROGRAMMED = "Programmed"
    PROPAGATED = "Propagated"


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(help="Of the TsigKey, its Secret and the key on the wire.")
    ],
    zone: Annotated[
        list[str],
        typer.Option("--zone", help="An origin; * for all, which a key for updates cannot have."),
    ],
    use: Annotated[
        list[Use],
        typer.Option("--for", help="What it allows: to transfer zones, or to change them."),
    ] = [Use.TRANSFER],  # noqa: B006 - typer copies it
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--names",
            metavar="PATTERN",
            help="Names that updates may change, such as '_acme-challenge.*'; default: all.",
        ),
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option("--types", metavar="TYPE", help="Types that updates may change."),
    ] = None,
    wait: Annotated[
        Wait | None,
        typer.Option(
            "--wait", help="When an update is answered: published (the default), or everywhere."
        ),
    ] = None,
    secondary: Annotated[
        list[str] | None,
        typer.Option(
            "--secondary",
            metavar="ADDRESS[:PORT]",
            help="A name server that is told of each change.",
        ),
    ] = None,
    address: Annotated[
        list[str] | None,
        typer.Option(
            "--address", metavar="PREFIX", help="From where it may be used; default: everywhere."
        ),
    ] = None,
    algorithm: Annotated[
        Algorithm, typer.Option("--algorithm", help="Of the signatures.")
    ] = Algorithm.SHA256,
    namespace: Home = "",
    output: Output = None,
) -> None:
    """Make a key by which zones are transferred or changed, and print what its user configures.

    Makes a TsigKey and a Secret with a random secret in the namespace of the release, and shows
    that secret once: in lines for Knot DNS, NSD and BIND, and with --for update in lines for
    nsupdate, cert-manager, ExternalDNS and Terraform. With -o it makes nothing and prints the
    objects. --zone, --for, --names, --types, --secondary and --address may be given several times.
    """
    cluster: Cluster = ctx.obj()
    home = cluster.release(namespace)
    octets = secrets.token_bytes(tsig_keys.DIGEST_OCTETS[algorithm.value])
    pair = tsig_keys.make(
        name,
        home,
        octets,
        algorithm.value,
        zone,
        secondaries=[tsig_keys.secondary(each) for each in secondary or ()],
        addresses=address,
        names=names,
        types=types,
        wait=None if wait is None else wait.value,
        **{"for": [each.value for each in dict.fromkeys(use)]},
    )
    if output is not None:
        documents.show(pair.document(), output)
        return
    _make(cluster, pair, home, name)
    print(f"tsigkey/{home}/{name} and secret/{home}/{name} are made", file=sys.stderr)
    print("\n".join(_lines(cluster, pair, home, use)), end="")


def _lines(cluster: Cluster, pair: Pair, home: str, use: Collection[Use]) -> Iterator[str]:
    """The configuration for each use; what of it is not known is told."""
    for each in sorted(set(use)):
        component, value, lines = _USES[each]
        gate = _gate(cluster, home, component)
        yield lines(pair, gate or UNKNOWN_GATE)
        if not gate:
            print(
                f"no address of a gate is known in {home}: put it in the place of {UNKNOWN_GATE}; "
                f"{value} of the chart runs gates",
                file=sys.stderr,
            )


_USES = {
    Use.TRANSFER: ("gate", "gate.enabled", tsig_keys.lines),
    Use.UPDATE: ("gate-updates", "gate.updates.enabled", update_clients.lines),
}
"""The component that serves a use, the value that runs it, and the lines for its clients."""


def _make(cluster: Cluster, pair: Pair, home: str, name: str) -> None:
    """Make both. A key that is there keeps its Secret, and so does a Secret its key."""
    if not cluster.create(pair.key):
        raise Trouble(
            f"tsigkey/{home}/{name} is there already; take another name, as for the next key of a "
            "rotation"
        )
    undo = f"kubectl delete tsigkey {name} --namespace {home}"
    try:
        is_new = cluster.create_secret(pair.secret)
    except Trouble as trouble:
        raise Trouble(
            f"tsigkey/{home}/{name} is made, but not its Secret: {trouble}; before you try again: "
            f"{undo}"
        ) from None
    if not is_new:
        raise Trouble(
            f"tsigkey/{home}/{name} is made, and secret/{home}/{name} was there already, so the "
            f"key has what is in that one; if that is wrong: {undo}"
        )


def _gate(cluster: Cluster, home: str, component: str) -> str:
    """Where others reach the gates of a component; empty where that is not known."""
    services = cluster.services(selector(component), home)
    for service in services:
        for each in value(service, "status", "loadBalancer", "ingress", default=()):
            if each.get("ip"):
                return str(each["ip"])
    inside = [str(value(each, "spec", "clusterIP", default="")) for each in services]
    kinds = {value(each, "spec", "type") for each in services}
    return inside[0] if kinds == {"ClusterIP"} else ""
