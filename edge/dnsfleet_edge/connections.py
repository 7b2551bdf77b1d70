"""Redis clients as an edge needs them: nothing may hang, and the caller decides when to retry."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def redis_client(url: str, timeout: float) -> redis.Redis:
    """A client that gives up on connecting, and on each answer, after `timeout` seconds.

    It connects on first use; every failure is a `redis.RedisError`.
    """
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        protocol=2,  # replies have one shape, whatever the version of the client library
    )
