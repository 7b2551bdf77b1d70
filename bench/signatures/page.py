"""docs/signatures.md: each event with its picture."""

import re
from collections.abc import Sequence
from html import unescape
from pathlib import Path

from bench.loads import ROOT
from bench.signatures.events import Event

PAGE = ROOT / "docs" / "signatures.md"
PICTURES = ROOT / "docs" / "images" / "signatures"
_DESCRIPTION = re.compile(r'<desc id="description">(.*?)</desc>', re.DOTALL)

HEAD = """\
# Signatures: how the metrics look when something happens

So that you recognise an event when you see it for the first time. Each picture was measured on a
fleet of `dnsfleet up` with two Pops, fra and iad, of one edge each, on one machine of two cores.
Each Pop is asked 1,000 queries a second, and one zone changes each second, all the time. The shaded
part is while the event went on; a curve has a gap where the page could not be read.
`make signatures` makes all of it anew. The values are those of a small machine: look at the shape.
[Metrics](metrics.md) says what each name means.

Three things are not shown. A lost shard: a query that makes the engine fail ends that query alone
and no shard. The rate limit (`dnsfleet_edge_rate_limited_total`), which rises in an attack from
outside: clients on loopback have none. What the operator's own page says: `dnsfleet up` has none.
"""


def picture(name: str) -> Path:
    """The file of an event's picture."""
    return PICTURES / f"{name}.svg"


def write(events: Sequence[Event]) -> None:
    """Write the page, with those events that have a picture."""
    PAGE.write_text(text(events))


def text(events: Sequence[Event]) -> str:
    """The page."""
    parts = [HEAD]
    for event in events:
        file = picture(event.name)
        if not file.exists():
            continue
        said = _DESCRIPTION.search(file.read_text())
        alternative = unescape(said[1]) if said else event.title
        alternative = alternative.replace("[", "(").replace("]", ")")
        place = file.relative_to(PAGE.parent)
        parts.append(
            f"## {event.title}\n\n{event.what}\n\n{event.recognise}\n\n![{alternative}]({place})\n"
        )
    return "\n".join(parts)
