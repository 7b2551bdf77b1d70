"""Which version a process is, as `dnsfleet_ROLE_build_info`."""

from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Info


def register(registry: CollectorRegistry, role: str, **parts: str) -> None:
    """Have a registry tell the version of dnsfleet.

    `parts` are more distributions whose versions are told, by the label that tells them.
    """
    info = Info(
        f"dnsfleet_{role}_build",
        f"Always 1; the labels tell the version of this {role}, and of parts that have their own.",
        registry=registry,
    )
    info.info({"version": _of("dnsfleet")} | {label: _of(name) for label, name in parts.items()})


def _of(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:  # run from a source tree
        return "unknown"
