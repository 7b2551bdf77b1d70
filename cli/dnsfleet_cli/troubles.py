"""Errors that people can correct: shown in one line, never as a traceback."""

import sys
from typing import Any

import typer
from typer.core import TyperGroup

OK = 0
NEGATIVE = 1
"""The command did its work and the answer is no: errors found, files differ."""
TROUBLE = 2
"""The command could not do its work; also what wrong usage gives."""


class Trouble(Exception):  # noqa: N818 - the word that users see
    """Something outside the program is wrong; the message says where and what to do."""


class RefusedTrouble(Trouble):
    """Whoever runs the program may not do that."""


def reason(error: OSError) -> str:
    """What the system says about an error, without errno and path."""
    return error.strerror or str(error)


def counted(number: int, thing: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


class Group(TyperGroup):
    """A command that shows trouble in one line on standard error."""

    program = "dnsfleet"

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Trouble as trouble:
            print(f"{self.program}: {trouble}", file=sys.stderr)
            raise typer.Exit(TROUBLE) from None
