"""ExternalDNS as it is, with the settings that a page of the documentation gives it.

The page shows values of its chart. That chart makes the arguments, and so says whether the values
are right. Only where things are on this machine differs, and how long it waits between rounds.

    with by_updates(folder, kubeconfig, "extraArgs.rfc2136-host=192.0.2.1") as running:
        running.settle()
"""

import os
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from cluster import builds

from support import acme_servers, pages, scraped
from support.ports import free_port
from support.waiting import wait_for
from support.webhooks import webhook

Object = dict[str, Any]

WEBHOOK, UPDATES = "integrations/externaldns.md", "integrations/externaldns-updates.md"
"""The pages."""
OWNER = "public"
"""The txtOwnerId of both."""
SECRET = "EXTERNAL_DNS_RFC2136_TSIG_SECRET"
START_SECONDS = 60.0
ROUNDS_SECONDS = 60.0
QUIET_ROUNDS = 3
"""Rounds without a change, after which all is taken to stay as it is."""
APPLIED = "external_dns_webhook_provider_applychanges_requests_total"
QUIET = "external_dns_controller_no_op_runs_total"
ERRORS = ("external_dns_registry_errors_total", "external_dns_source_errors_total")


class Settings(NamedTuple):
    """What the chart of ExternalDNS makes of its values."""

    arguments: list[str]
    webhook: list[str]
    """The command of the container beside it; empty without one."""
    environment: dict[str, Object]
    """Its variables: each as the pod has it, by name."""


class ExternalDNSRun:
    """A process of ExternalDNS."""

    def __init__(self, metrics: int, log: Path) -> None:
        self._metrics = metrics
        self._log = log

    @property
    def log(self) -> str:
        """What it has logged."""
        return self._log.read_text()

    def value(self, name: str) -> float:
        """A sample of its metrics, summed over its labels."""
        return sum(each.value for each in scraped.samples(self._page()) if each.name == name)

    def is_up(self) -> bool:
        """Whether it has metrics."""
        try:
            return bool(self._page())
        except OSError:
            return False

    def settle(self) -> None:
        """Wait until it has found nothing to change in some rounds after another, from now on."""
        found = self.value(QUIET)
        wait_for("rounds without changes", lambda: self._quiet(found), ROUNDS_SECONDS)

    def _quiet(self, before: float) -> bool:
        return self.value(QUIET) >= before + QUIET_ROUNDS

    def _page(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._metrics}/metrics", timeout=5) as page:
            return str(page.read().decode())


def is_quiet(versions: Callable[[], Mapping[str, str]], *running: ExternalDNSRun) -> None:
    """Assert that nothing is written in rounds in which nothing changed, and nothing goes wrong.

    `versions` tells what is there.
    """

    def told() -> list[object]:
        return [versions(), *(each.value(name) for each in running for name in (APPLIED, *ERRORS))]

    for each in running:
        each.settle()
    before = told()
    for each in running:
        each.settle()
    assert told() == before


@contextmanager
def by_webhook(
    folder: Path, kubeconfig: Path, *changes: str, owner: str = OWNER
) -> Iterator[ExternalDNSRun]:
    """ExternalDNS with `dnsfleet-externaldns` beside it, as its page says, with changed values."""
    given = settings(WEBHOOK, folder, f"txtOwnerId={owner}", *changes)
    _, _, *options = given.webhook  # before them: the program, and --instance
    with webhook(folder, kubeconfig, *options, instance=owner) as beside:
        url = f"--webhook-provider-url=http://localhost:{beside.port}"
        with external_dns(folder, kubeconfig, [*given.arguments, url]) as running:
            yield running


@contextmanager
def by_updates(folder: Path, kubeconfig: Path, *changes: str) -> Iterator[ExternalDNSRun]:
    """ExternalDNS with its provider rfc2136, as its page says, with changed values."""
    given = settings(UPDATES, folder, *changes)
    _, secret = yaml.safe_load_all((folder / "key.yaml").read_text())
    reference = given.environment[SECRET]["valueFrom"]["secretKeyRef"]
    assert reference == {"name": secret["metadata"]["name"], "key": "secret"}
    environment = {SECRET: secret["stringData"]["secret"]}
    with external_dns(folder, kubeconfig, given.arguments, environment) as running:
        yield running


def settings(page: str, folder: Path, *changes: str) -> Settings:
    """What the chart makes of the values on a page, and of changes to them as for `helm --set`.

    `folder` gets the files of the page.
    """
    pages.write_files(page, folder)
    text = rendered(folder, ["deployment"], *changes)
    containers = yaml.safe_load(text)["spec"]["template"]["spec"]["containers"]
    by_name = {each["name"]: each for each in containers}
    own, beside = by_name["external-dns"], by_name.get("webhook", {})
    environment = {each["name"]: each for each in own.get("env", ())}
    return Settings(own["args"], beside.get("args", []), environment)


def rendered(folder: Path, templates: Sequence[str], *changes: str) -> str:
    """What Helm makes of templates of the chart, with the values of a page in this folder."""
    options: list[str | Path] = ["--values", folder / "external-dns.yaml"]
    options += [part for each in templates for part in ("--show-only", f"templates/{each}.yaml")]
    options += [part for each in changes for part in ("--set", each)]
    release = ("external-dns", "--namespace", "external-dns")
    done = subprocess.run(
        [builds.programs()["helm"], "template", *release, builds.external_dns_chart(), *options],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return done.stdout


@contextmanager
def external_dns(
    folder: Path, kubeconfig: Path, arguments: Sequence[str], environment: Mapping[str, str] = {}
) -> Iterator[ExternalDNSRun]:
    """ExternalDNS, with a round a second; `folder` gets its log. It must not end by itself."""
    metrics = free_port()
    here = [
        f"--kubeconfig={kubeconfig}",
        f"--metrics-address=127.0.0.1:{metrics}",
        "--interval=1s",
        "--log-level=debug",
    ]
    given = {each.partition("=")[0] for each in here}
    kept = [each for each in arguments if each.partition("=")[0] not in given]
    log = folder / f"external-dns-{metrics}.log"
    command: list[str | Path] = [builds.external_dns(), *kept, *here]
    with acme_servers.running(command, log, {**os.environ, **environment}) as runs:
        found = ExternalDNSRun(metrics, log)

        def is_up() -> bool:
            runs()
            return found.is_up()

        wait_for("ExternalDNS has metrics", is_up, START_SECONDS)
        yield found
        runs()
