"""What may go upwards in the tunnel: commands of bounded size, at a bounded rate."""

import pytest
from dnsfleet_io import upward_commands
from dnsfleet_io.upward_commands import (
    BURST_OCTETS,
    COMMAND_OCTETS,
    MAX_ARGUMENTS,
    OCTETS_A_SECOND,
    Allowance,
    CommandError,
    Commands,
)
from hypothesis import given
from hypothesis import strategies as st
from redis._parsers import Encoder
from redis.connection import PythonRespSerializer


def packed(*words: bytes | str) -> bytes:
    """As clients send it."""
    encoder = Encoder("ascii", "strict", decode_responses=False)
    return b"".join(PythonRespSerializer(10**9, encoder.encode).pack(*words))


GOOD = [
    packed("PING"),
    packed("SET", "dnsfleet:1:pop:ams:0", b"\r\n$*" * 16 * 1024),
    packed("SET", "key", b"x" * (COMMAND_OCTETS - 6)),
    packed(*["x"] * MAX_ARGUMENTS),
    packed("SET", "empty", ""),
    packed("REPLCONF", "listening-port", "6379"),
    packed("REPLCONF", "ip-address", "192.0.2.1"),
    packed("REPLCONF", "capa", "eof", "capa", "psync2"),
    packed("replconf", "ACK", "123", "FACK", "100"),
    packed("PSYNC", "?", "-1"),
    b"\n",
    b"\r\n",
]


@given(st.lists(st.sampled_from(GOOD), max_size=5), st.integers(1, 70_000))
def test_what_a_pop_sends_may_pass_however_it_is_cut(sent: list[bytes], octets: int) -> None:
    commands, stream = Commands(), b"".join(sent)
    octets = max(octets, len(stream) // 1000)
    for at in range(0, len(stream), octets):
        commands.check(stream[at : at + octets])


@pytest.mark.parametrize(
    "sent",
    [
        b"*1000000\r\n",
        packed(*["x"] * (MAX_ARGUMENTS + 1)),
        b"*2\r\n$3\r\nSET\r\n$1048576\r\n",
        packed("SET", "key", b"x" * (COMMAND_OCTETS - 5)),
        b"*2\r\n$-1\r\n",
        b"*0\r\n",
        b"*-1\r\n",
        b"*1\n$4\r\nPING\r\n",
        b"*1\r\n$ 4\r\n",
        b"*1\r\n$+4\r\n",
        b"*1\r\n:4\r\n",
        b"*1\r\n*1\r\n",
        b"*1\r\n$4\r\nPINGX\r\n",
        b"*1\r\n\r\n",
        b"PING\r\n",
        b"REPLCONF listening-port 1 capa eof\r\n",
        b"x" * 17,
        b"*" + b"1" * 10_000,
        packed("REPLCONF", "listening-port", "1", "capa", "eof"),
        packed("replconf", "ACK", "1", "CAPA", "eof"),
        packed("REPLCONF", "version", "1", "rdb-filter-only", ""),
        packed("REPLCONF", "rdb-only", "1"),
    ],
)
def test_nothing_else_may_pass(sent: bytes) -> None:
    for octets in (1, 7, len(sent)):
        commands = Commands()
        with pytest.raises(CommandError):
            for at in range(0, len(sent), octets):
                commands.check(sent[at : at + octets])


def test_nothing_is_held_of_a_command_that_has_passed() -> None:
    commands = Commands()
    for _ in range(100):
        commands.check(packed("SET", "key", b"x" * 1000))
    assert not any(each for each in commands.__dict__.values() if not callable(each))


def test_so_much_may_be_sent_at_once_and_so_much_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(upward_commands, "time", type("Clock", (), {"monotonic": lambda: now}))
    allowance = Allowance()
    assert allowance.take(BURST_OCTETS) == 0.0
    assert allowance.take(OCTETS_A_SECOND) == 1.0
    now += 1.0
    assert allowance.take(OCTETS_A_SECOND // 2) == 0.5
    now += 10**6
    assert allowance.take(BURST_OCTETS + OCTETS_A_SECOND * 2) == 2.0, "silence saves up one burst"
