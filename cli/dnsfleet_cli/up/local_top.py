"""`dnsfleet top`: looks at a fleet that `dnsfleet up` runs, by the files of its state folder."""

import http.client
import time
import urllib.request
from pathlib import Path

from dnsfleet_status import alerts
from dnsfleet_status.looks import Alert

from dnsfleet_cli.top import samples
from dnsfleet_cli.top.samples import EdgeSample, FleetSample, PopSample
from dnsfleet_cli.troubles import Trouble
from dnsfleet_cli.up import local_fleet


class LocalTop:
    """One fleet, looked at again and again."""

    def __init__(self, state_dir: Path) -> None:
        self._root = state_dir

    def look(self) -> FleetSample:
        """What its edges say now; Trouble where no fleet was run from the folder."""
        names = [each.parent.name for each in sorted(self._root.glob("pops/*/edge.json"))]
        if not names:
            raise Trouble(
                f"{self._root}: no fleet runs from this folder; start `dnsfleet up`, or name its "
                "folder with --state-dir"
            )
        found = samples.read_all(names, self._edge)
        pops = tuple(PopSample(pop, 1, {f"edge/{pop}": edge}) for pop, edge in found.items())
        return FleetSample(time.strftime("%H:%M:%S"), pops, self._alerts())

    def _alerts(self) -> tuple[str, ...] | None:
        """What its Prometheus says; None where `up` runs without --observe."""
        try:
            port = local_fleet.table(self._root, "ports.json")["prometheus"]
        except (Trouble, KeyError):
            return None
        found = alerts.from_prometheus(f"http://127.0.0.1:{port}")()
        return None if found.problem else tuple(map(_alert, found.firing))

    def _edge(self, pop: str) -> EdgeSample:
        name = f"pops/{pop}/edge.json"
        try:
            _, port = local_fleet.table(self._root, name)["http"]
        except (KeyError, TypeError, ValueError):
            raise Trouble(f"{self._root / name} names no page of the edge") from None
        return samples.edge_sample(_page(port, "/metrics"), time.monotonic())


def _alert(alert: Alert) -> str:
    return f"{alert.name} [{alert.severity or 'none'}] {alert.summary}".rstrip()


def _page(port: int, path: str) -> str:
    address = f"http://127.0.0.1:{port}{path}"
    try:
        with urllib.request.urlopen(address, timeout=samples.PAGE_SECONDS) as response:
            text: str = response.read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise Trouble(f"no page at {address}: {error}") from None
    return text
