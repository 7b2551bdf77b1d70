"""`kubectl dnsfleet`, run as kubectl would."""

import subprocess
import sys

from cluster.access import Access


def dnsfleet(cluster: Access, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the plugin with these arguments; the caller judges its exit status."""
    command = [sys.executable, "-m", "dnsfleet_cli.kubectl"]
    return subprocess.run(
        [*command, "--kubeconfig", str(cluster.kubeconfig), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
