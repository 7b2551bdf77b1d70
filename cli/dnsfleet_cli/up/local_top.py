"""`dnsfleet top`: looks at a fleet that `dnsfleet up` runs, by the files of its state folder."""

import http.client
import json
import time
import urllib.request
from pathlib import Path
from typing import Any

from dnsfleet_cli.top import samples
from dnsfleet_cli.top.samples import EdgeSample, FleetSample, PopSample
from dnsfleet_cli.troubles import Trouble


class LocalTop:
    """One fleet, looked at again and again."""

    def __init__(self, state_dir: Path) -> None:
        self._root = state_dir

    def look(self) -> FleetSample:
        """What its edges say now; Trouble where no fleet was run from the folder."""
        configs = sorted(self._root.glob("pops/*/edge.json"))
        if not configs:
            raise Trouble(
                f"{self._root}: no fleet runs from this folder; start `dnsfleet up`, or name its "
                "folder with --state-dir"
            )
        found = samples.read_all(configs, _edge)
        pops = tuple(
            PopSample(config.parent.name, 1, {f"edge/{config.parent.name}": edge})
            for config, edge in found.items()
        )
        return FleetSample(time.strftime("%H:%M:%S"), pops, self._alerts())

    def _alerts(self) -> tuple[str, ...] | None:
        """What its Prometheus says; None where `up` runs without --observe."""
        try:
            port = json.loads((self._root / "ports.json").read_bytes())["prometheus"]
            found = json.loads(_page(port, "/api/v1/alerts"))["data"]["alerts"]
            firing = sorted(each["labels"] for each in found if each["state"] == "firing")
        except (OSError, ValueError, KeyError, TypeError, Trouble):
            return None
        return tuple(map(_alert, firing))


def _alert(labels: dict[str, str]) -> str:
    others = [f"{key}={labels[key]}" for key in sorted(labels) if key not in _SHOWN]
    return " ".join([labels["alertname"], f"[{labels.get('severity', 'none')}]", *others])


_SHOWN = ("alertname", "severity")


def _edge(config: Path) -> EdgeSample:
    try:
        settings: dict[str, Any] = json.loads(config.read_bytes())
        _, port = settings["http"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Trouble(f"{config} cannot be used: {error}") from None
    return samples.edge_sample(_page(port, "/metrics"), time.monotonic())


def _page(port: int, path: str) -> str:
    address = f"http://127.0.0.1:{port}{path}"
    try:
        with urllib.request.urlopen(address, timeout=samples.PAGE_SECONDS) as response:
            text: str = response.read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise Trouble(f"no page at {address}: {error}") from None
    return text
