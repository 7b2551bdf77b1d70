"""When a secondary asks its primaries again (RFC 1035 section 3.3.13, RFC 1996 section 2). Pure.

The SOA says when. It is somebody else's, and a slip in it must neither keep us asking without a
pause nor make us forget the zone, so each time has bounds.
"""

from dnsfleet_publisher.transferring.receiving import Soa

MIN_SECONDS = 5.0
"""Between two questions for one zone: each is a connection to a server of somebody else."""
NOTIFIED_SECONDS = 1.0
"""Between the beginnings of two rounds for which a primary asked by NOTIFY: who changes a zone many
times a second is asked once."""
MAX_REFRESH_SECONDS = 24 * 3600.0
"""A change waits a day at most, whatever the SOA says."""
MAX_RETRY_SECONDS = 2 * 3600.0
"""A primary that is back is found within two hours, the usual refresh."""
FIRST_RETRY_SECONDS = 600.0
"""At most, while nothing came yet that says when: somebody waits for the zone."""


def refresh(soa: Soa) -> float:
    """Seconds from an answer until the next question."""
    return min(max(float(soa.refresh), MIN_SECONDS), MAX_REFRESH_SECONDS)


def retry(soa: Soa | None, failures: int) -> float:
    """Seconds until the next question after so many failures in a row; no SOA for nothing yet."""
    if soa is None:
        return min(MIN_SECONDS * 2.0 ** min(failures - 1, 10), FIRST_RETRY_SECONDS)
    return min(max(float(soa.retry), MIN_SECONDS), MAX_RETRY_SECONDS)


def expire(soa: Soa) -> float:
    """Seconds from the last answer until the zone counts as expired.

    Some SOA expires before it is refreshed; there has to be time for one question more.
    """
    return max(float(soa.expire), refresh(soa) + retry(soa, 1))
