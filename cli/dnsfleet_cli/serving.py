"""`dnsfleet serve`: one engine, its zones from master files, and nothing else.

No other server has to accept its cookies, so their secrets are kept in memory only. After a restart
the old cookie of a client is not valid any more, and the client gets a new one with the reply.
"""

import secrets
import signal
import sys
import time
from ipaddress import ip_address
from pathlib import Path

from dnsfleet import cookies
from dnsfleet.violations import errors
from dnsfleet_engine import Engine

from dnsfleet_cli import zone_files
from dnsfleet_cli.options import DEFAULT_LISTEN
from dnsfleet_cli.troubles import NEGATIVE, OK, Trouble, counted, reason

SUFFIX = ".zone"


def serve(zones: list[str], folder: Path | None, listen: list[str], shards: int) -> int:
    """Serve until SIGINT or SIGTERM; the exit status."""
    files = {**_in_folder(folder), **dict(_assignment(text) for text in zones)}
    if not files:
        raise Trouble("no zones; give --zone ORIGIN=FILE or --zones-dir DIR")
    addresses = [_address(text) for text in listen or [DEFAULT_LISTEN]]
    engine = Engine()
    if not _load(engine, files):
        return NEGATIVE
    # Blocked before the engine's threads start: they inherit it, so every signal comes to the wait.
    stops = {signal.SIGINT, signal.SIGTERM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    try:
        held = _rotate_cookie_secrets(engine, ())
        bound = engine.start(addresses, shards)
        for host, port in bound:
            print(f"answering at {f'[{host}]' if ':' in host else host}:{port}", flush=True)
        while signal.sigtimedwait(stops, cookies.LOOK_SECONDS) is None:
            held = _rotate_cookie_secrets(engine, held)
        engine.stop()
    except OSError as error:
        raise Trouble(f"{error}; stop what answers there, or choose with --listen") from None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return OK


def _load(engine: Engine, files: dict[str, Path]) -> bool:
    """Load every zone; false, with the findings told, when one has errors."""
    good = True
    for origin, path in files.items():
        zone, violations = zone_files.load(path, origin)
        for violation in violations:
            print(violation, file=sys.stderr)
        if zone is None:
            count = counted(len(errors(violations)), "error")
            print(f"{origin} refused: {count} in {path}", file=sys.stderr)
            good = False
        else:
            engine.load(zone)
            print(f"{origin} serial {zone.serial}, {zone.records} records from {path}")
    return good


def _rotate_cookie_secrets(
    engine: Engine, held: tuple[cookies.Secret, ...]
) -> tuple[cookies.Secret, ...]:
    """Take the step that is due, if one is; the secrets that the engine has from then on."""
    rotated = cookies.rotate(held, int(time.time()), secrets.token_bytes(cookies.OCTETS))
    if rotated != held:
        engine.set_cookie_secrets(cookies.for_engine(rotated))
    return rotated


def _in_folder(folder: Path | None) -> dict[str, Path]:
    if folder is None:
        return {}
    try:
        files = sorted(folder.iterdir())
    except OSError as error:
        raise Trouble(f"{folder}: {reason(error)}") from None
    found = {
        zone_files.normal_origin(file.name.removesuffix(SUFFIX)): file
        for file in files
        if file.suffix == SUFFIX
    }
    if not found:
        raise Trouble(f"{folder}: no file named NAME{SUFFIX}")
    return found


def _assignment(text: str) -> tuple[str, Path]:
    origin, equals, file = text.partition("=")
    if not equals or not origin or not file:
        raise Trouble(f"--zone {text}: write ORIGIN=FILE")
    return zone_files.normal_origin(origin), Path(file)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
        number = int(port)
    except ValueError:
        address, number = None, -1
    if address is None or not 0 <= number <= 65535:
        raise Trouble(f"--listen {text}: write ADDR:PORT, such as 127.0.0.1:5300 or [::1]:5300")
    return str(address), number
