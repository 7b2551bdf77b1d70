"""Single files of the state folder: replaced in one step, and told when they are damaged."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from dnsfleet_io import files

from dnsfleet_cli.troubles import Trouble, reason
from dnsfleet_cli.up import events

Show = Callable[[events.Event], None]
T = TypeVar("T", int, str)


def write(path: Path, data: bytes) -> None:
    """Replace a file, completely or not at all; at no time can others read it."""
    try:
        files.replace_file(path, data)
    except OSError as error:
        raise Trouble(f"state file {path} cannot be written: {reason(error)}") from None


def folder(path: Path) -> Path:
    """Make a folder, or make the one that is there private."""
    try:
        files.private_folder(path)
    except OSError as error:
        raise Trouble(f"state folder {path} cannot be used: {reason(error)}") from None
    return path


def set_aside(path: Path) -> Path:
    """Give a damaged file or folder another name; somebody may still want to look at it."""
    aside = name_aside(path)
    try:
        path.replace(aside)
        files.sync_folder(path.parent)
    except OSError as error:
        raise Trouble(f"{path} is damaged and cannot be renamed: {reason(error)}") from None
    return aside


def name_aside(path: Path) -> Path:
    """A name for a damaged file or folder that nothing has yet."""
    aside = path.with_name(f"{path.name}.damaged")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged{number}")
    return aside


def damaged(path: Path, done: str) -> events.Warned:
    """That a file is damaged, and what was done."""
    return events.Warned(str(path), f"damaged: {done}", "StateDamaged")


class Table(Generic[T]):
    """A JSON object of numbers or texts.

    It is read once. What happens to the file later does not change what is known, and the next
    write puts it right.
    """

    def __init__(self, path: Path, values: type[T], loss: str, show: Show) -> None:
        """Read the file; `loss` says what it means to begin anew where it is damaged."""
        self._path = path
        try:
            found = json.loads(path.read_bytes())
        except FileNotFoundError:
            found = {}
        except OSError as error:
            raise Trouble(f"state file {path} cannot be read: {reason(error)}; delete it") from None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or not all(type(each) is values for each in found.values()):
            show(damaged(path, loss))
            found = {}
        self._values: dict[str, T] = found

    def get(self, name: str) -> T | None:
        """What was put under a name."""
        return self._values.get(name)

    def others(self, name: str) -> set[T]:
        """What was put under other names."""
        return {value for key, value in self._values.items() if key != name}

    def put(self, name: str, value: T) -> None:
        """Keep a value."""
        self._values[name] = value
        write(self._path, json.dumps(self._values, indent=1).encode())
