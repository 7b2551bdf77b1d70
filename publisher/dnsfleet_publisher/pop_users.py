"""The users of Pops in other clusters on the core, made and ended while it runs.

A core reads the file of its users when it starts, so one that starts again has none of these.
Whoever keeps them compares what is wanted with what is there, again and again, and changes what
differs. A core may have users of others, also with names as ours have: these are left as they are.
An end takes effect at once: the core closes the connections of a user that is no more, those of
replicas too. The end of a password closes none, and the core tells nobody which one a connection
was opened with. So a user that loses one is ended and made anew: who has another one comes back at
once, and a replica takes what it missed. A password more ends nothing.

The core tells the rules of a user in words of its own. So what it told after a change is kept,
and a user is as it is to be while it tells the same. Whoever remembers nothing sets it once.
"""

from collections.abc import Mapping, Sequence
from typing import cast

import redis
from dnsfleet.replication import pop_slots

from dnsfleet_publisher import redis_users
from dnsfleet_publisher.store_errors import reporting


class PopUsers:
    """The users of Pops on one core. Every method may raise StoreError."""

    def __init__(self, client: redis.Redis) -> None:
        """`client` is of the user `admin`, one of `core_redis.connect`."""
        self._client = client
        self._set: dict[str, tuple[Sequence[str], str]] = {}
        """By user: the passwords that it was given, and what the core told of it then."""
        self.of_others: list[str] = []
        """Users of somebody else whose names Pops would need."""

    def keep(self, wanted: Mapping[str, Sequence[str]]) -> list[str]:
        """Let the users be those of these Pops, given with the passwords of each, and no others.

        What was done, in words for a log. See `of_others` for what could not be.
        """
        told = self._told()
        users = {pop_slots.user(pop): pop for pop in wanted}
        done = []
        for user in sorted(told.keys() - users.keys()):
            if self._is_ours(user, told[user], ()):
                self._acl("DELUSER", user)
                self._set.pop(user, None)
                done.append(f"ended user {user}")
        self.of_others = [
            user
            for user, pop in users.items()
            if user in told and not self._is_ours(user, told[user], wanted[pop])
        ]
        changed = [
            user
            for user, pop in users.items()
            if user not in self.of_others
            and (user not in told or self._set.get(user) != (wanted[pop], told[user]))
        ]
        for user in changed:
            pop = users[user]
            done.append(self._set_user(user, told.get(user), pop, wanted[pop]))
        if changed:
            told = self._told()
            self._set |= {
                user: (wanted[users[user]], told[user]) for user in changed if user in told
            }
        return done

    def _set_user(self, user: str, told: str | None, pop: str, passwords: Sequence[str]) -> str:
        """Make a user what it is to be; what was done. `told` is what it was, None for none."""
        rules = redis_users.rules_of_pop(pop, passwords)
        losing = told is not None and redis_users.takes_others(told, passwords)
        if losing:
            self._acl("DELUSER", user)
        self._acl("SETUSER", user, *rules)
        if losing:
            return f"set user {user}, and ended its connections: a password ended"
        return f"made user {user}" if told is None else f"set user {user}"

    def _is_ours(self, user: str, told: str, passwords: Sequence[str]) -> bool:
        """Whether we made a user, or a keeper before us did."""
        pop = user.removeprefix(pop_slots.USER_PREFIX)
        return user in self._set or redis_users.is_of_pop(told, pop, passwords)

    def _told(self) -> dict[str, str]:
        """What the core tells of each user that has a name as those of Pops have."""
        lines = (line.decode(errors="replace") for line in cast(list[bytes], self._acl("LIST")))
        named = {line.split(" ", 2)[1]: line for line in lines}
        return {
            user: line for user, line in named.items() if user.startswith(pop_slots.USER_PREFIX)
        }

    def _acl(self, *command: str) -> object:
        with reporting(self._client):
            return self._client.execute_command("ACL", *command)  # type: ignore[no-untyped-call]
