"""The help of every command of `dnsfleet` and `kubectl dnsfleet`, as 100 columns show it.

python -m support.help_texts    # writes tests/golden/help anew
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from dnsfleet_cli import main as whole
from dnsfleet_cli.kubectl import main as plugin
from typer.testing import CliRunner

FOLDER = Path(__file__).parents[1] / "golden" / "help"
PROGRAMS = {"dnsfleet": whole.app, "kubectl-dnsfleet": plugin.app}
_STYLE = re.compile(r"\x1b\[[0-9;]*m")


def commands() -> Iterator[tuple[str, ...]]:
    """The words of each command, from its program on; groups of commands too."""
    for program, app in PROGRAMS.items():
        yield from _of(typer.main.get_command(app), (program,))


def _of(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield words
    for name, each in getattr(command, "commands", {}).items():
        yield from _of(each, (*words, name))


def shown(words: tuple[str, ...]) -> str:
    """The help of a command."""
    program, *command = words
    ended = CliRunner().invoke(
        PROGRAMS[program], [*command, "--help"], env={"COLUMNS": "100"}, prog_name=program
    )
    assert ended.exit_code == 0, ended.output
    plain = _STYLE.sub("", ended.stdout).strip()
    return "\n".join(line.rstrip() for line in plain.splitlines()) + "\n"


def file(words: tuple[str, ...]) -> Path:
    """Where the help of a command is kept."""
    return FOLDER / f"{' '.join(words).replace(' ', '_')}.txt"


def _write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for words in commands():
        file(words).write_text(shown(words))


if __name__ == "__main__":
    _write()
