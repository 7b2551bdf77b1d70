"""Runs of octoDNS as people have them: a configuration, a file for each zone, its commands.

run = OctodnsRun(folder, kubeconfig, namespace="dns")
run.write("example.com.", {"www": {"type": "A", "value": "192.0.2.1"}})
print(run.sync("--doit"))
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

DISTRIBUTION = Path(__file__).parents[2] / "integrations" / "octodns-dnsfleet"
SECONDS = 100.0
WORKERS = 4
"""Threads of octoDNS: zones are planned and applied side by side."""
NOTHING = "No changes were planned"
"""What octoDNS says of a plan without changes."""


class OctodnsRun:
    """A folder with a configuration; the provider is called `main` in it."""

    def __init__(self, folder: Path, kubeconfig: Path, **options: Any) -> None:
        self._folder = folder
        self._kubeconfig = kubeconfig
        (folder / "config").mkdir(parents=True, exist_ok=True)
        provider = {"class": "octodns_dnsfleet.DnsfleetProvider", **options}
        source = {
            "class": "octodns.provider.yaml.YamlProvider",
            "directory": "config",
            "enforce_order": False,
        }
        configuration = {
            "manager": {"max_workers": WORKERS},
            "providers": {"config": source, "main": provider},
            "zones": {"*": {"sources": ["config"], "targets": ["main"]}},
        }
        self._dump("octodns.yaml", configuration)

    def write(self, zone: str, records: dict[str, Any]) -> None:
        """What a zone is to have, by owner name."""
        self._dump(f"config/{zone}yaml", records)

    def sync(self, *options: str) -> str:
        """What `octodns-sync` says; AssertionError with it where it fails."""
        done = self.run("octodns-sync", "--config-file=octodns.yaml", *options)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def refused(self, *options: str) -> str:
        """What `octodns-sync` says where it fails; AssertionError where it does not."""
        done = self.run("octodns-sync", "--config-file=octodns.yaml", *options)
        assert done.returncode != 0, done.stdout
        return done.stdout

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of octoDNS in the folder."""
        environment = {
            **os.environ,
            "KUBECONFIG": str(self._kubeconfig),
            "PYTHONPATH": str(DISTRIBUTION),
        }
        program = Path(sys.executable).with_name(command)
        return subprocess.run(
            [str(program), *arguments],
            cwd=self._folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
        )

    def _dump(self, name: str, content: Any) -> None:
        (self._folder / name).write_text(yaml.safe_dump(content))
