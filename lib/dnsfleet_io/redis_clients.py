"""Clients of Redis for every role: no call hangs, and the caller decides when to try again."""

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from dnsfleet_io.bounded_replies import BoundedParser


def redis_client(
    url: str, seconds: float, connection: type[redis.Connection] = redis.Connection
) -> redis.Redis:
    """A client that waits at most `seconds` for a connection, and as long for each answer.

    It connects on first use, by a `connection` of its own where the server is not reached by its
    address. Every failure is a `redis.RedisError`, and nothing is tried again behind the caller's
    back. ValueError for a URL that is none.
    """
    if connection is redis.Connection:
        return _client(url, seconds)
    return _client(url, seconds, connection_class=connection)


def bounded_redis_client(url: str, seconds: float) -> redis.Redis:
    """The same, for a server that is not trusted with this process's memory.

    A reply of more than `bounded_replies.MAX_REPLY_OCTETS` is a failure.
    """
    return _client(url, seconds, parser_class=BoundedParser)


def _client(url: str, seconds: float, **options: Any) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
        protocol=2,  # replies have one shape, whatever the version of the client library
        **options,
    )
