"""A clock that stands still unless a test moves it."""

import time

import pytest


class Clock:
    """Call it for its seconds."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def monotonic(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What `time.monotonic` is for the rest of the test."""
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock
