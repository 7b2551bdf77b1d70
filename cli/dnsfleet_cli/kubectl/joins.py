"""`kubectl dnsfleet pop`: a Pop in a cluster of its own joins the fleet, and leaves it."""

import enum
import shlex
import time
from typing import Annotated

import typer
import yaml
from dnsfleet_publisher import pop_credentials
from dnsfleet_publisher.pop_credentials import ROTATE_ANNOTATION, Credentials, CredentialsError

from dnsfleet_cli.kubectl import (
    command_line,
    join_secrets,
    keys,
    leaving,
    objects,
    states,
    verdicts,
)
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.kubectl.pods import COMPONENT
from dnsfleet_cli.troubles import Trouble

TIMEOUT_SECONDS = 120.0
"""Twice what an edge takes to leave by default."""
LOOK_SECONDS = 0.5
CERTIFICATE_SECONDS = 10.0
"""How much later than credentials the certificate of a new release may come."""

app = command_line.app("How Pops of other clusters join and leave, and what a Pop is to do once.")


class Output(enum.StrEnum):
    """What `join` prints."""

    COMMANDS = "commands"
    YAML = "yaml"


PopName = Annotated[str, typer.Argument(help="The Pop's name.", show_default=False)]
Timeout = Annotated[float, typer.Option(min=0, help="Seconds to wait.")]


@app.command()
def join(
    ctx: typer.Context,
    name: PopName,
    namespace: keys.Namespace = "",
    address: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Of the core; default: of its load balancer.")
    ] = "",
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make a new password and certificate first.")
    ] = False,
    output: Annotated[Output, typer.Option("--output", "-o")] = Output.COMMANDS,
    timeout: Timeout = TIMEOUT_SECONDS,
) -> None:
    """Print what brings a Pop up in its own cluster: a Secret, and the command that installs it.

    Makes the Pop with spec.cluster: agent where there is none. Who has the Secret can read all that
    is replicated; it can write nothing but what this Pop says. After --rotate the password before
    works for a day longer.
    """
    cluster: Cluster = ctx.obj()
    fleet_keys = keys.find_secret(cluster, namespace)
    home = fleet_keys["metadata"]["namespace"]
    found = _pop(cluster, name)
    asked = (found["metadata"].get("annotations") or {}).get(ROTATE_ANNOTATION, "")
    if rotate:
        asked = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        cluster.patch_pop(name, {"metadata": {"annotations": {ROTATE_ANNOTATION: asked}}})
    where = address or _address(cluster, home)
    credentials = _credentials(cluster, home, name, asked, timeout)
    certificate = join_secrets.texts(_certificate(cluster, home))
    public = join_secrets.texts(fleet_keys)
    secret = join_secrets.make(name, where, credentials, certificate, public, home)
    text = yaml.safe_dump(secret, sort_keys=False)
    if output is Output.YAML:
        print(text, end="")
        return
    print(
        "# In the cluster of the Pop:\n"
        f"kubectl create namespace {shlex.quote(home)}\n"
        f"kubectl apply -f - <<'EOF'\n{text}EOF\n"
        "# With the image.* values of this release, where it has some.\n"
        f"helm install dnsfleet helm/dnsfleet --namespace {shlex.quote(home)} --set role=pop"
    )


@app.command()
def leave(
    ctx: typer.Context,
    name: PopName,
    namespace: keys.Namespace = "",
    now: Annotated[
        bool, typer.Option("--now", help="Do not drain it first: its credentials were stolen.")
    ] = False,
    timeout: Timeout = TIMEOUT_SECONDS,
) -> None:
    """Take a Pop out of service, delete it, and end its access to the core.

    What runs in its own cluster is not reached from here: it gets no news any more, and goes on
    until somebody ends it there. The commands for that are printed. Exit status 1: the Pop could
    not be drained, and has not left.
    """
    cluster: Cluster = ctx.obj()
    home = keys.find_secret(cluster, namespace)["metadata"]["namespace"]
    found = objects.pop(name, cluster.pops())
    _check_is_remote(found)
    if not now:
        drained = states.set_drain(cluster, name, "true", "Drained")
        try:
            states.follow(cluster, drained, verdicts.drain, timeout)
        except typer.Exit:
            print(leaving.stopped(name))
            raise
    cluster.delete_pop(found)
    deadline = time.monotonic() + timeout
    while name in _stored(cluster, home):
        if time.monotonic() > deadline:
            raise Trouble(leaving.not_ended(name, timeout))
        time.sleep(LOOK_SECONDS)
    print(leaving.done(name, home, drained=not now))


def _pop(cluster: Cluster, name: str) -> Object:
    """The Pop, made where there is none; Trouble for one that is in this cluster."""
    pops = cluster.pops()
    if name not in (each["metadata"]["name"] for each in pops):
        made = {
            "apiVersion": "dnsfleet.io/v1alpha1",
            "kind": "Pop",
            "metadata": {"name": name},
            "spec": {"cluster": "agent"},
        }
        cluster.create_pop(made)
        return made
    found = objects.pop(name, pops)
    _check_is_remote(found)
    return found


def _check_is_remote(pop: Object) -> None:
    if not objects.is_remote(pop):
        name = pop["metadata"]["name"]
        raise Trouble(f"pop/{name} runs in this cluster: its spec.cluster is not agent")


def _credentials(
    cluster: Cluster, namespace: str, pop: str, asked: str, timeout: float
) -> Credentials:
    """What the operator made for a Pop, once it has."""
    deadline = time.monotonic() + timeout
    while True:
        found = _stored(cluster, namespace).get(pop)
        if found is not None and asked in ("", found.asked):
            return found
        if time.monotonic() > deadline:
            raise Trouble(
                f"the operator has made no credentials for pop/{pop} within {timeout:g} s: see its "
                "log"
            )
        time.sleep(LOOK_SECONDS)


def _stored(cluster: Cluster, namespace: str) -> dict[str, Credentials]:
    """By Pop, what the operator holds now."""
    found = cluster.secrets(_selector(pop_credentials.LABELS), namespace)
    if not found:
        return {}
    try:
        return dict(pop_credentials.read(found[0]).pops)
    except CredentialsError as error:
        raise Trouble(str(error)) from None


def _certificate(cluster: Cluster, namespace: str) -> Object:
    """The Secret with the certificate of the core, once the operator has made it."""
    selector = _selector(pop_credentials.LABELS | {COMPONENT: "core-tls"})
    deadline = time.monotonic() + CERTIFICATE_SECONDS
    while not (found := cluster.secrets(selector, namespace)):
        if time.monotonic() > deadline:
            raise Trouble(
                f"no Secret with the labels {selector} in namespace {namespace}: install the chart "
                "with core.expose.enabled; a Secret of your own (core.expose.secretName) needs "
                "them too"
            )
        time.sleep(LOOK_SECONDS)
    return found[0]


def _address(cluster: Cluster, namespace: str) -> str:
    selector = _selector(pop_credentials.LABELS | {COMPONENT: "tunnel"})
    found = join_secrets.address_of(cluster.services(selector, namespace))
    if found is None:
        raise Trouble(
            "no load balancer leads to the core: install the chart with core.expose.enabled, or "
            "say where it is reached, with --address HOST:PORT"
        )
    return found


def _selector(labels: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items())
