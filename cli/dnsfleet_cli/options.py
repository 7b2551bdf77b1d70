"""The options of commands: their defaults and values, apart from the commands themselves.

`main` imports a command only when it runs. Together the commands import the models of resources,
dnspython and a Redis client. `serve` needs none of them, and would take as long to import them as
to read half a million records. typer, which reads every command line, imports Pydantic for itself.
"""

import enum
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from dnsfleet_io import versions
from typer.core import TyperCommand

from dnsfleet_cli.troubles import NEGATIVE, Trouble

DEFAULT_LISTEN = "127.0.0.1:5300"
DEFAULT_DNS_PORT = 5301
DEFAULT_STATE_DIR = Path(".dnsfleet")
REDIS_URL_VARIABLE = "DNSFLEET_REDIS_URL"
"""In place of --redis-url: everybody on a machine may read arguments, and a URL has a password."""


def version(program: str) -> Any:
    """The option that prints which version this is, and ends."""

    def show(wanted: bool) -> None:
        if wanted:
            print(versions.text(program))
            raise typer.Exit

    return typer.Option("--version", is_eager=True, callback=show, help="Show which version it is.")


RedisUrl = Annotated[
    str | None,
    typer.Option(
        envvar=REDIS_URL_VARIABLE, help="The core that `up` was given, where it was given one."
    ),
]
"""Of commands that read the core of a running `up`."""
Seed = Annotated[
    int | None,
    typer.Option(min=0, help="Ask for the same RRsets as the run that printed this seed."),
]
"""Of both commands that verify a fleet."""
Once = Annotated[
    bool, typer.Option("--once", help="Print one table and end, as where it is no terminal.")
]
"""Of both commands that show a fleet at work."""

Lsn = Annotated[
    int | None,
    typer.Option(min=1, help="The change at this position; default: the newest."),
]
"""Of both commands that trace a change."""


PlannedPaths = Annotated[
    list[Path],
    typer.Option(
        "--filename",
        "-f",
        help="What would be applied: a manifest, a folder of them, or - for manifests that come "
        "in; repeatable.",
        show_default=False,
    ),
]


_UsageError: Any = typer.BadParameter.__base__
"""Wrong usage; typer exports only what is derived from it."""


class PlanCommand(TyperCommand):
    """A command whose exit status 2 means changes, so that trouble and wrong usage give 1."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """As of any command."""
        try:
            return super().make_context(*args, **kwargs)
        except _UsageError as error:
            error.exit_code = NEGATIVE
            raise

    def invoke(self, ctx: Any) -> Any:
        """As of any command."""
        try:
            return super().invoke(ctx)
        except Trouble as trouble:
            print(f"{ctx.find_root().info_name}: {trouble}", file=sys.stderr)
            raise typer.Exit(NEGATIVE) from None


class PlanForm(enum.StrEnum):
    """How a plan is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    YAML = "yaml"


class Output(enum.StrEnum):
    """What `zone import` writes."""

    YAML = "yaml"
    PATH = "path"
    ZONE = "zone"


@dataclass(frozen=True)
class UpOptions:
    """The command line of `up`; only the types are checked."""

    paths: tuple[Path, ...]
    dns_port: int
    """Port of the first Pop."""
    shards: int
    """Threads of each edge."""
    state_dir: Path
    redis_url: str | None
    """None: an embedded core."""
    watch: bool
    gate: int | None
    """Port of the gate; None: none."""
    observe: bool
    """Prometheus and Alertmanager beside it."""
    json: bool
