"""What runs beside a fleet on this machine, and that no answer needs.

These are its status page, Prometheus and Alertmanager where they are asked for, and the list of
what probers ask. All methods are for the main thread.
"""

import math
import time
from collections.abc import Mapping
from typing import NamedTuple

from dnsfleet.probing.lists import LIST_SECONDS
from dnsfleet.replication.acks import Ack

from dnsfleet_cli.up import probe_views
from dnsfleet_cli.up.observing import Observers, Target
from dnsfleet_cli.up.pops import EDGE_NAME
from dnsfleet_cli.up.state import StateFolder
from dnsfleet_cli.up.state_files import Show
from dnsfleet_cli.up.status_looks import Parts, StatusLooks
from dnsfleet_cli.up.status_page import StatusPage
from dnsfleet_cli.up.supervisor import Supervisor


class Host(NamedTuple):
    """What of this machine they need."""

    state: StateFolder
    supervisor: Supervisor
    ports: range
    """Of the Pops; those of side services are others."""


class SideServices:
    """All of them, for the parts of one fleet."""

    def __init__(self, parts: Parts, host: Host, observe: bool) -> None:
        """Start Prometheus and Alertmanager if they are to `observe`; Trouble if that fails."""
        self._parts = parts
        self._observers = Observers(*host) if observe else None
        self._looks = StatusLooks(parts)
        alertmanager = self._observers.alertmanager if self._observers else None
        self._page = StatusPage(self._looks, host.state.port("status", host.ports), alertmanager)
        self._probes_due = -math.inf
        self.pops_changed()

    @property
    def status_page(self) -> str:
        """Its address."""
        return self._page.url

    def start(self) -> None:
        """Serve the status page."""
        self._page.start()

    def stop(self) -> None:
        """Serve it no more; what ends processes is the supervisor."""
        self._page.stop()

    def pops_changed(self) -> None:
        """Others may run than before."""
        if self._observers is not None:
            ports = self._parts.pops.http_ports()
            self._observers.scrape([Target(pop, EDGE_NAME, port) for pop, port in ports.items()])

    def heard(self, acks: Mapping[str, Ack]) -> None:
        """The edges of these Pops said this last."""
        self._looks.hear(acks, time.time_ns() // 1_000_000)
        now = time.monotonic()
        if now >= self._probes_due:
            self._probes_due = now + LIST_SECONDS
            self._tell_probers(acks)

    def ready(self, show: Show) -> None:
        """Every Pop answers now what is published."""
        self._probes_due = -math.inf  # the list that is there was made before edges proved anything
        if self._observers is not None:
            self._observers.tell(show)

    def core_down(self, problem: str) -> None:
        """The core does not answer; empty where it does."""
        self._looks.problem = problem

    def _tell_probers(self, acks: Mapping[str, Ack]) -> None:
        publication, propagation, pops, *_ = self._parts
        drained = {pop.metadata.name for pop in pops.wanted} - pops.running.keys()
        proved = propagation.current(acks)
        probed = probe_views.probed(pops.running.values(), drained, proved, publication.positions)
        publication.tell_probers(probed)
