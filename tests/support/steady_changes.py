"""Changes of the probe, one after the other, while something else happens to the fleet."""

import threading
import time
from typing import Protocol, Self

from cluster.access import Access
from kubernetes import client, config

from support import status_claims
from support.oracle import Verdict
from support.probe_fleets import ZONE, zone

PAUSE_SECONDS = 0.5


class Told(Protocol):
    """Who has to know of a change before it is made: an oracle, or several."""

    def publishing(self, counter: int) -> None:
        """This counter may be answered from now on."""


class SteadyChanges:
    """Raises the probe twice a second until it is left, and tells `oracle` of it."""

    def __init__(self, core: Access, oracle: Told, published: int) -> None:
        """`published` is the counter that all answer now."""
        self.counter = published
        self._core = core
        self._oracle = oracle
        self._applied: list[tuple[int, float]] = []
        self._problem = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="changes", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        assert not self._problem, f"nothing was changed from then on: {self._problem}"

    def stale(self, verdict: Verdict, since: float) -> float:
        """The longest, in seconds, that a change since then was applied and not answered yet."""
        longest, seen = 0.0, time.monotonic()
        first = dict(verdict.first_seen)
        for counter, at in reversed(self._applied):
            if at < since:
                break
            seen = min(seen, first.get(counter, seen))
            longest = max(longest, seen - at)
        return longest

    def _run(self) -> None:
        try:
            with config.new_client_from_config(str(self._core.kubeconfig)) as connection:
                api = client.CustomObjectsApi(connection)
                while not self._stopping.wait(PAUSE_SECONDS):
                    self._change(api)
        except Exception as error:
            self._problem = repr(error)

    def _change(self, api: client.CustomObjectsApi) -> None:
        counter = self.counter + 1
        self._oracle.publishing(counter)
        self._applied.append((counter, time.monotonic()))
        self.counter = counter
        body = {"spec": zone(counter)["spec"]}
        api.patch_namespaced_custom_object(**status_claims.ZONES, name=ZONE, body=body)
