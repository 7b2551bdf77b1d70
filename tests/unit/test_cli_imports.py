"""`dnsfleet serve` starts fast because it imports little."""

import subprocess
import sys

HEAVY = {"dns", "dnsfleet.resources", "dnsfleet_operator", "kopf", "kubernetes", "redis", "yaml"}

PROGRAM = "import sys, dnsfleet_cli.main, dnsfleet_cli.serving; print(*sys.modules)"


def test_serving_does_without_what_other_commands_need() -> None:
    imported = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert "dnsfleet_engine" in imported
    assert not HEAVY & set(imported)
