"""What every role tells Prometheus: its process, its Python, and which version it is."""

from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Info, PlatformCollector, ProcessCollector


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
    info.info({"version": _of("dnsfleet")} | {label: _of(name) for label, name in parts.items()})
    return made


def _of(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:  # run from a source tree
        return "unknown"
