"""Which version of dnsfleet this is."""

from importlib.metadata import PackageNotFoundError, version


def of(distribution: str) -> str:
    """The version of an installed distribution."""
    try:
        return version(distribution)
    except PackageNotFoundError:  # run from a source tree
        return "unknown"


def text(program: str) -> str:
    """What `PROGRAM --version` prints."""
    return f"{program} {of('dnsfleet')}"
