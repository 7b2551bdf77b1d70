"""Which origins wait to be looked at, those first that somebody waits for."""

from collections.abc import Iterator


class Marks:
    """Origins, each once. What a change marks is taken before what a list of everything marks."""

    def __init__(self) -> None:
        self._urgent: dict[str, None] = {}
        self._others: dict[str, None] = {}
        self.heard: set[str] = set()
        """Every origin that was marked; whoever begins to read it may empty it."""

    def __len__(self) -> int:
        """How many wait."""
        return len(self._urgent) + len(self._others)

    def __contains__(self, origin: str) -> bool:
        """Whether an origin waits."""
        return origin in self._urgent or origin in self._others

    def __iter__(self) -> Iterator[str]:
        """All that wait."""
        yield from self._urgent
        yield from self._others

    def add(self, origin: str, urgent: bool = True) -> None:
        """Have an origin looked at; it keeps its place where it waits already."""
        self.heard.add(origin)
        if urgent:
            self._others.pop(origin, None)
            self._urgent[origin] = None
        elif origin not in self._urgent:
            self._others[origin] = None

    def take(self, most: int | None) -> list[str]:
        """The first of them, `most` at most; None takes all."""
        taken: list[str] = []
        for waiting in (self._urgent, self._others):
            while waiting and (most is None or len(taken) < most):
                origin = next(iter(waiting))
                del waiting[origin]
                taken.append(origin)
        return taken
