"""Clients of Redis for every role: no call hangs, and the caller decides when to try again."""

from pathlib import Path
from typing import Any, NamedTuple

import redis
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.retry import Retry

from dnsfleet_io.bounded_replies import BoundedParser


class Server(NamedTuple):
    """A Redis, and who we are there. No URL: in that, most passwords would have to be quoted."""

    host: str
    port: int
    user: str
    password: str | Path
    """A path is the file with it, which is read at each connection: it may come or change later."""
    database: int = 0


def redis_client(
    where: str | Server, seconds: float, connection: type[redis.Connection] = redis.Connection
) -> redis.Redis:
    """A client that waits at most `seconds` for a connection, and as long for each answer.

    `where` is a URL or the parts of one. It connects on first use, by a `connection` of its own
    where the server is not reached by its address. Every failure is a `redis.RedisError`, and
    nothing is tried again behind the caller's back. ValueError for a URL that is none.
    """
    if connection is redis.Connection:
        return _client(where, seconds)
    return _client(where, seconds, connection_class=connection)


FAILURES = (redis.RedisError, ValueError, AttributeError, TypeError)
"""What a call to a server that is not trusted may raise: the last three are what the client raises
where it takes an answer apart that is none."""


def bounded_redis_client(where: str | Server, seconds: float) -> redis.Redis:
    """The same, for a server that is not trusted with this process's memory.

    A reply of more than `bounded_replies.MAX_REPLY_OCTETS` is a failure.
    """
    return _client(where, seconds, parser_class=BoundedParser)


def _client(where: str | Server, seconds: float, **options: Any) -> redis.Redis:
    options |= {
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,  # replies have one shape, whatever the version of the client library
    }
    if isinstance(where, str):
        return redis.Redis.from_url(where, **options)
    host, port, user, password, database = where
    options |= {"host": host, "port": port, "db": database}
    if isinstance(password, Path):
        options |= {"credential_provider": _PasswordFile(user, password)}
    else:
        options |= {"username": user, "password": password}
    pool = redis.ConnectionPool(**options)
    return redis.Redis.from_pool(pool)


class _PasswordFile(CredentialProvider):
    """A user whose password is in a file."""

    def __init__(self, user: str, file: Path) -> None:
        self._user = user
        self._file = file

    def get_credentials(self) -> tuple[str, str]:
        """User and password, as the file says it now."""
        try:
            return self._user, self._file.read_text().strip()
        except (OSError, ValueError) as error:
            raise redis.AuthenticationError(f"{self._file}: no password: {error}") from None
