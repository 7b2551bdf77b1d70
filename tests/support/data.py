"""The folder of public data sets, which is not part of the repository."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def folder() -> Path:
    """Where the data sets are: DNSFLEET_DATA, or `../shared/data` beside the repository."""
    path = Path(os.environ.get("DNSFLEET_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no data sets at {path}: set DNSFLEET_DATA to their folder")
    return path
