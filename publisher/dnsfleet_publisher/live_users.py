"""The users of a core that runs are made those of an ACL file, without a restart of it.

ACL SETUSER changes a user in one step: connections that are open stay, with the rights that the
user has then. A user that the file does not have is ended, with its connections. Users of Pops in
other clusters are in no file, and are left as they are (see `pop_users`).
"""

from typing import cast

import redis
from dnsfleet.replication import pop_slots

from dnsfleet_publisher.store_errors import StoreError, reporting


class RefusedError(StoreError):
    """The core is there and does not do it: it knows no such user, or no such right."""


def bring(client: redis.Redis, acl: str) -> None:
    """Let the users be those of this file.

    `client` is of the user `admin`, one of `core_redis.connect`. RefusedError where the core has to
    read the file itself, StoreError where it does not answer.
    """
    try:
        with reporting(client):
            _bring(client, acl)
    except StoreError as error:
        cause = error.__cause__
        away = isinstance(cause, redis.ConnectionError | redis.TimeoutError)
        if away and not isinstance(cause, redis.AuthenticationError):
            raise
        raise RefusedError(str(error)) from error


def _bring(client: redis.Redis, acl: str) -> None:
    wanted = set()
    for line in acl.splitlines():
        _, user, *rules = line.split()
        client.execute_command("ACL", "SETUSER", user, "reset", *rules)  # type: ignore[no-untyped-call]
        wanted.add(user)
    told = cast(list[bytes], client.execute_command("ACL", "LIST"))  # type: ignore[no-untyped-call]
    users = {line.decode(errors="replace").split(" ", 2)[1] for line in told}
    for user in sorted(users - wanted):
        if not user.startswith(pop_slots.USER_PREFIX):
            client.execute_command("ACL", "DELUSER", user)  # type: ignore[no-untyped-call]
