"""The results of a run: the figures of every round, as they were taken, in one JSON file.

A part replaces its own figures, and adds on which machine and when they were taken. What people
read (`docs/benchmarks.md` and its picture) is made from the file alone.
"""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "docs/benchmarks.json"

Part = dict[str, Any]


def load() -> dict[str, Part]:
    """The figures of every part that was ever run."""
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def save(name: str, figures: Part) -> None:
    """Put the figures of one part into the file."""
    parts = load()
    parts[name] = {"taken": taken(), **figures}
    FILE.write_text(json.dumps(parts, indent=1) + "\n")


def taken() -> dict[str, str | int]:
    """When and on which machine."""
    processor = next(
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor,
        "cores": os.cpu_count() or 1,
        "kernel": platform.release(),
    }
