"""The Secret with which every edge of every Pop makes and checks DNS cookies (RFC 9018).

It is rotated without anybody asking; `dnsfleet.cookies` says when. It holds nothing else, so that
edges can mount it, and notice a change of it, without getting any key.
"""

import base64
import binascii
import logging
import secrets
import time
from collections.abc import Mapping
from typing import Any

from dnsfleet import cookies

from dnsfleet_operator.cluster import Cluster
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.secrets import pruning

ENTRY = "secrets"
"""The entry with the file that edges read."""

_log = logging.getLogger(__name__)


class CookieSecretError(ValueError):
    """The Secret cannot be read; the text names it and what to do."""


def name(configuration: Configuration) -> str:
    """The name of the Secret."""
    return f"{configuration.release}-cookies"


def keep(cluster: Cluster, configuration: Configuration) -> None:
    """Make or rotate the Secret where that is due; edges see it for themselves.

    One that cannot be read is logged, and stays as it is. It may raise ClusterError.
    """
    found = cluster.get("Secret", name(configuration), configuration.namespace)
    fresh = secrets.token_bytes(cookies.OCTETS)
    try:
        secret = renewed(found, configuration, int(time.time()), fresh)
    except CookieSecretError as error:
        _log.error("%s", error)
        return
    if secret is not None:
        cluster.create(secret) if found is None else cluster.replace(secret)
        where = f"{configuration.namespace}/{name(configuration)}"
        _log.info("wrote the cookie secrets in Secret %s", where)


def renewed(
    found: Mapping[str, Any] | None, configuration: Configuration, now: int, fresh: bytes
) -> dict[str, Any] | None:
    """The Secret as it is to be created or replaced; None where nothing is due.

    `now` is the Unix time in seconds and `fresh` are random octets for a new secret.
    """
    known = () if found is None else _read(found)
    rotated = cookies.rotate(known, now, fresh)
    if rotated == known and found is not None and pruning.is_kept(found):
        return None
    new = pruning.new(name(configuration), configuration.namespace, "cookies")
    secret = pruning.kept(new if found is None else found)
    text = cookies.to_text(rotated)
    secret["data"] = {ENTRY: base64.b64encode(text.encode()).decode()}
    return secret


def _read(secret: Mapping[str, Any]) -> tuple[cookies.Secret, ...]:
    metadata = secret["metadata"]
    try:
        data = secret["data"][ENTRY]
        return cookies.parse(base64.b64decode(data, validate=True).decode())
    except (KeyError, TypeError):
        problem = f"it lacks the entry {ENTRY}"
    except (binascii.Error, UnicodeDecodeError):
        problem = f"the entry {ENTRY} is no text"
    except ValueError as error:
        problem = f"the entry {ENTRY}, {error}"
    raise CookieSecretError(
        f"Secret {metadata['namespace']}/{metadata['name']}: {problem}; mend it, or delete it to "
        "have a new one made"
    )
