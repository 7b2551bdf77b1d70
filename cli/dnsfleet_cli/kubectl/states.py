"""What several commands do with one object: ask for a drain, and wait for a verdict."""

from collections.abc import Callable

import typer
from dnsfleet.resources.pops import DRAIN_ANNOTATION

from dnsfleet_cli.kubectl import objects, verdicts
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.troubles import NEGATIVE


def set_drain(cluster: Cluster, name: str, drain: str | None, state: str) -> Object:
    """Have the annotation of a Pop ask for a drain, or not; the Pop as it is then."""
    found = objects.pop(name, cluster.pops())
    if objects.value(found, "metadata", "annotations", DRAIN_ANNOTATION) != drain:
        found = cluster.patch_pop(name, {"metadata": {"annotations": {DRAIN_ANNOTATION: drain}}})
        if objects.state(found) == state:
            print(f"pop/{name} is to be {state}")
    elif objects.state(found) == state:
        print(f"pop/{name} is {state} already")
    return found


def follow(
    cluster: Cluster,
    item: Object,
    judge: Callable[[Object], verdicts.Verdict],
    timeout: float,
) -> None:
    """Wait for a verdict and print it; exit status 1 where it is no, or the time is up."""
    verdict = judge(item)
    if verdict.done is None:
        for state in cluster.states(item, timeout):
            verdict = judge(state)
            if verdict.done is not None:
                break
    print(verdict.text)
    if not verdict.done:
        raise typer.Exit(NEGATIVE)
