"""What is told of a secondary of several zones that does not answer any more."""

import asyncio

import pytest
from dnsfleet.secondaries.answers import Answer, Pair
from dnsfleet.tsig_keys import Target, UsableKey
from dnsfleet_gate.secondaries import asking, turns
from dnsfleet_gate.secondaries.one_secondary import Given, Secondary
from dnsfleet_gate.secondaries.rows import Rows

TARGET = Target("192.0.2.1", 53)
KEY = UsableKey("k.", "hmac-sha256", b"k" * 32, None, (TARGET,))
ORIGINS = [f"{number}.example." for number in range(20)]
SECONDS = 20.0


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_SECONDS", "RARELY_SECONDS", "SILENT_SECONDS"):
        monkeypatch.setattr(turns, name, 0.01)
    monkeypatch.setattr(turns, "QUERIES_A_SECOND", 10_000.0)


@pytest.mark.usefixtures("fast")
def test_silence_is_told_of_each_zone_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = Answer("serial", 1)
    asked: list[str] = []

    async def ask(pair: Pair, _key: UsableKey) -> Answer:
        asked.append(pair.origin)
        return now

    async def pace() -> None:
        await asyncio.sleep(0)

    async def run() -> None:
        nonlocal now
        rows = Rows("i")
        given = Given(lambda _: [KEY], lambda _: 1, rows, pace, lambda _: None)
        secondary = Secondary(TARGET, given)
        secondary.set(ORIGINS)

        def kinds() -> set[tuple[str, str]]:
            return {(row[0], row[3]) for row in rows.page("i", 0).rows}

        async def until(kind: str, origins: list[str]) -> None:
            async with asyncio.timeout(SECONDS):
                while kinds() != {(each, kind) for each in origins}:
                    await asyncio.sleep(0.01)

        await until("serial", ORIGINS)
        now = Answer("silence", problem="it does not answer")
        await until("silence", ORIGINS)
        position = rows.page("i", 0).position
        now = Answer("silence", problem="it does not answer: no route to host")
        count = len(asked)
        async with asyncio.timeout(SECONDS):
            while len(asked) < count + 3:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        assert len(rows.page("i", position).rows) <= len(asked) - count
        secondary.set([*ORIGINS, "new.example."])
        await until("silence", [*ORIGINS, "new.example."])
        await secondary.stop()

    monkeypatch.setattr(asking, "ask", ask)
    asyncio.run(run())
