"""A gate may open as many files as its connections need, whatever the shell allowed."""

import subprocess
import sys

import pytest
from dnsfleet_gate.open_files import OTHERS

PROGRAM = """
import logging, resource
from dnsfleet_gate import open_files
logging.basicConfig()
open_files.allow(1000)
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("limits", "allowed", "is_told"),
    [
        ("ulimit -Sn 256", 1000 + OTHERS, False),
        ("ulimit -n 512", 512, True),
        (f"ulimit -n {5000 + OTHERS}", 5000 + OTHERS, False),
    ],
)
def test_the_soft_limit_is_raised_as_far_as_it_may_be(
    limits: str, allowed: int, is_told: bool
) -> None:
    command = ["sh", "-c", f'{limits}; exec "$0" -c "$1"', sys.executable, PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) == allowed
    assert ("open_files_limited" in done.stderr) == is_told
