"""A gate asks Knot, NSD and BIND which serial they have: they follow, lag, refuse and are away.

The gate's sockets, its notifier and what asks are those of the program, in this process.
"""

import base64
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from dnsfleet.secondaries.answers import Answer
from dnsfleet.tsig_keys import Target, UsableKey
from support import nameservers, secondaries, watched_secondaries
from support.nameservers import Kind
from support.ports import free_port
from support.secondaries import KEY, SECRET, ZONE
from support.waiting import wait_for
from support.watched_secondaries import Gate
from support.zones import hosts, make_zone

KINDS = (nameservers.KNOT, nameservers.NSD, nameservers.BIND)
ORIGIN = f"{ZONE}."
SECONDS = 60.0
"""A transfer takes much less; BIND puts off a second NOTIFY for five seconds."""
NOT_THERE = "not-there.example."


class Rig:
    """A gate and the three servers as its secondaries, by program."""

    def __init__(self, gate: Gate, port: int, folder: Path, stack: ExitStack) -> None:
        self.gate, self._port, self._folder, self._stack = gate, port, folder, stack
        self.targets = {kind.program: Target("127.0.0.1", free_port()) for kind in KINDS}
        self.servers: dict[str, ExitStack] = {}

    def start(self, kind: Kind) -> None:
        own = self._folder / f"{kind.program}-{len(list(self._folder.iterdir()))}"
        own.mkdir()
        server = self.servers[kind.program] = self._stack.enter_context(ExitStack())
        at = self.targets[kind.program].port
        server.enter_context(secondaries.secondary(kind, self._port, at, own))

    def answer(self, program: str, origin: str = ORIGIN) -> Answer | None:
        return self.gate.answer(origin, self.targets[program])

    def hears(self, program: str, expected: Answer, origin: str = ORIGIN) -> None:
        """Wait until the gate tells this of a server."""
        told = f"{program}: {expected}"
        wait_for(told, lambda: self.answer(program, origin) == expected, SECONDS)

    def behind(self, program: str) -> float:
        """For how many seconds a server has lacked something, as the metric says."""
        name = str(self.targets[program])
        return self.gate.value("behind_seconds", secondary=name) or 0.0


@pytest.fixture(scope="module", name="rig")
def _rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    port = free_port()
    with watched_secondaries.running(port) as gate, ExitStack() as stack:
        rig = Rig(gate, port, tmp_path_factory.mktemp("asked"), stack)
        targets, secret = tuple(rig.targets.values()), base64.b64decode(SECRET)
        gate.keys = [UsableKey(f"{KEY}.", "hmac-sha256", secret, None, targets)]
        gate.serve(make_zone(ORIGIN, hosts(100), serial=10))
        for kind in KINDS:
            rig.start(kind)
        yield rig


def test_those_that_follow_are_current(rig: Rig) -> None:
    for serial in (11, 12):
        rig.gate.serve(make_zone(ORIGIN, hosts(100 + serial), serial=serial))
        for program in rig.targets:
            rig.hears(program, Answer("serial", serial))
    for program in rig.targets:
        wait_for(f"{program} current", lambda each=program: rig.behind(each) == 0, SECONDS)


def test_those_that_lag_show_what_they_have(rig: Rig) -> None:
    rig.gate.transfers = False
    rig.gate.serve(make_zone(ORIGIN, hosts(50), serial=20))
    for program in rig.targets:
        wait_for(f"{program} behind", lambda each=program: rig.behind(each) > 3, SECONDS)
        assert rig.answer(program) == Answer("serial", 12)
    rig.gate.transfers = True
    rig.gate.serve(make_zone(ORIGIN, hosts(60), serial=21))
    for program in rig.targets:
        rig.hears(program, Answer("serial", 21))
        wait_for(f"{program} current", lambda each=program: rig.behind(each) == 0, SECONDS)


def test_those_that_do_not_have_a_zone_say_so(rig: Rig) -> None:
    rig.gate.serve(make_zone(NOT_THERE, serial=1))
    for program in rig.targets:
        rig.hears(program, Answer("error", problem="it answers REFUSED"), NOT_THERE)
    rig.gate.remove(NOT_THERE)


def test_one_that_is_stopped_is_silent_and_the_others_are_not(rig: Rig) -> None:
    rig.servers["nsd"].close()
    rig.gate.serve(make_zone(ORIGIN, hosts(70), serial=30))
    for program in ("knotd", "named"):
        rig.hears(program, Answer("serial", 30))
    wait_for("silence", lambda: getattr(rig.answer("nsd"), "kind", "") == "silence", 2 * SECONDS)
    rig.start(nameservers.NSD)
    rig.hears("nsd", Answer("serial", 30))
