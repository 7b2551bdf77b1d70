"""Processes of pods by their ids on this machine, for signals that Kubernetes does not send."""

from pathlib import Path
from typing import Any


def process_of(pod: dict[str, Any], program: str) -> int:
    """The one process of a pod whose command line has `program` in it."""
    uid = pod["metadata"]["uid"]
    (found,) = [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if program in _text(path) and uid in _text(path.with_name("cgroup"))
    ]
    return found


def _text(path: Path) -> str:
    """What a file of /proc says; nothing where the process has ended meanwhile."""
    try:
        return path.read_text()
    except OSError:
        return ""
