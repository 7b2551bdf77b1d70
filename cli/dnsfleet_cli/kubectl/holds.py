"""The text of `held`: all that waits for an approval, with the command that gives it."""

from collections.abc import Sequence

from dnsfleet_status import holds
from dnsfleet_status.looks import Hold

from dnsfleet_cli.kubectl.objects import Object

NOTHING = "nothing is held"


def text(fleets: Sequence[Object], zones: Sequence[Object]) -> str:
    """A paragraph for each approval."""
    return "\n\n".join(map(_paragraph, holds.held(fleets, zones))) or NOTHING


def _paragraph(hold: Hold) -> str:
    since = f", since {hold.since}" if hold.since else ""
    return "\n  ".join([f"{hold.about}{since}:", hold.message, *hold.diff, hold.approve])
