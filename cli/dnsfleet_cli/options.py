"""What options can be, without what the commands need: `main` imports a command when it runs.

Together the commands import Pydantic, Redis and Kubernetes clients. `serve` needs none of them, and
would take as long to import them as to read half a million records.
"""

import enum

DEFAULT_LISTEN = "127.0.0.1:5300"


class Output(enum.StrEnum):
    """What `zone import` writes."""

    YAML = "yaml"
    ZONE = "zone"
