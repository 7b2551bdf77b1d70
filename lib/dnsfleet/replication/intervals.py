"""How often a live edge says so, and for how long a silence means nothing.

What an edge says reaches the writer at once, or in two steps from another cluster:

    edge ──an ack each 5 s──▶ replica of the Pop ──a report each 5 s──▶ core

Each step repeats what it has at its own times, and the second one crosses a link that may be bad:
an attempt to write a report may fail, and then the next one is made after a pause. The time in an
ack is when the edge said it, so what the writer has of an edge that is well may be as old as all of
this together (`OLDEST_SECONDS`). Only an older word is a silence.
"""

ACK_SECONDS = 5.0
"""Until an edge says again what it said, where nothing changed."""

REPORT_SECONDS = 5.0
"""The same for the operator of another cluster."""

ANSWER_SECONDS = 3.0
"""How long a write to the core may take. The core may be on another continent; with 300 ms there
and back, three losses of the same packet in a row take longer."""

FIRST_RETRY_SECONDS = 0.25
LONGEST_RETRY_SECONDS = 1.0
"""Until a write to the core that failed is tried again (see `Backoff`)."""

LOST_REPORTS = 2
"""Attempts in a row that may fail while the link is good enough. On one of 300 ms that loses 5 % of
its packets one of some hundred fails."""

OLDEST_SECONDS = (
    ACK_SECONDS
    + REPORT_SECONDS
    + LOST_REPORTS * (ANSWER_SECONDS + LONGEST_RETRY_SECONDS)
    + ANSWER_SECONDS
)
"""How old the newest word of an edge may be at the writer, while all is well."""
