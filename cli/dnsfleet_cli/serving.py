"""`dnsfleet serve`: one engine, its zones from master files, and nothing else.

No other server has to accept its cookies, so their secrets are kept in memory only. After a restart
the old cookie of a client is not valid any more, and the client gets a new one with the reply.
"""

import os
import secrets
import signal
import threading
import time
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

from dnsfleet import cookies
from dnsfleet_engine import Engine

from dnsfleet_cli import zone_files
from dnsfleet_cli.options import DEFAULT_LISTEN
from dnsfleet_cli.served_zones import ServedZones
from dnsfleet_cli.troubles import NEGATIVE, OK, Trouble, reason

SUFFIX = ".zone"
STOPS = {signal.SIGINT, signal.SIGTERM}
CHANGED = signal.SIGUSR1
"""By it the watcher's thread wakes the main one, which waits for signals only."""
RELOADS = {signal.SIGHUP, CHANGED}


def serve(
    zones: list[str], folder: Path | None, listen: list[str], shards: int, watch: bool
) -> int:
    """Serve until SIGINT or SIGTERM; the exit status.

    SIGHUP loads all files again; with `watch`, so does a change, where files changed. A file that
    is half written then is loaded when it is whole.
    """
    named = dict(_assignment(text) for text in zones)
    if not named and folder is None:
        raise Trouble("no zones; give --zone ORIGIN=FILE or --zones-dir DIR")
    addresses = [_address(text) for text in listen or [DEFAULT_LISTEN]]
    engine = Engine()
    served = ServedZones(engine, lambda: {**_in_folder(folder), **named})
    # Blocked before the engine's threads start: they inherit it, so every signal comes to the wait.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, RELOADS)
    try:
        if not served.load():
            return NEGATIVE
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        held = _rotate_cookie_secrets(engine, ())
        bound = engine.start(addresses, shards)
        for host, port in bound:
            print(f"answering at {f'[{host}]' if ':' in host else host}:{port}", flush=True)
        follow = _watching(served) if watch else lambda: None
        while (signalled := _wait_for_signal(served)) not in STOPS:
            held = _rotate_cookie_secrets(engine, held)
            served.look()
            if signalled is not None or (watch and served.wait > cookies.LOOK_SECONDS):
                served.reload(changed=signalled != signal.SIGHUP)  # a watcher can miss a change
            served.reload_waiting()
            follow()
        engine.stop()
    except OSError as error:
        raise Trouble(f"{error}; stop what answers there, or choose with --listen") from None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return OK


def _wait_for_signal(served: ServedZones) -> int | None:
    """The next signal; None when it is time to look after something without one."""
    seconds = min(cookies.LOOK_SECONDS, served.wait)
    signalled = signal.sigtimedwait(STOPS | RELOADS, seconds)
    return None if signalled is None else signalled.si_signo


def _watching(served: ServedZones) -> Callable[[], None]:
    """Signal each change of the zones' files from now on; call again when other files matter."""
    from dnsfleet_cli.up.watching import Watcher

    main = threading.get_ident()
    # Nothing happens below a device: no change is left out.
    watcher = Watcher(lambda _: signal.pthread_kill(main, CHANGED), ignore=Path(os.devnull))

    def follow() -> None:
        watcher.watch(frozenset(), served.folders)

    follow()
    return follow


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
