"""Where a zone is served, as people say it in a Zone and in a template of Zones."""

from dnsfleet.resources.base import Model
from dnsfleet.resources.kubernetes_types import LabelSelector


class Placement(Model):
    """Which Pops serve the zone."""

    pop_selector: LabelSelector = LabelSelector()
    """Pops with these labels; an empty selector takes every Pop."""
