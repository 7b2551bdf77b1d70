"""The text of `held`: all that waits for an approval, with the command that gives it."""

from collections.abc import Iterable

from dnsfleet_status.looks import Hold

NOTHING = "nothing is held"


def text(holds: Iterable[Hold]) -> str:
    """A paragraph for each approval."""
    return "\n\n".join(map(_paragraph, holds)) or NOTHING


def _paragraph(hold: Hold) -> str:
    since = f", since {hold.since}" if hold.since else ""
    return "\n  ".join([f"{hold.about}{since}:", hold.message, *hold.diff, hold.approve])
