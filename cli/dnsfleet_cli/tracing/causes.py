"""What was changed before a plan, by what a writer logged that it heard of (`change_seen`).

No line says which zones an object changes. So of those objects that a zone is made of the one is
taken that was heard of last, if that was not long before the plan.
"""

from collections.abc import Iterable, Sequence

from dnsfleet_io import stations
from dnsfleet_io.log_bounds import LEFT_OUT, SUMMARY_SECONDS
from dnsfleet_io.log_reading import Entry

LONGEST_SECONDS = 60.0
"""From the line to the plan. A pass with ten thousand zones takes less; what was heard of before
that had its effect before too, or none."""
LOOK_SECONDS = 0.1
"""In which one look at files logs all that it found."""
MAX_NAMED = 5


def newest(heard: Sequence[Entry], planned: float) -> tuple[float, dict[str, str]] | None:
    """When the last of these was heard of, and its fields, by the time of the plan.

    Of files nobody knows which of them a zone is made of, so those of the same look are named.
    """
    if not heard or planned - heard[-1].at > LONGEST_SECONDS:
        return None
    last = heard[-1]
    alike = [each.fields.get("object", "") for each in heard if _of_one_look(each, last)]
    more = f" and {len(alike) - MAX_NAMED} more" if len(alike) > MAX_NAMED else ""
    fields = last.fields
    if len(alike) > 1:
        fields = {**fields, "object": ", ".join(alike[:MAX_NAMED]) + more}
    return last.at - _waited(last), fields


def left_out(entries: Iterable[Entry], since: float, planned: float) -> int:
    """How many lines of what was heard of after a time were counted and not written."""
    return sum(
        each.number("lines") or 0
        for each in entries
        if each.event == LEFT_OUT and each.fields.get("of") == stations.SEEN
        if max(since, planned - LONGEST_SECONDS) <= each.at <= planned + 2 * SUMMARY_SECONDS
    )


def _of_one_look(entry: Entry, last: Entry) -> bool:
    same = all(entry.fields.get(key) == last.fields.get(key) for key in ("kind", "waited"))
    return same and entry.fields.get("kind") == "File" and last.at - entry.at <= LOOK_SECONDS


def _waited(entry: Entry) -> float:
    """Seconds from when it was heard of until it was taken into account."""
    try:
        return float(entry.fields.get("waited", "0"))
    except ValueError:
        return 0.0
