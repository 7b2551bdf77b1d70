"""What the user of a cluster has: kubectl, helm and a kubeconfig, for any cluster."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.waiting import wait_for

Object = dict[str, Any]
POD_SECONDS = 60.0


class CommandError(RuntimeError):
    """A command failed; the text is the command and what it printed."""


@dataclass(frozen=True)
class Access:
    """One cluster, as its administrator."""

    kubeconfig: Path
    kubectl_path: str
    helm_path: str

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """What kubectl prints."""
        return self._run(self.kubectl_path, arguments, stdin)

    def helm(self, *arguments: str) -> str:
        """What helm prints."""
        return self._run(self.helm_path, arguments, None)

    def apply(self, manifests: str) -> None:
        """`kubectl apply` of YAML or JSON text."""
        self.kubectl("apply", "-f", "-", stdin=manifests)

    def get(self, *arguments: str) -> Object:
        """`kubectl get`, as the object or the list that it is."""
        found: Object = json.loads(self.kubectl("get", "-o", "json", *arguments))
        return found

    def items(self, *arguments: str) -> list[Object]:
        """`kubectl get` of many."""
        found: list[Object] = self.get(*arguments)["items"]
        return found

    def wait(self, condition: str, seconds: float, *what: str) -> None:
        """`kubectl wait`; a failure names what was waited for and shows the objects."""
        try:
            self.kubectl("wait", f"--for={condition}", f"--timeout={seconds:g}s", *what)
        except CommandError as error:
            shown = self.kubectl("get", "-o", "yaml", *(part for part in what if part != "--all"))
            raise AssertionError(f"{error}\n{shown}") from None

    def wait_until_gone(self, seconds: float, *what: str) -> None:
        """Wait until `kubectl get` finds nothing."""
        wait_for(f"{what} are gone", lambda: not self.items(*what), seconds)

    def run_in_pod(self, name: str, image: str, *command: str) -> str:
        """What a command prints in a pod of its own, in the namespace `default`."""
        self.kubectl(
            *("run", name, f"--image={image}", "--image-pull-policy=IfNotPresent"),
            *("--restart=Never", "--command", "--", *command),
        )
        try:
            wait_for(f"pod {name} ends", lambda: self._has_ended(name), POD_SECONDS)
            return self.kubectl("logs", name)
        finally:
            self.kubectl("delete", "pod", name, "--now")

    def _has_ended(self, pod: str) -> bool:
        return self.get("pod", pod)["status"]["phase"] in ("Succeeded", "Failed")

    def _run(self, program: str, arguments: tuple[str, ...], stdin: str | None) -> str:
        done = subprocess.run(
            [program, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "KUBECONFIG": str(self.kubeconfig)},
        )
        if done.returncode:
            words = f"{done.stderr.strip()} {done.stdout.strip()}".strip()
            raise CommandError(f"{Path(program).name} {' '.join(arguments)}: {words}")
        return done.stdout
