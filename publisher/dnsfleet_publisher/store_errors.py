"""What can go wrong with the core Redis, told so that somebody can act on it.

A message names the server, the user, what was refused and what to do; never a password.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import redis
from redis import exceptions

RIGHTS = "~dnsfleet:* +@read +@write +@scripting"
"""What the publisher's user needs on the core (ACL SETUSER)."""

LIMIT = "maxmemory (core.maxmemory of the chart)"
"""What a core that refuses a write for want of memory needs more of."""

_COMMAND = re.compile(r"run the '([^']+)' command")


class StoreError(Exception):
    """The core did not do what was asked; nothing was changed, or the change can be repeated."""


class StoreConflictError(StoreError):
    """The data of one zone is not as we left it, although nobody else may write."""


class StoreResetError(StoreError):
    """The core lost our fence: it began anew, or went back to an older state."""


class Fenced(Exception):  # noqa: N818 -- a state of ours, not a fault of the store
    """Another writer has a higher fence. This one must stop writing."""


def place(client: redis.Redis) -> str:
    """Which Redis, without user and password."""
    settings = client.connection_pool.connection_kwargs
    return f"core Redis {settings.get('host', 'localhost')}:{settings.get('port', 6379)}"


@contextmanager
def reporting(client: redis.Redis) -> Iterator[None]:
    """Turn the client's errors into StoreError."""
    try:
        yield
    except redis.RedisError as error:
        raise StoreError(explain(error, client)) from error


def explain(error: redis.RedisError, client: redis.Redis) -> str:
    """Where, what and what to do."""
    where = place(client)
    user = f'user "{client.connection_pool.connection_kwargs.get("username") or "default"}"'
    text = str(error)
    if isinstance(error, exceptions.AuthenticationError):
        if "Authentication required" in text:
            return f"{where}: it wants a user and a password: put them into the URL"
        return f"{where}: {user} is refused: check name and password"
    if isinstance(error, exceptions.NoPermissionError) or "no permission" in text.lower():
        command = _COMMAND.search(text)
        refused = f"run {command[1].upper()}" if command else "use the keys of the fleet"
        return f"{where}: {user} may not {refused}: grant {RIGHTS}"
    if isinstance(error, exceptions.OutOfMemoryError) or text.startswith("OOM"):
        return f"{where}: out of memory, nothing was written: raise {LIMIT}"
    if isinstance(error, exceptions.ReadOnlyError) or "READONLY" in text:
        return f"{where}: it is a replica: give the address of its primary"
    if isinstance(error, exceptions.BusyLoadingError):
        return f"{where}: it still loads its data: wait"
    if isinstance(error, exceptions.TimeoutError):
        return f"{where}: no answer in time: check its load and the network"
    if isinstance(error, exceptions.ConnectionError):
        return f"{where}: cannot be reached: check that it runs there ({text})"
    return f"{where}: {text}"
