"""`dnsfleet trace`: follows a change by the logs that a fleet of `dnsfleet up` keeps."""

from pathlib import Path

from dnsfleet import names

from dnsfleet_cli.tracing import following, report
from dnsfleet_cli.tracing.following import Log
from dnsfleet_cli.troubles import NEGATIVE, Trouble, reason
from dnsfleet_cli.up import own_log
from dnsfleet_cli.up.logs import LOGS_KEPT
from dnsfleet_cli.up.pops import EDGE_NAME

_EDGE = "edge-"


def trace(zone: str, state_dir: Path, lsn: int | None) -> int:
    """Print the way of a change; the exit status."""
    try:
        origin = names.normalise(zone)
    except ValueError as error:
        raise Trouble(f"{zone}: {error}") from None
    logs = read(state_dir)
    found = following.follow(origin, logs, lsn=lsn)
    print(report.text(origin, found, logs))
    return NEGATIVE if found is None else 0


def read(state_dir: Path) -> list[Log]:
    """What `up` and its edges logged in this state folder; Trouble where nothing is there."""
    folder = state_dir / "logs"
    own = folder / f"{own_log.NAME}.log"
    if not own.exists():
        raise Trouble(f"{own} is not there: name the folder of the fleet with --state-dir")
    edges = sorted(folder.glob(f"{_EDGE}*.log"))
    found = [Log(own_log.NAME, False, *_lines(own))]
    return found + [Log(_process(each), True, *_lines(each)) for each in edges]


def _process(log: Path) -> str:
    return f"{log.stem.removeprefix(_EDGE)}/{EDGE_NAME}"


def _lines(log: Path) -> tuple[list[str], bool]:
    """All lines of a log and of those before it, and whether there may have been older ones."""
    older = [log.with_name(f"{log.name}.{number}") for number in range(LOGS_KEPT, 0, -1)]
    found: list[str] = []
    for path in (*older, log):
        try:
            found += path.read_text("ascii", errors="replace").splitlines()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise Trouble(f"{path} cannot be read: {reason(error)}") from None
    return found, older[0].exists()
