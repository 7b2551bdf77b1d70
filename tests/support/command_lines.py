"""Command lines of the processes of this machine, which everybody on it may read."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path


def command_lines() -> Iterator[tuple[int, bytes]]:
    """Process id and command line of each process that runs now."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield int(path.parent.name), path.read_bytes()
        except OSError:  # it has just ended
            continue


def having(secrets: Mapping[str, bytes], lines: Iterable[tuple[int, bytes]]) -> list[str]:
    """Which secret, by its name, is in the command line of which process."""
    assert secrets
    assert all(secrets.values())
    return [
        f"{name} in the process {pid}: {line.split(bytes(1))[0].decode()}"
        for pid, line in lines
        for name, secret in secrets.items()
        if secret in line
    ]
