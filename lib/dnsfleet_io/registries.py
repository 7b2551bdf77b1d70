"""What every role tells Prometheus: its process, its Python, and which version it is."""

from prometheus_client import CollectorRegistry, Info, PlatformCollector, ProcessCollector

from dnsfleet_io import versions


def registry(role: str, **parts: str) -> CollectorRegistry:
    """A registry that tells the process, Python and `dnsfleet_ROLE_build_info`.

    `parts` are more distributions whose versions are told, by the label that tells them.
    """
    made = CollectorRegistry()
    ProcessCollector(registry=made)
    PlatformCollector(registry=made)
    info = Info(
        f"dnsfleet_{role}_build",
        f"Always 1; the labels tell the version of this {role}, and of parts that have their own.",
        registry=made,
    )
    distributions = {"version": "dnsfleet", **parts}
    info.info({label: versions.of(name) for label, name in distributions.items()})
    return made
