"""What goes wrong with the API server, in words for people."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import dns.exception
import urllib3.exceptions
from dnsfleet.violations import printable
from kubernetes import client

from dnsfleet_cli.troubles import RefusedTrouble, Trouble


@contextmanager
def telling(what: str) -> Iterator[None]:
    """Turn what goes wrong with the API server into Trouble: what could not be done, and why.

    A pod that is asked through it says some of that, so nothing reaches a terminal as it is.
    """
    try:
        yield
    except client.ApiException as error:
        detail = _message(error.body or "") or str(error.reason)
        refused = error.status == HTTPStatus.FORBIDDEN
        kind = RefusedTrouble if refused else Trouble
        raise kind(f"cannot {what}: {printable(detail)}") from None
    except urllib3.exceptions.MaxRetryError as error:
        raise Trouble(f"cannot {what}: the API server does not answer: {error.reason}") from None
    except (urllib3.exceptions.HTTPError, OSError, EOFError, dns.exception.DNSException) as error:
        raise Trouble(f"cannot {what}: {printable(str(error))}") from None


def _message(body: str) -> str:
    """The message of the Status object that an API server gives with an error."""
    try:
        found = json.loads(body)["message"]
    except (ValueError, KeyError, TypeError):
        return ""
    return str(found)
