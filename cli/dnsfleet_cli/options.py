"""The values of options, apart from the commands: `main` imports a command only when it runs.

Together the commands import the models of resources, dnspython and a Redis client. `serve` needs
none of them, and would take as long to import them as to read half a million records. typer, which
reads every command line, imports Pydantic for itself.
"""

import enum

DEFAULT_LISTEN = "127.0.0.1:5300"


class Output(enum.StrEnum):
    """What `zone import` writes."""

    YAML = "yaml"
    ZONE = "zone"
